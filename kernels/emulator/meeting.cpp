// SPDX-License-Identifier: Apache-2.0
// Where threads wait for each other: block barriers and warp functions, and how they go wrong.
#include <algorithm>
#include <cstring>

#include "kernels/emulator/sanitizer.hpp"
#include "kernels/emulator/scheduler.hpp"

namespace simt {

void Warp::reset(unsigned lane_count) {
  lanes = lane_count;
  exited = 0;
  open_count = 0;
  free_count = capacity;
  for (unsigned i = 0; i < capacity; ++i) free[i] = &meetings[i];
}

Meeting* Warp::find_open(unsigned mask) const {
  for (unsigned i = 0; i < open_count; ++i)
    if (open[i]->mask == mask) return open[i];
  return nullptr;
}

Meeting* Warp::begin(unsigned mask, WarpOp op) {
  Meeting* meeting = free[--free_count];
  meeting->mask = mask;
  meeting->arrived = 0;
  meeting->readers = 0;
  meeting->op = op;
  open[open_count++] = meeting;
  return meeting;
}

void Warp::close(Meeting* meeting) {
  *std::find(open, open + open_count, meeting) = open[open_count - 1];
  --open_count;
}

void Warp::drop(Meeting* meeting) {
  if (meeting != nullptr && --meeting->readers == 0) free[free_count++] = meeting;
}

void Scheduler::check_barrier(BarrierOp op, Where where) {
  if (done_ != 0)
    fail(ErrorKind::divergent_barrier,
         "waits although " + std::to_string(done_) + " threads of the block have exited", where);
  if (barrier_.arrived == 0) return;
  const Fiber& first = fibers_[barrier_.first];
  if (op == barrier_.op && where.line == first.where.line &&
      std::strcmp(where.file, first.where.file) == 0)
    return;
  fail(ErrorKind::divergent_barrier,
       "but " + describe(current.block_index, first.thread) + " waits at " + describe(first.where),
       where);
}

void Scheduler::open_barrier() {
  barrier_.count_result = barrier_.count;
  barrier_.all_result = barrier_.count == static_cast<int>(barrier_.arrived);
  barrier_.arrived = 0;
  barrier_.count = 0;
  ++barrier_.generation;
  for (unsigned rank = 0; rank < thread_count_; ++rank)
    if (fibers_[rank].state == State::at_barrier) set_ready(rank);
}

int Scheduler::barrier(BarrierOp op, bool predicate, Where where) {
  ++statistics_.barriers;
  if (options_.strict_barriers) check_barrier(op, where);
  Fiber& f = running();
  f.where = where;
  char* tag = &barrier_tags_[barrier_.generation % 2];
  sanitizer::release(tag);
  if (barrier_.arrived == 0) {
    barrier_.first = at_;
    barrier_.op = op;
  }
  barrier_.count += predicate;
  if (++barrier_.arrived == thread_count_ - done_) {
    open_barrier();
    dispatch();  // opening a barrier is no privilege: the schedule decides who leaves it first
  } else {
    block_on(State::at_barrier);
  }
  sanitizer::acquire(tag);
  // No thread can complete a later barrier before this one has read the results.
  switch (op) {
    case BarrierOp::none: return 0;
    case BarrierOp::count: return barrier_.count_result;
    case BarrierOp::all: return barrier_.all_result;
    case BarrierOp::any: return barrier_.count_result != 0;
  }
  return 0;
}

void Scheduler::check_meeting(const Warp& warp, const Fiber& lane, unsigned mask, Where where) {
  if (((mask >> lane.thread.lane) & 1u) == 0)
    fail(ErrorKind::bad_mask, "the calling lane is not in its own mask", where);
  if ((mask & warp.exited) != 0)
    fail(ErrorKind::bad_mask, "the mask names a lane that has exited", where);
}

Exchanged Scheduler::exchange(WarpOp op, unsigned mask, Word mine, Where where) {
  ++statistics_.collectives;
  Fiber& f = running();
  Warp& warp = warps_[f.thread.warp];
  f.where = where;
  if (warp.lanes < warp_size) mask &= (1u << warp.lanes) - 1;
  check_meeting(warp, f, mask, where);
  f.mask = mask;
  warp.drop(f.meeting);
  f.meeting = nullptr;
  Meeting* meeting = warp.find_open(mask);
  if (meeting == nullptr) meeting = warp.begin(mask, op);
  if (meeting->op != op)
    fail(ErrorKind::divergent_collective,
         "the other lanes of the mask wait in a different warp function", where);
  f.meeting = meeting;
  ++meeting->readers;
  meeting->words[f.thread.lane] = mine;
  meeting->arrived |= 1u << f.thread.lane;
  sanitizer::release(meeting);
  if (meeting->arrived == mask) {
    warp.close(meeting);
    for (unsigned lane = 0; lane < warp.lanes; ++lane)
      if (((mask >> lane) & 1u) != 0) set_ready(rank_of_[f.thread.warp * warp_size + lane]);
    dispatch();
  } else {
    block_on(State::in_meeting);
  }
  sanitizer::acquire(meeting);
  return {meeting->words, mask};
}

/// True if a lane waits for another one that waits under a different mask.
bool Scheduler::masks_disagree() const {
  for (unsigned rank = 0; rank < thread_count_; ++rank) {
    const Fiber& f = fibers_[rank];
    if (f.state != State::in_meeting) continue;
    for (unsigned lane = 0; lane < warps_[f.thread.warp].lanes; ++lane) {
      const Fiber& other = fibers_[rank_of_[f.thread.warp * warp_size + lane]];
      if (((f.mask >> lane) & 1u) != 0 && other.state == State::in_meeting && other.mask != f.mask)
        return true;
    }
  }
  return false;
}

void Scheduler::report_deadlock() {
  std::string message = "nobody can run";
  constexpr unsigned shown_at_most = 4;
  unsigned shown = 0;
  const Fiber* stuck = nullptr;
  for (unsigned t = 0; t < thread_count_; ++t) {
    const Fiber& f = fibers_[rank_of_[t]];
    if (f.state == State::done) continue;
    if (stuck == nullptr) stuck = &f;
    if (shown++ >= shown_at_most) continue;
    message += "; " + describe(current.block_index, f.thread) + " waits in a " +
               (f.state == State::at_barrier ? "barrier" : "warp function") + " at " +
               describe(f.where);
  }
  if (shown > shown_at_most) message += "; and " + std::to_string(shown - shown_at_most) + " more";
  if (done_ != 0) message += "; " + std::to_string(done_) + " threads have exited";
  const bool disagree = masks_disagree();
  if (disagree) message = "lanes wait for each other under different masks: " + message;
  const uint3 b = current.block_index, t = stuck->thread.index;
  failure_ = std::make_unique<Error>(disagree ? ErrorKind::bad_mask : ErrorKind::deadlock, message,
                                     Index3{b.x, b.y, b.z}, Index3{t.x, t.y, t.z}, stuck->where);
  abandon_launch();
}

int barrier(BarrierOp op, bool predicate, Where where) {
  return Scheduler::active->barrier(op, predicate, where);
}

Exchanged exchange(WarpOp op, unsigned mask, Word mine, Where where) {
  return Scheduler::active->exchange(op, mask, mine, where);
}

}  // namespace simt
