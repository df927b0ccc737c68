// SPDX-License-Identifier: Apache-2.0
// The commands: options as plain data in, exit status out. Parsing is main_with.cpp's business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/verdict.hpp"

namespace assay::cli {

/// Options that several commands share.
struct Common {
  bool json = false;
  std::string program;  ///< path of this very executable, started again as worker
};

struct ValueOptions {
  std::string contract;
  std::string input, second;
  std::string directions = "joint-block";
  std::optional<std::string> temperature;  ///< 0.1, or the library's or bound's own
  int digits = 12;
  bool rows = false;
  std::string like;                 ///< a library's preset; empty: the contract's own instances
  std::optional<double> scale;      ///< instead of the temperature
  std::vector<std::string> fields;  ///< "name=value", changes of the preset
  std::string labels, mask;         ///< .npy files; empty: none
  /// Parameters of a bound by name without dashes; `temperature` and `batch_sizes` stand apart.
  std::map<std::string, std::optional<std::string>> bound;
  std::vector<long long> batch_sizes;
  /// The options of the command line that only a contract, or only a bound, takes.
  std::vector<std::string> given_for_contract, given_for_bound;
};

struct CertifyOptions {
  std::vector<std::string> contracts;
  std::vector<std::string> instances;  ///< of contracts named without one; empty: the default ones
  bool all = false;
  std::vector<std::string> candidates;  ///< names of built-in candidates; empty: the default ones
  std::vector<std::string> command;     ///< after "--"
  std::string embeddings, second;
  std::string output;
  std::uint64_t seed = 1;
  std::int64_t budget = 0;
  int threads = 0;         ///< 0: one per processor
  double time_limit = 10;  ///< seconds per call
  double epsilon = 0;      ///< samplers: total variation asked for; 0: by grade
  double delta = 0;        ///< samplers: chance of a wrong statement per row; 0: one in a million
};

struct ReplayOptions {
  std::string file;
  std::string embeddings, second;
  std::vector<std::string> command;
};

struct SelfTestOptions {
  std::string contract;
  std::vector<std::string> instances;  ///< empty: all
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: one per processor
  std::string output;
  bool compare_rules = false;  ///< the kill matrix instead
};

/// `assay list`: contracts, instances, families, algorithms, built-in candidates.
ExitStatus list(const Common& common);
/// `assay value`: an enclosure of the loss on a user's embeddings, or of a bound.
ExitStatus value(const Common& common, const ValueOptions& options);
/// The same with `--like`: a member of the InfoNCE family, as a library computes it.
ExitStatus value_like(const Common& common, const ValueOptions& options);
/// The same with the name of a bound: a number of a paper, to so many proven digits.
ExitStatus value_bound(const Common& common, const ValueOptions& options);
/// `assay certify`: campaigns, a table, a certificate.
ExitStatus certify(const Common& common, const CertifyOptions& options);
/// `assay replay`: derives the verdicts of a certificate again.
ExitStatus replay(const Common& common, const ReplayOptions& options);
/// `assay self-test`: planted faults must be refuted, correct variants certified.
ExitStatus self_test(const Common& common, const SelfTestOptions& options);
/// `assay self-test --compare-rules`: planted bugs against the acceptance rules of other projects.
ExitStatus compare_rules(const Common& common, const SelfTestOptions& options);
/// `assay version`: version, engines, environment.
ExitStatus version(const Common& common);

/// The facts about this build and machine that a certificate records.
std::vector<std::pair<std::string, std::string>> environment_facts();

/// Parses the command line and runs the command. Everything that goes wrong becomes one line on
/// stderr and an exit status.
int main_with(int argc, char** argv);

}  // namespace assay::cli
