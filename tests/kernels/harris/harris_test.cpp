// SPDX-License-Identifier: Apache-2.0
// The CPU loop, the emulated kernel and the device against the reference, bit for bit.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <stdexcept>

#include "kernels/loss/info_nce.hpp"
#include "tests/kernels/harris/harris_batch_case.hpp"

namespace assay::kernels::testing {
namespace {

using engine::HarrisDraw;
using engine::HarrisFamily;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

using Entry = std::function<void(const HarrisBatch&, HarrisSums*)>;
Entry emulated(std::string schedule) {
  return [schedule](const HarrisBatch& batch, HarrisSums* sums) {
    harris_emulated(batch, sums, schedule);
  };
}

/// Runs the entry on memory that is not what it should write, and compares every instance.
void expect_reference(const Entry& entry, Cases cases) {
  std::vector<HarrisSums> sums(cases.instances.size(), HarrisSums{7, 7, 7, 7, 7, {}});
  entry(cases.view(), sums.data());
  for (std::size_t i = 0; i < sums.size(); ++i)
    ASSERT_EQ(words(sums[i]), expected_words(cases.instances[i])) << "instance " << i;
}

/// Every law, shape and width that the loops distinguish.
void for_each_draw(int most_cells, const std::function<void(const HarrisDraw&)>& visit) {
  for (int axes = 1; axes <= 4; ++axes)
    for (int support = 1; support <= 8; ++support)
      for (const bool unequal : {false, true})
        for (const HarrisFamily family :
             {HarrisFamily::monotone, HarrisFamily::g_falls, HarrisFamily::dependent}) {
          const HarrisDraw draw{family, axes, support, unequal};
          const bool possible = family == HarrisFamily::monotone ||
                                (support > 1 && (family == HarrisFamily::g_falls || axes > 1));
          if (possible && draw.cells() <= most_cells) visit(draw);
        }
}

TEST(HarrisCpu, EqualsTheReferenceInEveryShape) {
  for_each_draw(4096, [](HarrisDraw draw) {
    for (const int value_bits : {4, 12, 30, 62}) {
      draw.value_bits = value_bits;
      const int count = draw.cells() > 600 ? 1 : 4;
      ASSERT_NO_FATAL_FAILURE(expect_reference(harris_cpu, make_cases(draw, count)))
          << draw.axes << ' ' << draw.support << ' ' << name_of(draw.family) << ' ' << value_bits;
    }
  });
}

TEST(HarrisCpu, EqualsTheReferenceOnThousands) {
  ASSERT_NO_FATAL_FAILURE(expect_reference(harris_cpu, make_cases({}, 2000, 2)));
}

TEST(HarrisCpu, TheOrdersAreNotAllTheSame) {
  Cases cases = make_cases({HarrisFamily::g_falls, 2, 4}, 400);
  std::vector<HarrisSums> sums(400);
  harris_cpu(cases.view(), sums.data());
  int less = 0, equal = 0, greater = 0;
  for (const HarrisSums& s : sums) {
    less += s.order == HarrisOrder::less;
    equal += s.order == HarrisOrder::equal;
    greater += s.order == HarrisOrder::greater;
  }
  EXPECT_GT(less, 40);
  EXPECT_GT(equal, 4);
  EXPECT_GT(greater, 40);
  EXPECT_EQ(less + equal + greater, 400);
}

TEST(HarrisKernel, EqualsTheReferenceInEveryShapeUnderEverySchedule) {
  const char* const schedules[] = {"fair", "greedy", "greedy-reverse", "greedy-random:5"};
  int next = 0;
  for_each_draw(600, [&](HarrisDraw draw) {
    draw.value_bits = next % 3 == 0 ? 62 : 5 + next % 20;
    ASSERT_NO_FATAL_FAILURE(expect_reference(emulated(schedules[next++ % 4]), make_cases(draw, 2)))
        << draw.axes << ' ' << draw.support << ' ' << name_of(draw.family);
  });
  for (const char* schedule : schedules)  // a last block with warps left over
    ASSERT_NO_FATAL_FAILURE(expect_reference(emulated(schedule), make_cases({}, 19)));
}

TEST(HarrisKernel, EqualsTheCpuLoopOnThousands) {
#if defined(__SANITIZE_THREAD__)
  constexpr int count = 24;  // a block takes seconds there
#else
  constexpr int count = 4000;
#endif
  Cases cases = make_cases({}, count, 3);
  std::vector<HarrisSums> kernel(count), cpu(count);
  harris_emulated(cases.view(), kernel.data(), "greedy");
  harris_cpu(cases.view(), cpu.data());
  for (int i = 0; i < count; ++i) ASSERT_EQ(words(kernel[i]), words(cpu[i])) << "instance " << i;
}

/// One argument: the law, and tables of the same numbers everywhere.
reference::HarrisInstance flat(std::vector<std::int64_t> weights, std::int64_t g, std::int64_t h) {
  const std::vector<std::int64_t> table_g(weights.size(), g), table_h(weights.size(), h);
  return {1,      static_cast<int>(weights.size()), reference::HarrisLaw::iid, weights, table_g,
          table_h};
}

/// Around W^2 g h = 2^126, around the narrower limits, and where W itself is too large.
Cases limits() {
  HarrisDraw two;
  two.axes = 1;
  two.support = 2;
  Cases cases(two);
  for (int bits = 0; bits <= 62; ++bits)
    for (const std::int64_t w : {(std::int64_t{1} << bits) - 1, std::int64_t{1} << bits})
      for (const int other : {15, 30, 31, 62, 63, 93, 94, 126}) {
        const int left = other - bits, both = other - 2 * bits;
        for (const int sum : {left, both}) {  // W g h and W^2 g h near 2^other
          if (sum < 0 || sum > 124) continue;
          const int of_g = sum / 2, of_h = sum - of_g;
          for (const std::int64_t less : {0, 1}) {
            const std::int64_t g = -((std::int64_t{1} << of_g) - less);
            cases.add(flat({w, 1}, g, std::int64_t{1} << of_h));
            if (w > 0) cases.add(flat({w, 0}, -g, -(std::int64_t{1} << of_h)));
          }
        }
      }
  for (const std::int64_t g : {least, std::int64_t{0}, most})
    for (const std::int64_t h : {least, std::int64_t{0}, std::int64_t{1}, most})
      for (const std::int64_t w : {std::int64_t{1}, most}) {
        cases.add(flat({w, w}, g, h));
        cases.add(flat({w, 0}, g, h));
      }
  cases.add(flat({3, 0}, most, 1024819115206086201));  // W^2 g h = 2^126 - 1
  return cases;
}

TEST(HarrisCpu, TheLimitsOfEveryWidthAreTheReferences) {
  int decided = 0;
  const Cases cases = limits();
  for (const auto& q : cases.instances) decided += expected_words(q) != "0 0 0 0 0 2";
  EXPECT_GT(decided, 500);
  EXPECT_GT(static_cast<int>(cases.instances.size()) - decided, 50);
  expect_reference(harris_cpu, cases);
}

TEST(HarrisKernel, TheLimitsOf128BitsAreTheReferences) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "thousands of warps under ThreadSanitizer";
#endif
  expect_reference(emulated("greedy"), limits());
}

TEST(HarrisBatches, AProductOfLawsMayBeTooLarge) {
  HarrisDraw draw{HarrisFamily::monotone, 4, 2, true, false, 17, 4};
  for (const Entry& entry : {Entry(harris_cpu), emulated("fair")})
    for (int weight_bits = 14; weight_bits <= 18; ++weight_bits) {
      draw.weight_bits = weight_bits;
      ASSERT_NO_FATAL_FAILURE(expect_reference(entry, make_cases(draw, 8)));
    }
}

TEST(HarrisBatches, WhatIsNoLawIsSaidToBeNone) {
  const std::vector<std::vector<std::int64_t>> bad = {
      {0, 0, 1, 1},       {1, 1, 0, 0},        {1, -1, 1, 1},       {most, most, -1, 5},
      {most, most, 0, 0}, {-1, 2, most, most}, {least, least, 1, 1}};
  const std::vector<std::int64_t> table = {0, 1, 2, 3};
  for (const Entry& entry : {Entry(harris_cpu), emulated("fair")})
    for (const auto& weights : bad)
      for (const HarrisLaw law : {HarrisLaw::independent, HarrisLaw::joint}) {
        if (law == HarrisLaw::joint && weights[0] >= 0 && weights[1] >= 0 && weights[2] >= 0)
          continue;  // a law of four cells
        HarrisSums s{7, 7, 7, 7, 7, {}};
        entry({2, 2, law, 1, weights.data(), table.data(), table.data()}, &s);
        EXPECT_EQ(words(s), "0 0 0 0 0 3") << weights[0] << ' ' << weights[1];
      }
}

TEST(HarrisBatches, ThatMakeNoSenseAreRefused) {
  Cases cases = make_cases({}, 1);
  HarrisSums s;
  const auto refused = [&](auto change) {
    HarrisBatch b = cases.view();
    change(b);
    EXPECT_THROW(harris_cpu(b, &s), std::invalid_argument);
    EXPECT_THROW(harris_emulated(b, &s, "fair"), std::invalid_argument);
  };
  refused([](HarrisBatch& b) { b.axes = 0; });
  refused([](HarrisBatch& b) { b.axes = 5; });
  refused([](HarrisBatch& b) { b.support = 0; });
  refused([](HarrisBatch& b) { b.support = 9; });
  refused([](HarrisBatch& b) { b.count = -1; });
  refused([](HarrisBatch& b) { b.g = nullptr; });
  refused([](HarrisBatch& b) { b.law = static_cast<HarrisLaw>(9); });
  EXPECT_THROW(harris_cpu(cases.view(), nullptr), std::invalid_argument);
  EXPECT_THROW(harris_emulated(cases.view(), &s, "none"), std::invalid_argument);
  HarrisBatch empty = cases.view();
  empty.count = 0;
  harris_cpu(empty, nullptr);
  harris_emulated(empty, nullptr, "fair");
}

TEST(HarrisDevice, EqualsTheReferenceBitForBit) {
  const std::string reason = cuda_unavailable_reason();
  if (!reason.empty()) {
    Cases cases = make_cases({}, 1);
    HarrisSums s;
    EXPECT_THROW(harris_cuda(cases.view(), &s), std::runtime_error)
        << "unavailable must not look like success";
    GTEST_SKIP() << reason;
  }
  ASSERT_NO_FATAL_FAILURE(expect_reference(harris_cuda, limits()));
  ASSERT_NO_FATAL_FAILURE(expect_reference(harris_cuda, make_cases({}, 4000, 3)));
  for_each_draw(4096, [](const HarrisDraw& draw) {
    ASSERT_NO_FATAL_FAILURE(expect_reference(harris_cuda, make_cases(draw, 2)));
  });
}

}  // namespace
}  // namespace assay::kernels::testing
