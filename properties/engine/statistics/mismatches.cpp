// SPDX-License-Identifier: Apache-2.0
// The e-process of mismatches, in intervals.
#include "properties/engine/statistics/mismatches.hpp"

#include <cmath>
#include <stdexcept>

#include "reference/arithmetic/number.hpp"

namespace assay::engine {
namespace {

using reference::Context;
using reference::MpfiNumber;

constexpr int bits = 192;

MpfiNumber power(const Context<MpfiNumber>& context, MpfiNumber x, std::int64_t n) {
  MpfiNumber result = context.from_integer(1);
  for (; n > 0; n >>= 1) {
    if ((n & 1) != 0) result *= x;
    x *= x;
  }
  return result;
}

MpfiNumber mean_over_bets(double epsilon, std::int64_t matches, std::int64_t mismatches) {
  const Context<MpfiNumber> context(bits);
  const MpfiNumber one = context.from_integer(1), e = context.exactly(epsilon);
  MpfiNumber sum = context.from_integer(0);
  for (int j = 0; j < 10; ++j) {
    const MpfiNumber c = context.from_integer(1 + 2 * j) / context.from_integer(20);
    sum += power(context, one + c * e / (one - e), matches) * power(context, one - c, mismatches);
  }
  return sum / context.from_integer(10);
}

// The lower end reaches 1/delta, decided in intervals.
bool reaches(const MpfiNumber& e_value, double delta) {
  const Context<MpfiNumber> context(bits);
  return to_interval(context.from_integer(1)).less(to_interval(e_value * context.exactly(delta))) ==
         reference::Truth::yes;
}

void require_chance(double x) {
  if (!(x > 0 && x < 1)) throw std::invalid_argument("mismatches: a number outside (0, 1)");
}

}  // namespace

MismatchProcess::MismatchProcess(double epsilon, double delta) : epsilon_(epsilon), delta_(delta) {
  require_chance(epsilon);
  require_chance(delta);
}

void MismatchProcess::add(std::int64_t draws, std::int64_t mismatches) {
  if (mismatches < 0 || mismatches > draws)
    throw std::invalid_argument("mismatches: more of them than draws");
  draws_ += draws;
  mismatches_ += mismatches;
}

Ends MismatchProcess::e_value() const {
  return to_interval(mean_over_bets(epsilon_, draws_ - mismatches_, mismatches_)).ends();
}

bool MismatchProcess::certified() const {
  return reaches(mean_over_bets(epsilon_, draws_ - mismatches_, mismatches_), delta_);
}

std::int64_t anytime_trials(double epsilon, double delta, std::int64_t mismatches) {
  require_chance(epsilon);
  require_chance(delta);
  const auto enough = [&](std::int64_t draws) {
    return reaches(mean_over_bets(epsilon, draws - mismatches, mismatches), delta);
  };
  std::int64_t too_few = mismatches, enough_at = mismatches + 1;
  while (!enough(enough_at)) {
    too_few = enough_at;
    enough_at *= 2;
    if (enough_at > std::int64_t{1} << 52)
      throw std::invalid_argument("mismatches: more than 2^52 draws");
  }
  while (enough_at - too_few > 1) {
    const std::int64_t middle = too_few + (enough_at - too_few) / 2;
    (enough(middle) ? enough_at : too_few) = middle;
  }
  return enough_at;
}

double anytime_upper(std::int64_t draws, std::int64_t mismatches, double delta) {
  require_chance(delta);
  if (mismatches < 0 || mismatches > draws)
    throw std::invalid_argument("mismatches: more of them than draws");
  const auto certifies = [&](double epsilon) {
    return reaches(mean_over_bets(epsilon, draws - mismatches, mismatches), delta);
  };
  // Every match factor grows with epsilon: what certifies one epsilon certifies all above it.
  double no = 0x1p-60, yes = 1 - 0x1p-20;
  if (!certifies(yes)) return 1;
  while (yes > no * (1 + 0x1p-20)) {
    const double middle = std::sqrt(no) * std::sqrt(yes);
    (certifies(middle) ? yes : no) = middle;
  }
  return yes;
}

}  // namespace assay::engine
