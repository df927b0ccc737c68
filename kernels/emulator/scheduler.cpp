// SPDX-License-Identifier: Apache-2.0
// Launches, blocks, fibers, and the choice of who runs next.
#include "kernels/emulator/scheduler.hpp"

#include <algorithm>
#include <new>

#include "kernels/emulator/sanitizer.hpp"

namespace simt {

constinit thread_local Current current{};
thread_local Scheduler* Scheduler::active = nullptr;

namespace {

thread_local Statistics last_statistics;

/// ThreadSanitizer's fibers are expensive to make, so finished ones serve later launches, which
/// come after everything they did. Never later blocks of one launch: those would then seem ordered.
struct TsanFibers {
  static constexpr std::size_t kept_at_most = 1024;
  std::vector<void*> idle;
  ~TsanFibers() {
    for (void* fiber : idle) sanitizer::destroy_fiber(fiber);
  }
  void* take() {
    if (idle.empty()) return sanitizer::create_fiber();
    void* fiber = idle.back();
    idle.pop_back();
    return fiber;
  }
  void give_back(void* fiber) {
    if (fiber != nullptr && idle.size() < kept_at_most)
      idle.push_back(fiber);
    else
      sanitizer::destroy_fiber(fiber);
  }
};
thread_local TsanFibers tsan_fibers;

/// Stacks outlive launches. A launch that abandoned frames leaves red zones on them.
struct Stacks {
  StackPool pool;
  bool dirty = false;
};
thread_local Stacks stacks;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::bad_launch, message, {}, {}, {});
}

std::string text_of(dim3 extent) {
  return "(" + std::to_string(extent.x) + "," + std::to_string(extent.y) + "," +
         std::to_string(extent.z) + ")";
}

void check_launch(dim3 grid, dim3 block, std::size_t shared, const Options& options) {
  if (Scheduler::active != nullptr) refuse("a kernel cannot launch a kernel");
  if (block.x < 1 || block.y < 1 || block.z < 1 || block.x > 1024 || block.y > 1024 ||
      block.z > 64 || std::uint64_t{block.x} * block.y * block.z > max_block_threads)
    refuse("block " + text_of(block) + " is empty or larger than 1024 threads or (1024,1024,64)");
  if (grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.x > 0x7fffffffu || grid.y > 65535 ||
      grid.z > 65535)
    refuse("grid " + text_of(grid) + " is empty or larger than (2147483647,65535,65535)");
  if (shared > options.shared_limit)
    refuse(std::to_string(shared) + " bytes of dynamic shared memory, " +
           std::to_string(options.shared_limit) + " allowed");
}

Index3 index_of(uint3 v) { return {v.x, v.y, v.z}; }

}  // namespace

const Statistics& last_launch() { return last_statistics; }

std::string describe(uint3 block, const Thread& thread) {
  return "block " + text_of({block.x, block.y, block.z}) + " thread " +
         text_of({thread.index.x, thread.index.y, thread.index.z});
}

std::string describe(Where where) {
  const std::string file = where.file;
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line);
}

Scheduler::Scheduler(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, void (*body)(void*),
                     void* argument)
    : grid_(grid),
      block_(block),
      thread_count_(block.x * block.y * block.z),
      dynamic_shared_bytes_(dynamic_shared_bytes),
      body_(body),
      argument_(argument),
      options_(current_options()),
      random_(options_.schedule.seed),
      fibers_(new Fiber[thread_count_]),
      rank_of_(thread_count_),
      warp_count_((thread_count_ + warp_size - 1) / warp_size) {
  warps_.reset(new Warp[warp_count_]);  // uninitialised: most meetings are never used
  const bool checked = sanitizer::address_checked() || sanitizer::threads_checked();
  const std::size_t stack = options_.stack_bytes != 0 ? options_.stack_bytes
                            : checked                 ? 256 * 1024
                                                      : 64 * 1024;
  stacks.pool.reserve(thread_count_, stack);
  host_.tsan_fiber = sanitizer::current_fiber();
  active = this;
}

Scheduler::~Scheduler() {
  active = nullptr;
  for (const Slot& slot : retired_)
    ::operator delete(slot.memory, std::align_val_t(slot.alignment));
  for (void* fiber : finished_tsan_fibers_) tsan_fibers.give_back(fiber);
  last_statistics = statistics_;
}

void Scheduler::run() {
  current.block_extent = block_;
  current.grid_extent = grid_;
  sanitizer::release(&start_tag_);
  for (unsigned z = 0; z < grid_.z && !stopped(); ++z)
    for (unsigned y = 0; y < grid_.y && !stopped(); ++y)
      for (unsigned x = 0; x < grid_.x && !stopped(); ++x) run_block({x, y, z});
  sanitizer::acquire(&end_tag_);
  if (exception_ != nullptr) std::rethrow_exception(exception_);
  if (failure_ != nullptr) throw Error(*failure_);
}

void Scheduler::run_block(uint3 index) {
  ++statistics_.blocks;
  statistics_.threads += thread_count_;
  current.block_index = index;
  barrier_ = {};
  done_ = 0;
  slot_count_ = 0;
  shared_bytes_ = dynamic_shared_bytes_;
  for (unsigned w = 0; w < warp_count_; ++w)
    warps_[w].reset(std::min(warp_size, thread_count_ - w * warp_size));
  rank_threads();
  prepare_fibers();
  at_ = 0;
  switch_to(host_, fibers_[0]);
  end_block();
}

/// Decides the order in which the schedule prefers threads.
void Scheduler::rank_threads() {
  std::vector<unsigned> order(thread_count_);
  for (unsigned t = 0; t < thread_count_; ++t) order[t] = t;
  if (options_.schedule.order == Order::greedy_reverse) std::reverse(order.begin(), order.end());
  if (options_.schedule.order == Order::greedy_random) {
    std::vector<unsigned> warps(warp_count_);
    for (unsigned w = 0; w < warp_count_; ++w) warps[w] = w;
    std::shuffle(warps.begin(), warps.end(), random_);
    auto next = order.begin();
    for (unsigned w : warps) {
      const auto first = next;
      for (unsigned lane = 0; lane < warps_[w].lanes; ++lane) *next++ = w * warp_size + lane;
      std::shuffle(first, next, random_);
    }
  }
  for (unsigned rank = 0; rank < thread_count_; ++rank) rank_of_[order[rank]] = rank;
}

void Scheduler::prepare_fibers() {
  // In ThreadSanitizer's eyes two blocks that use one stack would be one thread's accesses.
  if (sanitizer::threads_checked() && statistics_.blocks > 1) stacks.pool.renew();
  if (stacks.dirty) {
    for (unsigned i = 0; i < stacks.pool.count(); ++i)
      sanitizer::unpoison(stacks.pool.bottom(i), stacks.pool.bytes());
    stacks.dirty = false;
  }
  ready_.clear();
  for (unsigned t = 0; t < thread_count_; ++t) {
    Fiber& f = fibers_[rank_of_[t]];
    f = Fiber{};
    const unsigned plane = block_.x * block_.y;
    f.thread = {
        {t % block_.x, t / block_.x % block_.y, t / plane}, t, t / warp_size, t % warp_size};
    // Stack tops spread over the cache sets; all at one offset they would evict each other.
    constexpr std::size_t line = 64, colours = 61;
    f.stack = stacks.pool.bottom(t);
    f.stack_bytes = stacks.pool.bytes() - t * 7 % colours * line;
    f.tsan_fiber = tsan_fibers.take();
    prepare_fiber(f.context, f.stack, f.stack_bytes, &Scheduler::fiber_main);
    ready_.insert(rank_of_[t]);
  }
}

void Scheduler::end_block() {
  if (stopped()) {
    stacks.dirty = true;
    // What unfinished threads have done so far precedes what the host does next.
    for (unsigned rank = 0; rank < thread_count_; ++rank) {
      if (fibers_[rank].state == State::done) continue;
      sanitizer::become(fibers_[rank].tsan_fiber);
      sanitizer::release(&end_tag_);
    }
    sanitizer::become(host_.tsan_fiber);
  }
  for (unsigned rank = 0; rank < thread_count_ && sanitizer::threads_checked(); ++rank) {
    const Fiber& f = fibers_[rank];
    if (f.state == State::done)
      finished_tsan_fibers_.push_back(f.tsan_fiber);
    else  // its call stack, as ThreadSanitizer knows it, will never be unwound
      sanitizer::destroy_fiber(f.tsan_fiber);
  }
  for (unsigned i = 0; i < slot_count_; ++i) {
    // Freed at once the memory would be handed to the next block, and freeing it needs an order
    // between the block's threads and the host that would then hold between blocks, too.
    if (sanitizer::threads_checked())
      retired_.push_back(slots_[i]);
    else
      ::operator delete(slots_[i].memory, std::align_val_t(slots_[i].alignment));
  }
}

void Scheduler::fiber_main() {
  Scheduler& s = *active;
  const void* left = nullptr;
  std::size_t left_bytes = 0;
  sanitizer::enter_stack(nullptr, &left, &left_bytes);
  if (s.host_.stack == nullptr) {  // the first fiber is entered from the host's stack
    s.host_.stack = const_cast<char*>(static_cast<const char*>(left));
    s.host_.stack_bytes = left_bytes;
  }
  sanitizer::acquire(&s.start_tag_);
  s.run_body();
  if (s.exception_ != nullptr) s.abandon_launch();
  s.exit_thread();
}

void Scheduler::run_body() {
  try {
    body_(argument_);
  } catch (...) {
    exception_ = std::current_exception();
  }
}

void Scheduler::exit_thread() {
  sanitizer::release(&end_tag_);
  Fiber& f = running();
  Warp& warp = warps_[f.thread.warp];
  warp.drop(f.meeting);
  f.meeting = nullptr;
  warp.exited |= 1u << f.thread.lane;
  for (unsigned i = 0; i < warp.open_count; ++i)
    if ((warp.open[i]->mask & warp.exited) != 0)
      for (unsigned lane = 0; lane < warp.lanes; ++lane)
        if (((warp.open[i]->arrived >> lane) & 1u) != 0) {
          const Fiber& waiting = lane_of(f.thread, lane);
          fail(ErrorKind::bad_mask,
               "exits while " + describe(current.block_index, waiting.thread) + " at " +
                   describe(waiting.where) + " names it in a mask",
               waiting.where);
        }
  if (barrier_.arrived != 0 && options_.strict_barriers) {
    const Fiber& waiting = fibers_[barrier_.first];
    fail(ErrorKind::divergent_barrier,
         "exits while " + describe(current.block_index, waiting.thread) + " waits", waiting.where);
  }
  f.state = State::done;
  ready_.erase(at_);
  ++done_;
  if (barrier_.arrived != 0 && barrier_.arrived == thread_count_ - done_) open_barrier();
  dispatch();
  __builtin_unreachable();
}

/// Hands the processor to the thread that the schedule prefers, which may be the running one.
void Scheduler::dispatch() {
  const bool fair = options_.schedule.order == Order::fair;
  unsigned next = ready_.first_from(fair ? at_ + 1 : 0);
  if (next == nobody && fair) next = ready_.first_from(0);
  if (next == at_) return;
  Fiber& from = running();
  if (next != nobody) {
    at_ = next;
    switch_to(from, fibers_[next]);
  } else if (done_ == thread_count_) {
    switch_to(from, host_);
  } else {
    report_deadlock();
  }
}

void Scheduler::switch_to(Fiber& from, Fiber& to) {
  ++statistics_.switches;
  current.thread = &to.thread;
  sanitizer::leave_stack(from.state == State::done ? nullptr : &from.fake_stack, to.stack,
                         to.stack_bytes);
  sanitizer::become(to.tsan_fiber);
  switch_fiber(from.context, to.context);
  sanitizer::enter_stack(from.fake_stack, nullptr, nullptr);
}

void Scheduler::abandon_launch() {
  switch_to(running(), host_);
  __builtin_unreachable();
}

void Scheduler::set_ready(unsigned rank) {
  fibers_[rank].state = State::ready;
  ready_.insert(rank);
}

void Scheduler::block_on(State state) {
  running().state = state;
  ready_.erase(at_);
  dispatch();
}

void Scheduler::fail(ErrorKind kind, const std::string& message, Where where) {
  const Thread& thread = running().thread;
  failure_ = std::make_unique<Error>(
      kind, describe(current.block_index, thread) + " at " + describe(where) + ": " + message,
      index_of(current.block_index), index_of(thread.index), where);
  abandon_launch();
}

void run(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, void (*body)(void*),
         void* argument) {
  check_launch(grid, block, dynamic_shared_bytes, current_options());
  Scheduler(grid, block, dynamic_shared_bytes, body, argument).run();
}

void fail(ErrorKind kind, const char* message, Where where) {
  Scheduler::active->fail(kind, message, where);
}

}  // namespace simt
