// SPDX-License-Identifier: Apache-2.0
// A team of threads that meet at barriers, and memory for them.
#pragma once

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace assay::kernels::cpu {

/// Uninitialised floats on a cache line boundary.
class Floats {
 public:
  Floats() = default;
  explicit Floats(std::int64_t count)
      : data_(static_cast<float*>(
            ::operator new(static_cast<std::size_t>(count) * sizeof(float), alignment))) {}
  float* get() const { return data_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(float* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<float, Free> data_;
};

/// What the members of a team have in common.
struct Team {
  Team(int members, std::int64_t shares)
      : meeting(members),
        taken(new std::atomic<std::int64_t>[static_cast<std::size_t>(shares)]()) {}
  std::barrier<> meeting;
  std::unique_ptr<std::atomic<std::int64_t>[]> taken;  // of each share
};

/// One member of a team. All members make the same calls in the same order.
class Member {
 public:
  Member(int index, Team& team) : index_(index), team_(team) {}
  int index() const { return index_; }
  /// Calls task(0), ..., task(count - 1), each on the first member that is free.
  template <class Task>
  void share(std::int64_t count, const Task& task) {
    std::atomic<std::int64_t>& taken = team_.taken[next_share_++];
    for (std::int64_t i; (i = taken.fetch_add(1)) < count;) task(i);
  }
  /// Returns when every member has called it as often.
  void meet() { team_.meeting.arrive_and_wait(); }

 private:
  int index_;
  std::size_t next_share_ = 0;
  Team& team_;
};

/// Calls work(member), which must not throw, on `wanted` threads, this one among them, or on fewer
/// if the system gives fewer. `shares`: how often a member calls share.
template <class Work>
void run_team(int wanted, std::int64_t shares, const Work& work) {
  Team team(wanted, shares);
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(wanted));
  try {
    for (int i = 1; i < wanted; ++i)
      others.emplace_back([&team, &work, i] {
        Member member(i, team);
        work(member);
      });
  } catch (const std::exception&) {
    // No more threads: those that have started do the work, and the result is the same.
    for (auto missing = static_cast<std::size_t>(wanted) - 1 - others.size(); missing > 0;
         --missing)
      team.meeting.arrive_and_drop();
  }
  Member first(0, team);
  work(first);
  for (std::thread& t : others) t.join();
}

}  // namespace assay::kernels::cpu
