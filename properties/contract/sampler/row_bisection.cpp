// SPDX-License-Identifier: Apache-2.0
// The law of a sampler on one row by bisection, and what speaks for its being monotone.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "properties/contract/sampler/law.hpp"
#include "properties/contract/sampler/row_trial.hpp"
#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"

namespace assay::contract {

// The bisected thresholds equal those that the sampler's own integer weights have, all of them.
bool RowTrial::thresholds_follow_weights(const ExactLaw& law) {
  const SamplerProblem& p = probe_.problem();
  const std::vector<Tensor> table =
      probe_.table({{"weights", Dtype::u64, {1, row_.columns}, true}});
  if (table.empty()) return false;
  using Wide = unsigned __int128;
  const std::uint64_t* w = table[0].as<std::uint64_t>();
  Wide total = 0, sum = 0;
  for (std::int64_t j = 0; j < row_.columns; ++j) {
    if (w[j] >> 52 != 0) return false;
    total += w[j];
  }
  if (total == 0 || total >> 96 != 0) return false;
  for (std::int64_t j = 0; j < row_.columns; ++j) {
    sum += w[j];
    // #{k < 2^b : floor(k T / 2^b) < C} = ceil(C 2^b / T), in two steps to stay within 128 bits.
    Wide quotient = sum, rest = 0;
    quotient = sum / total;
    rest = sum % total;
    for (int b = 0; b < p.bits; ++b) {
      rest *= 2;
      quotient = 2 * quotient + rest / total;
      rest %= total;
    }
    if (law.prefix[static_cast<std::size_t>(j)] != quotient + (rest != 0 ? 1 : 0)) return false;
  }
  return true;
}

// The columns in the order in which evenly spaced numbers first give them: the map may be monotone
// in another order than that of the columns (allowed columns sorted by class, say). Empty when it
// is their own order. What the grid misses is the business of `follows_thresholds`.
std::vector<std::int64_t> RowTrial::order_of_columns() {
  const int bits = probe_.problem().bits, grid = std::min(bits, 17);
  std::vector<std::uint64_t> k(std::size_t{1} << grid);
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = std::uint64_t{i} << (bits - grid);
  std::vector<std::int64_t> order;
  std::vector<bool> seen(static_cast<std::size_t>(row_.columns), false);
  bool rising = true;
  std::int64_t last = 0;
  for (const std::int64_t column : probe_.from_numbers(k)) {
    rising = rising && column >= last;
    last = column;
    if (seen[static_cast<std::size_t>(column)]) continue;
    seen[static_cast<std::size_t>(column)] = true;
    order.push_back(column);
  }
  if (rising) return {};
  for (std::int64_t j = 0; j < row_.columns; ++j)
    if (!seen[static_cast<std::size_t>(j)]) order.push_back(j);
  return order;
}

// The bisected thresholds are those of floor(u n / 2^b), n columns being allowed.
bool RowTrial::thresholds_are_uniform(const ExactLaw& law) const {
  const SamplerProblem& p = probe_.problem();
  if (p.rule != SamplerRule::uniform) return false;
  using Wide = unsigned __int128;
  const std::vector<Ends>& w = probe_.weights();
  const auto n = static_cast<std::uint64_t>(
      std::count_if(w.begin(), w.end(), [](const Ends& x) { return x.hi > 0; }));
  std::vector<Wide> ends;  // of the steps; columns that are not allowed have none
  for (const Wide x : law.prefix)
    if (ends.empty() ? x > 0 : x > ends.back()) ends.push_back(x);
  if (ends.size() != n) return false;
  const Wide total = Wide{1} << p.bits;
  for (std::size_t i = 0; i < n; ++i)
    if (ends[i] != (total * (i + 1) + n - 1) / n) return false;
  return true;
}

// An upper bound of P(s(k) is not what the thresholds say), from random k.
double RowTrial::follows_thresholds(const ExactLaw& law, const NumberMap& map) {
  const std::int64_t trials = std::int64_t{1} << log2_of_checks();
  engine::Random random(options_.seed, "thresholds", 0);
  std::vector<std::uint64_t> k(static_cast<std::size_t>(trials));
  for (std::uint64_t& x : k) x = random.bits() >> (64 - probe_.problem().bits);
  const std::vector<std::int64_t> got = map(k);
  std::int64_t mismatches = 0;
  for (std::size_t i = 0; i < k.size(); ++i) mismatches += got[i] == column_of(law, k[i]) ? 0 : 1;
  row_.mismatches = mismatches;
  return engine::clopper_pearson_upper(mismatches, trials, options_.delta / 2);
}

void RowTrial::by_bisection() {
  const SamplerProblem& p = probe_.problem();
  grade(SamplerGrade::exact, 0);
  if (!rests_on_leading_bits()) return by_draws(options_.delta);
  const std::vector<std::int64_t> order = order_of_columns();
  std::vector<std::int64_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    place[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  const NumberMap map = [&](std::span<const std::uint64_t> k) {
    std::vector<std::int64_t> columns = probe_.from_numbers(k);
    if (!order.empty())
      for (std::int64_t& c : columns) c = place[static_cast<std::size_t>(c)];
    return columns;
  };
  const ExactLaw law = bisect_law(map, row_.columns, p.bits);
  const double departs = follows_thresholds(law, map);
  std::vector<Ends> target = item_law(p);
  if (!order.empty()) {
    std::vector<Ends> ordered;
    for (const std::int64_t j : order) ordered.push_back(target[static_cast<std::size_t>(j)]);
    target = ordered;
    row_.assumptions.push_back("columns taken in the order of the words that give them");
  }
  const std::string by = fmt::format("bisection of {} thresholds of {} bits", row_.columns, p.bits);
  take(law, target, p.bits, by);
  const bool uniform = thresholds_are_uniform(law);
  if (uniform || (order.empty() && thresholds_follow_weights(law))) {
    row_.assumptions.push_back(
        uniform ? "monotone in the word: every threshold found is the one of floor(u n / 2^b)"
                : "monotone in the word: every threshold found is the one of the cumulative sum of "
                  "the integer weights that the sampler returned, which cannot fall");
    row_.assumptions.push_back(
        fmt::format("without that: TV <= {:.3g}, wrong with probability <= {:g}",
                    row_.tv.hi + departs, options_.delta / 2));
    return;
  }
  // Not assumed: the thresholds are one more map on the same bits, and coupling pays for it.
  row_.grade = SamplerGrade::coupled;
  row_.delta = options_.delta;
  if (!options_.epsilon) row_.epsilon = usual_epsilon(SamplerGrade::coupled);
  conclude({std::max(0.0, row_.tv.lo - departs), std::min(1.0, row_.tv.hi + departs)},
           by + fmt::format(", and 2^{} random words that disagree with them {} times",
                            log2_of_checks(), row_.mismatches));
  if (row_.verdict != Verdict::undecided) return;
  row_.assumptions.push_back("bisection did not certify: " + row_.reason);
  by_draws(options_.delta / 2);
}

}  // namespace assay::contract
