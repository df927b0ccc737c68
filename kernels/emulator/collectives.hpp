// SPDX-License-Identifier: Apache-2.0
// Barriers and warp functions under their CUDA names.
#pragma once

#include <cstring>
#include <type_traits>

#include "kernels/emulator/runtime.hpp"

namespace simt {

/// 4- and 8-byte arithmetic values, the ones that CUDA shuffles.
template <class T>
concept Shuffled = std::is_arithmetic_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);

template <Shuffled T>
Word to_word(T value) {
  Word word = 0;
  std::memcpy(&word, &value, sizeof(T));
  return word;
}
template <Shuffled T>
T from_word(Word word) {
  T value;
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

enum class Shuffle : unsigned char { index, up, down, bxor };

/// The lane that `lane` reads from, in segments of `width` lanes, as the CUDA programming guide
/// defines it: a source outside the segment is the lane itself, except that an index wraps and an
/// exclusive-or may reach an earlier segment.
constexpr int source_lane(Shuffle kind, int lane, int argument, int width) {
  const int segment = lane & ~(width - 1);
  int source = lane;
  switch (kind) {
    case Shuffle::index: return segment + (argument & (width - 1));
    case Shuffle::up: source = lane - argument; return source < segment ? lane : source;
    case Shuffle::down: source = lane + argument; return source >= segment + width ? lane : source;
    case Shuffle::bxor: source = lane ^ argument; return source >= segment + width ? lane : source;
  }
  return lane;
}

template <Shuffled T>
T shuffle(Shuffle kind, unsigned mask, T value, int argument, int width, Where where) {
  if (width < 1 || width > static_cast<int>(warp_size) || (width & (width - 1)) != 0)
    fail(ErrorKind::bad_width, "the width of a shuffle is a power of two up to 32", where);
  const Exchanged all = exchange(WarpOp::shuffle, mask, to_word(value), where);
  // Only the low five bits of the operand reach the hardware.
  const int lane = static_cast<int>(current.thread->lane);
  const int source = source_lane(kind, lane, argument & 31, width);
  if (((all.mask >> source) & 1u) == 0)
    fail(ErrorKind::shuffle_outside_mask, "the shuffle reads a lane that is not in the mask",
         where);
  return from_word<T>(all.words[source]);
}

/// Folds the contributions of all lanes with a binary operation, in lane order.
template <Shuffled T, class Op>
T reduce(unsigned mask, T value, Op op, Where where) {
  const Exchanged all = exchange(WarpOp::reduce, mask, to_word(value), where);
  bool first = true;
  T result{};
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    if (((all.mask >> lane) & 1u) == 0) continue;
    const T other = from_word<T>(all.words[lane]);
    result = first ? other : op(result, other);
    first = false;
  }
  return result;
}

/// Lanes of the meeting whose contribution satisfies `accept`, as a mask.
template <class Accept>
unsigned lanes_where(const Exchanged& all, Accept accept) {
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < warp_size; ++lane)
    if (((all.mask >> lane) & 1u) != 0 && accept(all.words[lane])) lanes |= 1u << lane;
  return lanes;
}

}  // namespace simt

// The default argument takes the line of the call, so that an error names it.
#define SIMT_WHERE ::simt::Where simt_where = ::simt::Where::here()

inline void __syncthreads(SIMT_WHERE) {
  ::simt::barrier(::simt::BarrierOp::none, false, simt_where);
}
inline int __syncthreads_count(int predicate, SIMT_WHERE) {
  return ::simt::barrier(::simt::BarrierOp::count, predicate != 0, simt_where);
}
inline int __syncthreads_and(int predicate, SIMT_WHERE) {
  return ::simt::barrier(::simt::BarrierOp::all, predicate != 0, simt_where);
}
inline int __syncthreads_or(int predicate, SIMT_WHERE) {
  return ::simt::barrier(::simt::BarrierOp::any, predicate != 0, simt_where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SIMT_WHERE) {
  ::simt::exchange(::simt::WarpOp::sync, mask, 0, simt_where);
}

template <::simt::Shuffled T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, SIMT_WHERE) {
  return ::simt::shuffle(::simt::Shuffle::index, mask, value, lane, width, simt_where);
}
template <::simt::Shuffled T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_WHERE) {
  return ::simt::shuffle(::simt::Shuffle::up, mask, value, static_cast<int>(delta), width,
                         simt_where);
}
template <::simt::Shuffled T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_WHERE) {
  return ::simt::shuffle(::simt::Shuffle::down, mask, value, static_cast<int>(delta), width,
                         simt_where);
}
template <::simt::Shuffled T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, SIMT_WHERE) {
  return ::simt::shuffle(::simt::Shuffle::bxor, mask, value, lanes, width, simt_where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, SIMT_WHERE) {
  const auto all = ::simt::exchange(::simt::WarpOp::vote, mask, predicate != 0, simt_where);
  return ::simt::lanes_where(all, [](::simt::Word word) { return word != 0; });
}
inline int __any_sync(unsigned mask, int predicate, SIMT_WHERE) {
  return __ballot_sync(mask, predicate, simt_where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, SIMT_WHERE) {
  return __ballot_sync(mask, predicate == 0, simt_where) == 0;
}

/// Lanes of the mask that hold the same bits.
template <::simt::Shuffled T>
unsigned __match_any_sync(unsigned mask, T value, SIMT_WHERE) {
  const ::simt::Word mine = ::simt::to_word(value);
  const auto all = ::simt::exchange(::simt::WarpOp::match, mask, mine, simt_where);
  return ::simt::lanes_where(all, [mine](::simt::Word word) { return word == mine; });
}

inline unsigned __reduce_add_sync(unsigned mask, unsigned value, SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](unsigned a, unsigned b) { return a + b; }, simt_where);
}
inline int __reduce_add_sync(unsigned mask, int value, SIMT_WHERE) {
  return static_cast<int>(__reduce_add_sync(mask, static_cast<unsigned>(value), simt_where));
}
template <class T>
requires std::is_same_v<T, int> || std::is_same_v<T, unsigned> T __reduce_min_sync(unsigned mask,
                                                                                   T value,
                                                                                   SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](T a, T b) { return b < a ? b : a; }, simt_where);
}
template <class T>
requires std::is_same_v<T, int> || std::is_same_v<T, unsigned> T __reduce_max_sync(unsigned mask,
                                                                                   T value,
                                                                                   SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](T a, T b) { return a < b ? b : a; }, simt_where);
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](unsigned a, unsigned b) { return a & b; }, simt_where);
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](unsigned a, unsigned b) { return a | b; }, simt_where);
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, SIMT_WHERE) {
  return ::simt::reduce(
      mask, value, [](unsigned a, unsigned b) { return a ^ b; }, simt_where);
}

/// Which lanes happen to run together is a property of the hardware that this model does not have;
/// a kernel that asks for it does not compile here.
unsigned __activemask() = delete;
