// SPDX-License-Identifier: Apache-2.0
// Options of the commands about claims.
#include "assay/claim_options.hpp"

#include <CLI/CLI.hpp>

namespace assay::cli {

void describe_claims(CLI::App& app, Common& common, ClaimCommands& to) {
  CheckCommandOptions& c = to.check;
  auto* check = app.add_subcommand("check", "try the claims of the papers: a verdict on each");
  check->add_option("claims", c.names, "papers (clop, hard-negatives), claims or prefixes; all");
  check->add_option("--seed", c.seed, "seed of the search")->capture_default_str();
  check
      ->add_option("--evaluations", c.evaluations, "evaluations of the margin in doubles per claim")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  check->add_option("--threads", c.threads, "0: one per processor (the result is the same)")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  check->add_flag("--planted", c.planted, "list the planted claims too");
  auto* baseline = check->add_option("--baseline", c.baseline,
                                     "expected verdicts: exit 1 where a verdict differs");
  check->add_flag("--update", c.update, "write the baseline instead")->needs(baseline);
  check->add_option("--output", c.output, "write the result (JSON) to this file");
  check->add_option("--witnesses", c.witnesses, "write a witness file per decided claim here");
  check->add_option("--findings-page", c.findings_page, "write the findings (Markdown) here");
  check->add_flag("--json", common.json, "print JSON instead of the table");

  SearchCommandOptions& s = to.search;
  auto* search = app.add_subcommand("search", "spend minutes on one claim");
  search
      ->add_option("claim", s.claim,
                   "id of a claim (`assay list --claims`), or a contract (loss/info_nce, "
                   "loss/info_nce:one-direction) for the worst case of a kernel")
      ->required();
  search->add_option("--candidate", s.candidate, "of a contract: the built-in candidate")
      ->default_str("emulated");
  search->add_option("--minutes", s.minutes, "stop at the end of the round that this ends in")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  search->add_option("--rounds", s.rounds, "exactly so many rounds, whatever the time")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  search->add_option("--evaluations", s.evaluations, "evaluations of the margin per round")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  search->add_option("--seed", s.seed, "seed of the search")->capture_default_str();
  search->add_option("--threads", s.threads, "0: one per processor (the result is the same)")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  search->add_option("--corpus", s.corpus, "folder from which the search continues");
  search->add_option("--output", s.output, "write the smallest witness to this file");
  search->add_flag("--json", common.json, "print JSON");
}

}  // namespace assay::cli
