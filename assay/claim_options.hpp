// SPDX-License-Identifier: Apache-2.0
// The commands about claims: options as plain data in, exit status out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/command.hpp"

namespace CLI {
class App;
}

namespace assay::cli {

struct CheckCommandOptions {
  std::vector<std::string> names;  ///< papers, claims, prefixes; empty: all
  std::uint64_t seed = 1;
  std::int64_t evaluations = 10000;
  int threads = 0;
  bool planted = false;
  std::string baseline;
  bool update = false;
  std::string output;         ///< the JSON, also with the table on stdout
  std::string witnesses;      ///< folder
  std::string findings_page;  ///< file
};

struct SearchCommandOptions {
  std::string claim;
  double minutes = 1;
  std::int64_t rounds = 0;  ///< 0: as many as the minutes allow
  std::int64_t evaluations = 20000;
  std::uint64_t seed = 1;
  int threads = 0;
  std::string corpus;
  std::string output;
  std::string candidate;             ///< of a kernel's worst case
  std::vector<std::string> command;  ///< after "--", instead of a built-in candidate
};

struct ClaimCommands {
  CheckCommandOptions check;
  SearchCommandOptions search;
  bool list_claims = false;
  bool markdown = false;  ///< of the list: docs/claims.md
};

/// `assay check`: a verdict on every claim asked for.
ExitStatus check(const Common& common, const CheckCommandOptions& options);
/// `assay search`: minutes on one claim.
ExitStatus search(const Common& common, const SearchCommandOptions& options);
/// The same of a contract: the worst case of a kernel. `claim` is "loss/info_nce" or
/// "loss/info_nce:one-direction".
ExitStatus search_kernel(const Common& common, const SearchCommandOptions& options);
/// `assay list --claims`.
ExitStatus list_claims(const Common& common, bool markdown);
/// `assay replay` of a witness file, whose text it has read already.
ExitStatus replay_witness(const std::string& text, const std::string& source);

void describe_claims(CLI::App& app, Common& common, ClaimCommands& to);

}  // namespace assay::cli
