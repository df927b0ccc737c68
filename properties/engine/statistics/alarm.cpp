// SPDX-License-Identifier: Apache-2.0
// Evidence rounded downward, shares rounded downward.
#include "properties/engine/statistics/alarm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "properties/engine/random.hpp"
#include "reference/loss/upward.hpp"

namespace assay::engine {

using reference::add_up;
using reference::next_down;

KtAlarm::KtAlarm(std::vector<Ends> p) : p_(std::move(p)), counts_(p_.size(), 0) {
  if (p_.empty()) throw std::invalid_argument("alarm: an empty law");
}

void KtAlarm::add(std::int64_t item) {
  if (item < 0 || item >= static_cast<std::int64_t>(p_.size()) ||
      !(p_[static_cast<std::size_t>(item)].hi > 0)) {
    impossible_ = true;
    return;
  }
  const auto i = static_cast<std::size_t>(item);
  // Numerator and denominator are exact: half integers below 2^52.
  const double bet = next_down((static_cast<double>(counts_[i]) + 0.5) /
                               (static_cast<double>(draws_) + static_cast<double>(p_.size()) / 2));
  const double factor = next_down(0.5 + next_down(bet / p_[i].hi) / 2);
  significand_ = next_down(significand_ * factor);
  int shift = 0;
  significand_ = std::frexp(significand_, &shift);
  exponent_ += shift;
  ++counts_[i];
  ++draws_;
}

double KtAlarm::log2_evidence() const {
  if (impossible_) return std::numeric_limits<double>::infinity();
  return std::log2(significand_) + static_cast<double>(exponent_);
}

bool KtAlarm::alarmed(double alpha) const {
  if (impossible_) return true;
  if (exponent_ > 1000) return true;
  if (exponent_ < -1000) return false;
  return next_down(std::ldexp(significand_, static_cast<int>(exponent_)) * alpha) >= 1;
}

AlphaLedger::AlphaLedger(double alpha) : alpha_(alpha) {
  if (!(alpha > 0 && alpha < 1))
    throw std::invalid_argument("false-alarm budget: alpha outside (0, 1)");
}

void AlphaLedger::enter(const std::string& check, double weight) {
  if (closed_) throw std::logic_error("false-alarm budget: '" + check + "' came after the deal");
  if (!(weight > 0) || !std::isfinite(weight))
    throw std::invalid_argument("false-alarm budget: the weight of '" + check + "' is no weight");
  for (const Entry& entry : entries_)
    if (entry.check == check)
      throw std::invalid_argument("false-alarm budget: '" + check + "' was entered before");
  entries_.push_back({check, weight, 0});
}

void AlphaLedger::close() {
  double weights = 0, shares = 0;
  for (const Entry& entry : entries_) weights = add_up(weights, entry.weight);
  for (Entry& entry : entries_) {
    // One part in 2^30 pays for every rounding upward in the control below.
    entry.share = alpha_ * (1 - 0x1p-30) * (entry.weight / weights);
    shares = add_up(shares, entry.share);
  }
  if (!(shares <= alpha_))
    throw std::logic_error("false-alarm budget: more was dealt than there is");
  closed_ = true;
}

double AlphaLedger::share(const std::string& check) const {
  if (!closed_) throw std::logic_error("false-alarm budget: not dealt yet");
  for (const Entry& entry : entries_)
    if (entry.check == check) return entry.share;
  throw std::out_of_range("false-alarm budget: no check '" + check + "'");
}

std::string AlphaLedger::text(std::int64_t deterministic_checks) const {
  return fmt::format(
      "{} statistical checks, total false-alarm probability <= {:g}; {} deterministic checks, 0",
      entries_.size(), entries_.empty() ? 0 : alpha_, deterministic_checks);
}

std::uint64_t fresh_seed(std::uint64_t seed) {
  const std::uint64_t fresh = Random(seed, "fresh bits", 0).bits();
  return fresh != seed ? fresh : seed + 1;
}

TwoStage confirm_by_fresh_bits(double alpha, std::uint64_t seed, std::int64_t draws,
                               const std::function<double(std::uint64_t, std::int64_t)>& p_value) {
  const double each = next_down(std::sqrt(alpha));
  TwoStage result;
  result.first = {seed, draws, p_value(seed, draws)};
  if (!(result.first.p_value <= each)) return result;
  const std::uint64_t fresh = fresh_seed(seed);
  result.second = {fresh, 4 * draws, p_value(fresh, 4 * draws)};
  result.alarmed = result.second.p_value <= each;
  return result;
}

}  // namespace assay::engine
