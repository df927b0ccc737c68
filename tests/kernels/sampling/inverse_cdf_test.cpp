// SPDX-License-Identifier: Apache-2.0
// Inverse CDF and alias: weights against wide arithmetic, draws against their statement, and the
// law by enumeration of all words.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/sampling/sampling_case.hpp"

namespace assay::kernels::sampling::testing {
namespace {

using Wide = unsigned __int128;
constexpr float infinity = std::numeric_limits<float>::infinity();

/// The weight before it became an integer, in extended precision.
long double weight(const Population& p, long double score) {
  const long double u = score * p.inv_tau;
  switch (p.tilt) {
    case Tilt::exponential: return std::exp(p.beta * u);
    case Tilt::polynomial: return std::pow(std::max(u + 1, 0.0L), p.power);
    case Tilt::weights: return score;
    default: return 1;
  }
}

bool excluded(const Case& c, std::int64_t row, std::int64_t j) {
  const auto r = static_cast<std::size_t>(row), at = static_cast<std::size_t>(j);
  return (!c.self.empty() && c.self[r] == j) || (!c.positive.empty() && c.positive[r] == j) ||
         (!c.row_labels.empty() && c.row_labels[r] == c.column_labels[at]);
}

/// Integer weights are proportional to the weights, to 2^-44 of them and half a unit.
void expect_proportional(Case& c) {
  const Population& p = c.view().population;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const std::vector<std::uint64_t> w = integer_weights(p, row);
    std::vector<long double> exact;
    long double top = 0;
    std::uint64_t integer_top = 0;
    for (std::int64_t j = 0; j < p.columns; ++j) {
      long double s = 0;
      if (!c.scores.empty()) s = c.scores[static_cast<std::size_t>(row * p.score_stride + j)];
      for (std::int64_t a = 0; c.scores.empty() && a < p.dimension; ++a)
        s += static_cast<long double>(c.x[static_cast<std::size_t>(row * p.dimension + a)]) *
             c.y[static_cast<std::size_t>(j * p.dimension + a)];
      exact.push_back(excluded(c, row, j) ? 0 : weight(p, s));
      top = std::max(top, exact.back());
      integer_top = std::max(integer_top, w[static_cast<std::size_t>(j)]);
    }
    EXPECT_LT(integer_top, std::uint64_t{1} << 52);
    EXPECT_GE(integer_top, p.tilt == Tilt::uniform ? 1 : std::uint64_t{1} << 51);
    for (std::size_t j = 0; j < w.size(); ++j) {
      const long double wanted = exact[j] / top * static_cast<long double>(integer_top);
      ASSERT_LE(std::abs(static_cast<long double>(w[j]) - wanted), 0.51L + wanted * 0x1p-44L)
          << "row " << row << " column " << j;
      ASSERT_TRUE(exact[j] > 0 || w[j] == 0);
    }
  }
}

const Tilt tilts[] = {Tilt::uniform, Tilt::weights, Tilt::exponential, Tilt::polynomial};

TEST(IntegerWeights, AreTheWeightsInEveryTilt) {
  unsigned seed = 1;
  for (const Tilt tilt : tilts)
    for (const std::int64_t columns : {1, 7, 255, 256, 257, 700}) {
      Case c = random_case(3, columns, tilt, seed++);
      for (int row = 0; row < 3; ++row) c.scores[static_cast<std::size_t>(row * columns)] = 0.5f;
      c.request.population.beta = 9;
      c.request.population.inv_tau = 2.5f;
      c.request.population.power = 5;
      expect_proportional(c);
      if (columns < 255) continue;
      exclude_some(c);
      expect_proportional(c);
    }
}

TEST(IntegerWeights, OfInnerProductsAreTheWeights) {
  for (const std::int64_t dimension : {1, 3, 8, 13, 64}) {
    Case c = random_case(2, 300, Tilt::exponential, 5);
    std::mt19937 generator(static_cast<unsigned>(dimension));
    std::normal_distribution<float> normal;
    c.scores.clear();
    c.request.population.dimension = dimension;
    c.request.population.beta = 3;
    for (std::int64_t i = 0; i < 2 * dimension; ++i) c.x.push_back(normal(generator));
    for (std::int64_t i = 0; i < 300 * dimension; ++i) c.y.push_back(normal(generator));
    expect_proportional(c);
  }
}

TEST(IntegerWeights, SmallIntegersStayExact) {
  Case c;
  c.request.population.rows = 1;
  c.request.population.columns = 5;
  c.request.population.tilt = Tilt::weights;
  c.scores = {0, 1, 16777215, 3, 0x1p-149f};
  const std::vector<std::uint64_t> w = integer_weights(c.view().population, 0);
  EXPECT_EQ(w[0], 0u);
  EXPECT_EQ(w[2], w[1] * 16777215);
  EXPECT_EQ(w[3], w[1] * 3);
  EXPECT_EQ(w[4], 0u);  // below 2^-52 of the largest: the certificate counts it as unreachable
}

/// The statement: the first j with C_j > floor(u T / 2^b).
std::int64_t stated(const std::vector<std::uint64_t>& w, std::uint64_t u, int bits) {
  Wide total = 0, sum = 0;
  for (const std::uint64_t x : w) total += x;
  const Wide target = (total >> 32 << 32 != 0 && bits == 64)
                          ? (total >> 64) * u + (((total & ~std::uint64_t{0}) * u) >> 64)
                          : (total * u) >> bits;
  for (std::size_t j = 0; j < w.size(); ++j)
    if ((sum += w[j]) > target) return static_cast<std::int64_t>(j);
  return -1;
}

TEST(InverseCdf, KernelAndCpuDrawWhatIsStated) {
  const char* const schedules[] = {"fair", "greedy", "greedy-reverse", "greedy-random:5"};
  int next = 0;
  for (const Tilt tilt : tilts)
    for (const std::int64_t columns : {1, 33, 256, 257, 1500})
      for (const int bits : {1, 24, 32, 53, 64}) {
        Case c = random_case(2, columns, tilt, static_cast<unsigned>(next));
        if (columns > 1) exclude_some(c);
        c.request.k = 21;
        c.request.bits = bits;
        c.request.population.beta = 4;
        std::mt19937 generator(3);
        for (std::int64_t i = 0; i < 42 * words_per_trial(c.request); ++i)
          c.words.push_back(static_cast<std::uint32_t>(generator()));
        for (int i = 0; i < 2; ++i) c.words.front() = c.words[1] = 0, c.words.back() = ~0u;
        c.words[c.words.size() - 2] = ~0u;
        const Request& q = c.view();
        const std::vector<std::int64_t> kernel = emulated(q, schedules[next++ % 4]);
        ASSERT_EQ(kernel, on_cpu(q)) << columns << ' ' << bits;
        for (std::int64_t row = 0; row < 2; ++row) {
          const std::vector<std::uint64_t> w = integer_weights(q.population, row);
          for (std::int64_t t = 0; t < 21; ++t) {
            const std::size_t at = static_cast<std::size_t>(row * 21 + t);
            const std::uint64_t u =
                bits <= 32
                    ? c.words[at] >> (32 - bits)
                    : (std::uint64_t{c.words[2 * at]} << 32 | c.words[2 * at + 1]) >> (64 - bits);
            ASSERT_EQ(kernel[at], stated(w, u, bits)) << columns << ' ' << bits << ' ' << at;
          }
        }
      }
}

TEST(InverseCdf, PhiloxAndTheSameWordsWrittenDownAgree) {
  Case c = random_case(3, 300, Tilt::exponential, 1);
  c.request.k = 40;
  c.request.bits = 53;
  c.request.words = {0x123456789abcdefull, 77, 5, nullptr, 0};
  const std::vector<std::int64_t> drawn = emulated(c.view());
  EXPECT_EQ(drawn, on_cpu(c.view()));
  Case part = c;  // the last row alone
  part.scores.erase(part.scores.begin(), part.scores.begin() + 600);
  part.request.population.rows = 1;
  part.request.words.first_row = 7;
  const std::vector<std::int64_t> last = emulated(part.view());
  EXPECT_TRUE(std::equal(last.begin(), last.end(), drawn.begin() + 80));
  c.request.words.call = 78;
  EXPECT_NE(drawn, emulated(c.view()));
}

TEST(InverseCdf, FusedScoresGiveTheSameIndicesInBlocksOfRows) {
  for (const std::int64_t dimension : {1, 13, 64})
    for (const Tilt tilt : {Tilt::exponential, Tilt::polynomial})
      for (const int bits : {3, 64}) {
        Case c = fused_case(6, 300, dimension, tilt);
        exclude_some(c);
        c.request.bits = bits;
        c.request.k = bits == 3 ? 12 : 320;  // without and with a guide table
        const std::vector<std::int64_t> drawn = on_cpu(c.view());
        ASSERT_EQ(drawn, emulated(c.view())) << dimension;
        for (std::int64_t row = 0; row < 6; ++row) {
          const std::vector<std::uint64_t> w = integer_weights(c.view().population, row);
          for (std::int64_t t = 0; t < c.request.k; ++t)
            ASSERT_GT(
                w[static_cast<std::size_t>(drawn[static_cast<std::size_t>(row * c.request.k + t)])],
                0u);
        }
      }
}

TEST(InverseCdf, SeedsAndCountersGoToTheirLimits) {
  Case c = random_case(2, 50, Tilt::exponential, 1);
  c.request.k = 20;
  c.request.words = {~std::uint64_t{0}, (1 << 28) - 1, (std::int64_t{1} << 32) - 2, nullptr, 0};
  const std::vector<std::int64_t> drawn = emulated(c.view());
  EXPECT_EQ(drawn, on_cpu(c.view()));
  c.request.words.seed = 0;
  EXPECT_NE(drawn, emulated(c.view()));
  c.request.words.seed = ~std::uint64_t{0} >> 32;  // the other half of the key counts too
  EXPECT_NE(drawn, emulated(c.view()));
}

/// Exact counts from the formula of the law.
std::vector<std::int64_t> stated_counts(const std::vector<std::uint64_t>& w, int bits) {
  Wide total = 0, sum = 0;
  for (const std::uint64_t x : w) total += x;
  std::vector<std::int64_t> counts;
  std::int64_t before = 0;
  for (const std::uint64_t x : w) {
    sum += x;
    const auto end = static_cast<std::int64_t>(((sum << bits) + total - 1) / total);
    counts.push_back(end - before);
    before = end;
  }
  return counts;
}

TEST(InverseCdf, TheLawIsTheOneOfTheFormula) {
  for (const Tilt tilt : tilts) {
    Case c = random_case(1, 3000, tilt, 11);
    c.request.population.beta = 6;
    for (const int bits : {9, 13}) {
      c.words.clear();
      enumerate_words(c, bits);
      const Request& q = c.view();
      const std::vector<std::int64_t> counts =
          stated_counts(integer_weights(q.population, 0), q.bits);
      EXPECT_EQ(histogram(on_cpu(q), 3000), counts);
      if (bits > 9) continue;  // the emulator takes its time
      EXPECT_EQ(histogram(emulated(q), 3000), counts);
    }
  }
}

TEST(InverseCdf, NothingOfWeightZeroIsDrawnAtTheEnds) {
  Case c = random_case(1, 520, Tilt::exponential, 3);
  for (std::size_t j = 0; j < 520; ++j)
    if (j < 3 || j > 515 || j % 5 == 0) c.scores[j] = -infinity;
  c.request.k = 4;
  c.request.bits = 64;
  c.words = {0, 0, ~0u, ~0u, 0, 1, ~0u, ~1u};
  for (const auto& drawn : {emulated(c.view()), on_cpu(c.view())})
    EXPECT_EQ(drawn, (std::vector<std::int64_t>{3, 514, 3, 514}));
}

TEST(InverseCdf, SeventeenMillionCategoriesKeepTheirTail) {
  Case c;
  const std::int64_t columns = (std::int64_t{1} << 24) + 300;
  c.request.population.rows = 1;
  c.request.population.columns = columns;
  c.request.k = 3;
  c.words = {~0u, ~0u, 0x80000000u, 0, 0, 0};
  EXPECT_EQ(on_cpu(c.view()), (std::vector<std::int64_t>{columns - 1, columns / 2, 0}));
}

TEST(Alias, TheLawReadBackIsTheLawOfTheWeights) {
  for (const Tilt tilt : tilts)
    for (const std::int64_t columns : {1, 2, 37, 400}) {
      Case c = random_case(1, columns, tilt, static_cast<unsigned>(columns));
      c.request.population.beta = 8;
      const std::vector<std::uint64_t> w = integer_weights(c.view().population, 0);
      const AliasTable table = alias_table(w);
      // Times columns * 2^64, in wide integers.
      std::vector<Wide> mass(w.size(), 0);
      for (std::size_t j = 0; j < w.size(); ++j) {
        mass[j] += table.accept[j];
        mass[static_cast<std::size_t>(table.other[j])] +=
            (static_cast<Wide>(1) << 64) - table.accept[j];
      }
      long double total = 0;
      for (const std::uint64_t x : w) total += static_cast<long double>(x);
      for (std::size_t j = 0; j < w.size(); ++j) {
        const long double q = static_cast<long double>(mass[j]) / columns * 0x1p-64L;
        EXPECT_NEAR(q, static_cast<long double>(w[j]) / total, 0x1p-58L);
        EXPECT_TRUE(w[j] > 0 || mass[j] == 0);
      }
    }
}

TEST(Alias, TheKernelDrawsFromTheTable) {
  Case c = random_case(2, 50, Tilt::exponential, 4);
  c.request.method = Method::alias;
  c.request.k = 200;
  std::mt19937_64 generator(1);
  for (int i = 0; i < 2 * 200 * 4; ++i) c.words.push_back(static_cast<std::uint32_t>(generator()));
  c.words[0] = c.words[1] = c.words[2] = c.words[3] = ~0u;
  const std::vector<std::int64_t> drawn = emulated(c.view());
  for (std::int64_t row = 0; row < 2; ++row) {
    const AliasTable table = alias_table(integer_weights(c.view().population, row));
    for (std::int64_t t = 0; t < 200; ++t) {
      const std::uint32_t* const word = c.words.data() + 4 * (row * 200 + t);
      const std::uint64_t a = std::uint64_t{word[0]} << 32 | word[1];
      const std::uint64_t b = std::uint64_t{word[2]} << 32 | word[3];
      const auto column = static_cast<std::size_t>((static_cast<Wide>(a) * 50) >> 64);
      const std::int64_t wanted =
          b < table.accept[column] ? static_cast<std::int64_t>(column) : table.other[column];
      ASSERT_EQ(drawn[static_cast<std::size_t>(row * 200 + t)], wanted);
    }
  }
}

}  // namespace
}  // namespace assay::kernels::sampling::testing
