// SPDX-License-Identifier: Apache-2.0
// Alarms: an e-process against "the law is p", one false-alarm budget for a run, and confirmation
// by fresh bits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/ends.hpp"

namespace assay::engine {

/// Evidence against "draws are independent with law p", valid at every time. Each draw i multiplies
/// it by 1/2 + (1/2) b_i / p_i, where b are the counts so far plus 1/2, normalised (Krichevsky and
/// Trofimov): a likelihood ratio that was fixed before the draw, and that never falls below 1/2 of
/// the last. Rounded downward, with the upper ends of p: at most the true e-process. An alarm,
/// never a certificate.
class KtAlarm {
 public:
  /// \throws std::invalid_argument for an empty law
  explicit KtAlarm(std::vector<Ends> p);
  /// One draw. An item outside the support, or of chance 0, is infinite evidence.
  void add(std::int64_t item);
  std::int64_t draws() const { return draws_; }
  /// The evidence has reached 1/alpha: that happens ever with probability at most alpha.
  bool alarmed(double alpha) const;
  /// log2 of the evidence, for people.
  double log2_evidence() const;

 private:
  std::vector<Ends> p_;
  std::vector<std::int64_t> counts_;
  std::int64_t draws_ = 0;
  double significand_ = 1;  // the evidence is at least significand * 2^exponent
  std::int64_t exponent_ = 0;
  bool impossible_ = false;
};

/// One number for the false alarms of a whole run, shared out by weight. No share is zero, and the
/// union bound over all of them is at most the budget: no independence is needed.
class AlphaLedger {
 public:
  struct Entry {
    std::string check;
    double weight = 1;
    double share = 0;  ///< set by `close`
  };
  /// \throws std::invalid_argument unless alpha lies in (0, 1)
  explicit AlphaLedger(double alpha);
  /// \throws std::logic_error after `close`; std::invalid_argument for a weight that is not
  /// positive, or a check entered before
  void enter(const std::string& check, double weight = 1);
  /// Deals the budget out. \throws std::logic_error when the shares would exceed it
  void close();
  /// \throws std::out_of_range for an unknown check, std::logic_error before `close`
  double share(const std::string& check) const;
  const std::vector<Entry>& entries() const { return entries_; }
  double alpha() const { return alpha_; }
  /// "412 statistical checks, total false-alarm probability <= 1e-06; 8731 deterministic checks, 0"
  std::string text(std::int64_t deterministic_checks) const;

 private:
  double alpha_;
  bool closed_ = false;
  std::vector<Entry> entries_;
};

/// What one stage of a two-stage check saw.
struct Stage {
  std::uint64_t seed = 0;
  std::int64_t draws = 0;
  double p_value = 1;  ///< exact or conservative
};
struct TwoStage {
  Stage first, second;  ///< second.draws == 0: not needed
  bool alarmed = false;
};

/// Runs a check; when its p-value is at most sqrt(alpha), runs it again on fresh bits with four
/// times the draws. Alarm only if both are: for an exact kernel with probability at most alpha.
/// Both records are kept; a failed first stage is never hidden.
TwoStage confirm_by_fresh_bits(
    double alpha, std::uint64_t seed, std::int64_t draws,
    const std::function<double(std::uint64_t seed, std::int64_t draws)>& p_value);

/// A seed for fresh bits that differs from the first.
std::uint64_t fresh_seed(std::uint64_t seed);

}  // namespace assay::engine
