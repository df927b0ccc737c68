// SPDX-License-Identifier: Apache-2.0
// Warp functions: shuffles, votes, matches, reductions, and the masks they demand.
#include "tests/kernels/emulator/fixture.hpp"

namespace assay::kernels::testing {
namespace {

using simt::ErrorKind;
constexpr unsigned everyone = 0xffffffffu;

enum class Kind { index, up, down, bxor };

template <class T>
__global__ void shuffle_kernel(Kind kind, int argument, int width, T* out) {
  const T mine = static_cast<T>(100 + threadIdx.x);
  T got = 0;
  switch (kind) {
    case Kind::index: got = __shfl_sync(everyone, mine, argument, width); break;
    case Kind::up: got = __shfl_up_sync(everyone, mine, argument, width); break;
    case Kind::down: got = __shfl_down_sync(everyone, mine, argument, width); break;
    case Kind::bxor: got = __shfl_xor_sync(everyone, mine, argument, width); break;
  }
  out[threadIdx.x] = got;
}

template <class T>
std::vector<T> shuffled(Kind kind, int argument, int width) {
  std::vector<T> out(32);
  launch(shuffle_kernel<T>, 1, 32, 0, kind, argument, width, out.data());
  return out;
}

TEST(Shuffles, MoveWithinSegments) {
  for_each_schedule([] {
    for (int width : {1, 2, 4, 8, 16, 32})
      for (int argument : {0, 1, 3, 7, 16, 31}) {
        const auto index = shuffled<int>(Kind::index, argument, width);
        const auto up = shuffled<int>(Kind::up, argument, width);
        const auto down = shuffled<int>(Kind::down, argument, width);
        for (int lane = 0; lane < 32; ++lane) {
          const int segment = lane / width * width, place = lane % width;
          EXPECT_EQ(index[lane], 100 + segment + argument % width);
          EXPECT_EQ(up[lane], 100 + (place >= argument ? lane - argument : lane));
          EXPECT_EQ(down[lane], 100 + (place + argument < width ? lane + argument : lane));
        }
      }
  });
}

TEST(Shuffles, ExchangePairsByExclusiveOr) {
  const auto pairs = shuffled<int>(Kind::bxor, 1, 32);
  EXPECT_EQ(pairs[0], 101);
  EXPECT_EQ(pairs[1], 100);
  EXPECT_EQ(pairs[31], 130);
  // Across segments of 8 only an earlier one may be read (CUDA programming guide).
  const auto across = shuffled<int>(Kind::bxor, 8, 8);
  EXPECT_EQ(across[3], 103);
  EXPECT_EQ(across[11], 103);
}

TEST(Shuffles, CarryDoublesAndNegativeIntegers) {
  EXPECT_EQ(shuffled<double>(Kind::down, 2, 32)[5], 107.0);
  EXPECT_EQ(shuffled<long long>(Kind::index, -1, 32)[5], 131);
  EXPECT_EQ(shuffled<float>(Kind::up, 1, 32)[0], 100.0f);
}

__global__ void butterfly(const float* in, float* out) {
  float sum = in[threadIdx.x];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(everyone, sum, offset);
  out[threadIdx.x] = sum;
}

TEST(Shuffles, ButterflySumsReachEveryLane) {
  std::vector<float> in(64), out(64);
  for (int i = 0; i < 64; ++i) in[i] = static_cast<float>(i);
  for_each_schedule([&] {
    launch(butterfly, 1, 64, 0, in.data(), out.data());
    for (int i = 0; i < 64; ++i) EXPECT_EQ(out[i], i < 32 ? 496.0f : 1520.0f);
  });
}

struct Votes {
  unsigned ballot, match, add, lowest, highest, both, either, odd;
  int any, all, signed_least;
};

__global__ void vote(unsigned mask, Votes* out) {
  const unsigned t = threadIdx.x;
  if (((mask >> t) & 1u) == 0) return;
  Votes& v = out[t];
  v.ballot = __ballot_sync(mask, t % 3 == 0);
  v.any = __any_sync(mask, t == 4);
  v.all = __all_sync(mask, t < 20);
  v.match = __match_any_sync(mask, static_cast<int>(t / 8));
  v.add = __reduce_add_sync(mask, t);
  v.lowest = __reduce_min_sync(mask, t + 5);
  v.highest = __reduce_max_sync(mask, t + 5);
  v.both = __reduce_and_sync(mask, t | 64u);
  v.either = __reduce_or_sync(mask, t);
  v.odd = __reduce_xor_sync(mask, 1u << (t / 2));
  v.signed_least = __reduce_min_sync(mask, -static_cast<int>(t));
}

TEST(Votes, AgreeWithSetArithmetic) {
  for_each_schedule([] {
    for (unsigned mask : {0xffffffffu, 0x000fffffu, 0x00000010u, 0xf0f00ff1u}) {
      std::vector<Votes> out(32);
      launch(vote, 1, 32, 0, mask, out.data());
      Votes want{0, 0, 0, ~0u, 0, ~0u, 0, 0, 0, 1, 1000};
      for (unsigned t = 0; t < 32; ++t) {
        if (((mask >> t) & 1u) == 0) continue;
        if (t % 3 == 0) want.ballot |= 1u << t;
        want.any |= t == 4;
        want.all &= t < 20;
        want.add += t;
        want.lowest = std::min(want.lowest, t + 5);
        want.highest = std::max(want.highest, t + 5);
        want.both &= t | 64u;
        want.either |= t;
        want.odd ^= 1u << (t / 2);
        want.signed_least = std::min(want.signed_least, -static_cast<int>(t));
      }
      for (unsigned t = 0; t < 32; ++t) {
        if (((mask >> t) & 1u) == 0) continue;
        const Votes& v = out[t];
        EXPECT_EQ(v.ballot, want.ballot);
        EXPECT_EQ(v.any != 0, want.any != 0);
        EXPECT_EQ(v.all != 0, want.all != 0);
        EXPECT_EQ(v.match, (0xffu << (t / 8 * 8)) & mask);
        EXPECT_EQ(v.add, want.add);
        EXPECT_EQ(v.lowest, want.lowest);
        EXPECT_EQ(v.highest, want.highest);
        EXPECT_EQ(v.both, want.both);
        EXPECT_EQ(v.either, want.either);
        EXPECT_EQ(v.odd, want.odd);
        EXPECT_EQ(v.signed_least, want.signed_least);
      }
    }
  });
}

__global__ void partial_warp(unsigned* ballots, int* sums) {
  ballots[threadIdx.x] = __ballot_sync(everyone, 1);
  sums[threadIdx.x] = __reduce_add_sync(everyone, 1);
}

TEST(Votes, LeaveOutLanesThatTheBlockDoesNotHave) {
  for_each_schedule([] {
    std::vector<unsigned> ballots(40);
    std::vector<int> sums(40);
    launch(partial_warp, 1, 40, 0, ballots.data(), sums.data());
    for (int t = 0; t < 40; ++t) {
      EXPECT_EQ(ballots[t], t < 32 ? everyone : 0xffu);
      EXPECT_EQ(sums[t], t < 32 ? 32 : 8);
    }
  });
}

__global__ void halves(int* out) {
  const unsigned mask = threadIdx.x < 16 ? 0x0000ffffu : 0xffff0000u;
  int sum = 0;
  // The halves go round a different number of times: they never wait for each other.
  for (unsigned i = 0; i < (threadIdx.x < 16 ? 5u : 9u); ++i) sum += __reduce_add_sync(mask, 1);
  out[threadIdx.x] = sum;
}

TEST(Masks, LetPartsOfAWarpProceedAlone) {
  for_each_schedule([] {
    std::vector<int> out(32);
    launch(halves, 1, 32, 0, out.data());
    for (int t = 0; t < 32; ++t) EXPECT_EQ(out[t], t < 16 ? 80 : 144);
  });
}

__global__ void chained_masks(int* out) {
  // Lane 1 meets lane 0, then lane 2, which may already be waiting: legal overlapping masks.
  if (threadIdx.x <= 1) __syncwarp(0x3u);
  if (threadIdx.x >= 1) __syncwarp(0x6u);
  out[threadIdx.x] = 1;
}

TEST(Masks, MayOverlapInTime) {
  for_each_schedule([] {
    std::vector<int> out(3);
    launch(chained_masks, 1, 3, 0, out.data());
    for (int value : out) EXPECT_EQ(value, 1);
  });
}

__global__ void not_in_own_mask() { __syncwarp(0xfffffffeu); }
constexpr unsigned own_mask_line = __LINE__ - 1;

TEST(Masks, MustNameTheCaller) {
  const simt::ScopedOptions scoped(simt::parse_schedule("greedy"));
  const auto error = error_of([] { launch(not_in_own_mask, 1, 32, 0); });
  expect_error(error, ErrorKind::bad_mask, own_mask_line);
  EXPECT_EQ(error->thread(), (simt::Index3{0, 0, 0}));
}

__global__ void names_exited(float* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_xor_sync(everyone, x[threadIdx.x], 1);
}
constexpr unsigned names_exited_line = __LINE__ - 2;

TEST(Masks, MustNotNameExitedLanes) {
  for_each_schedule([] {
    std::vector<float> x(32);
    const auto error = error_of([&] { launch(names_exited, 1, 32, 0, x.data()); });
    expect_error(error, ErrorKind::bad_mask, names_exited_line);
  });
}

__global__ void disagreeing_masks() { __syncwarp(threadIdx.x == 0 ? 0x3u : 0x7u); }
constexpr unsigned disagreeing_line = __LINE__ - 1;

TEST(Masks, MustAgreeAmongTheLanesTheyName) {
  for_each_schedule([] {
    const auto error = error_of([] { launch(disagreeing_masks, 1, 3, 0); });
    expect_error(error, ErrorKind::bad_mask, disagreeing_line);
  });
}

__global__ void reads_outside(float* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_xor_sync(0xffffu, x[threadIdx.x], 16);
}
constexpr unsigned reads_outside_line = __LINE__ - 2;

TEST(Shuffles, MustNotReadOutsideTheMask) {
  for_each_schedule([] {
    std::vector<float> x(32);
    const auto error = error_of([&] { launch(reads_outside, 1, 32, 0, x.data()); });
    expect_error(error, ErrorKind::shuffle_outside_mask, reads_outside_line);
  });
}

TEST(Shuffles, MustHaveAWidthThatIsAPowerOfTwo) {
  for (int width : {0, 3, 33, 64, -4}) {
    const auto error = error_of([&] { shuffled<int>(Kind::index, 0, width); });
    ASSERT_TRUE(error.has_value()) << width;
    EXPECT_EQ(error->kind(), ErrorKind::bad_width);
  }
}

__global__ void mixed_functions(unsigned* out) {
  out[threadIdx.x] = threadIdx.x == 0 ? __ballot_sync(0x3u, 1) : __shfl_sync(0x3u, threadIdx.x, 0);
}

TEST(Masks, MustMeetInOneFunction) {
  for_each_schedule([] {
    std::vector<unsigned> out(2);
    const auto error = error_of([&] { launch(mixed_functions, 1, 2, 0, out.data()); });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind(), ErrorKind::divergent_collective);
  });
}

__global__ void neighbour_after_syncwarp(int* out) {
  ASSAY_SHARED(box, int[64]);
  box[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncwarp();
  out[threadIdx.x] = box[threadIdx.x ^ 1];
}

TEST(SyncWarp, OrdersSharedMemoryWithinAWarp) {
  for_each_schedule([] {
    std::vector<int> out(64);
    launch(neighbour_after_syncwarp, 1, 64, 0, out.data());
    for (int t = 0; t < 64; ++t) EXPECT_EQ(out[t], t ^ 1);
  });
}

}  // namespace
}  // namespace assay::kernels::testing
