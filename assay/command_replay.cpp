// SPDX-License-Identifier: Apache-2.0
// assay replay: the verdicts of a certificate, derived again.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "assay/claim_options.hpp"
#include "assay/command.hpp"
#include "assay/estimate_certify.hpp"
#include "assay/report.hpp"
#include "assay/sampler_certify.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/column.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/law.hpp"
#include "properties/contract/law_check.hpp"
#include "properties/engine/claim/witness.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/hash.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

using contract::Check;
using contract::Column;
using contract::Finding;
using contract::Observation;

constexpr std::uint64_t largest_certificate = std::uint64_t{1} << 30;

// What a replay found, summed over the certificate.
struct Account {
  std::int64_t rederived = 0;  // refuted cases judged again from what the file holds
  std::int64_t rerun = 0;      // cases given to the candidate again
  std::int64_t not_rerun = 0;  // passing cases whose candidate is not at hand
  std::int64_t laws = 0;       // laws asked again
  std::vector<std::string> contradictions;
  ExitStatus status = ExitStatus::success;
};

class Replayer {
 public:
  Replayer(const Common& common, const ReplayOptions& options, std::uint64_t seed, Account& account)
      : common_(common), options_(options), seed_(seed), account_(account) {}

  void replay(const Check& check) {
    const Column& column = contract::column_named(check.contract.name);
    if (engine::sha256_hex(check.contract.canonical_text()) != check.contract_sha256)
      contradiction(check, "contract_sha256 does not match the contract");
    for (const contract::RefutedCase& refuted : check.refuted) rederive(check, column, refuted);
    for (const contract::ViolatedLaw& violated : check.violated_laws)
      rederive(check, column, violated);
    rerun(check, column);
    ask_laws_again(check, column);
    account_.status = combine(account_.status, status_of(check.verdict, false));
    fmt::print("{}  {} [{}]  {}\n", name_of(check.verdict), check.contract.name,
               column.instance_of(check.contract), check.candidate.name);
  }

 private:
  void contradiction(const Check& check, const std::string& what) {
    account_.contradictions.push_back(
        fmt::format("{} [{}] {}: {}", check.contract.name,
                    contract::column_named(check.contract.name).instance_of(check.contract),
                    check.candidate.name, what));
  }

  // The verdict of a refuted case follows from its inputs and observed outputs alone.
  void rederive(const Check& check, const Column& column, const contract::RefutedCase& refuted) {
    const contract::Expectation expectation =
        column.expect(refuted.input, check.candidate.algorithm);
    Finding again = judge(refuted.observation, expectation, column.outputs(refuted.input));
    ++account_.rederived;
    if (refuted.role == "modelled" && again.modelled_share.lo > 1) {
      again.verdict = Verdict::refuted;
      again.reason = refuted.finding.reason;
    }
    if (again.verdict != Verdict::refuted)
      contradiction(check,
                    fmt::format("the {} case is recorded as refuted, but is {} when judged again",
                                refuted.role, name_of(again.verdict)));
    else
      fmt::print("  {} case refuted again: {}\n", refuted.role, again.reason);
  }

  // A violation follows from the case and what was observed on the law's related cases.
  void rederive(const Check& check, const Column& column, const contract::ViolatedLaw& violated) {
    const contract::LawFinding again = judge_again(column, check.candidate.algorithm, violated);
    ++account_.rederived;
    if (again.verdict == contract::LawVerdict::violated)
      fmt::print("  law {} violated again: {}\n", violated.law, again.reason);
    else
      contradiction(check, fmt::format("the law '{}' is recorded as violated, but is not when "
                                       "judged again: {}",
                                       violated.law, again.reason));
  }

  // Laws ask for cases of their own, which follow from the seed.
  void ask_laws_again(const Check& check, const Column& column) {
    if (check.laws.empty()) return;
    const std::unique_ptr<contract::Candidate> candidate = candidate_of(check);
    if (!candidate) return;
    Check again;
    ask_laws(again, column, column.instance_of(check.contract), *candidate, seed_,
             [] { return stop_requested(); });
    if (stop_requested()) throw engine::InputError(options_.file, "", "replay interrupted");
    account_.laws += static_cast<std::int64_t>(again.laws.size());
    const auto same = [](const contract::LawResult& x, const contract::LawResult& y) {
      return x.law == y.law && x.held == y.held && x.violated == y.violated &&
             x.unavailable == y.unavailable && x.compared == y.compared;
    };
    if (!std::equal(check.laws.begin(), check.laws.end(), again.laws.begin(), again.laws.end(),
                    same))
      contradiction(check, "the laws, asked again, hold or fail otherwise than recorded");
  }

  std::unique_ptr<contract::Candidate> candidate_of(const Check& check) const {
    if (!options_.command.empty()) return contract::make_process_candidate(options_.command, {});
    if (check.candidate.backend == "process") return nullptr;
    const auto& name = check.candidate.name;
    if (!contract::find_builtin(check.contract.name, name)) return nullptr;
    return contract::make_builtin_candidate(check.contract.name, name, common_.program, {});
  }

  std::map<std::uint64_t, engine::Case> cases_from_file(const Check& check,
                                                        const Column& column) const {
    std::map<std::uint64_t, engine::Case> cases;
    if (options_.embeddings.empty() || check.cases.empty()) return cases;
    const engine::Embeddings e =
        options_.second.empty() ? engine::load_embeddings(options_.embeddings)
                                : engine::load_embeddings(options_.embeddings, options_.second);
    for (engine::Case& c :
         column.cases_from(e, column.instance_of(check.contract), check.cases[0].descriptor.seed)) {
      const std::uint64_t index = c.descriptor.index;
      cases.emplace(index, std::move(c));
    }
    return cases;
  }

  // Passing cases are made again from their descriptors and given to the candidate again.
  void rerun(const Check& check, const Column& column) {
    const std::unique_ptr<contract::Candidate> candidate = candidate_of(check);
    const auto from_file = cases_from_file(check, column);
    for (const contract::CaseRecord& record : check.cases) {
      if (stop_requested()) throw engine::InputError(options_.file, "", "replay interrupted");
      if (!candidate || record.verdict == Verdict::unavailable) {
        ++account_.not_rerun;
        continue;
      }
      engine::Case c;
      if (record.descriptor.family == "file") {
        const auto found = from_file.find(record.descriptor.index);
        if (found == from_file.end()) {
          ++account_.not_rerun;
          continue;
        }
        c = found->second;
      } else {
        c = column.make_case(record.descriptor);
      }
      rerun_one(check, column, *candidate, record, c);
    }
  }

  void rerun_one(const Check& check, const Column& column, contract::Candidate& candidate,
                 const contract::CaseRecord& record, const engine::Case& c) {
    const std::string where =
        fmt::format("{} #{}", record.descriptor.family, record.descriptor.index);
    ++account_.rerun;
    if (contract::sha256_of_case(c) != record.input_sha256) {
      contradiction(check, where + ": the input made again is not the one recorded");
      return;
    }
    const auto [finding, observation, expectation] = agrees_with_truth(column, candidate, c);
    if (finding.verdict != record.verdict)
      contradiction(check, fmt::format("{}: recorded as {}, now {}", where, name_of(record.verdict),
                                       name_of(finding.verdict)));
    else if (contract::sha256_of_outputs(observation.outputs) != record.output_sha256)
      contradiction(check, where + ": the outputs differ from those recorded, bit for bit");
  }

  const Common& common_;
  const ReplayOptions& options_;
  const std::uint64_t seed_;
  Account& account_;
};

// A check whose rows are run again as a whole: of samplers and of pipelines.
template <class RowsCheck, class Again>
void replay_rows(const RowsCheck& check, Account& account, const Again& again) {
  if (engine::sha256_hex(check.contract.canonical_text()) != check.contract_sha256)
    account.contradictions.push_back(check.contract.name +
                                     ": contract_sha256 does not match the contract");
  const std::int64_t before = account.rerun;
  for (std::string& line : again()) account.contradictions.push_back(std::move(line));
  account.not_rerun += static_cast<std::int64_t>(check.rows.size()) - (account.rerun - before);
  account.status = combine(account.status, status_of(check.verdict, false));
  fmt::print("{}  {} [{}]  {}\n", name_of(check.verdict), check.contract.name, check.instance,
             check.candidate.name);
}

}  // namespace

ExitStatus replay(const Common& common, const ReplayOptions& options) {
  const std::string text = engine::read_text_file(options.file, largest_certificate);
  if (std::string_view(text).substr(0, 256).find(engine::witness_schema) != std::string::npos)
    return replay_witness(text, options.file);
  const contract::Certificate certificate = contract::certificate_from_json(text, options.file);
  Account account;
  Replayer replayer(common, options, certificate.seed, account);
  for (const Check& check : certificate.checks) replayer.replay(check);
  for (const contract::SamplerCheck& check : certificate.samplers)
    replay_rows(check, account,
                [&] { return replay_sampler(common, options, check, account.rerun); });
  for (const contract::EstimateCheck& check : certificate.estimates)
    replay_rows(check, account,
                [&] { return replay_estimate(common, options, check, account.rerun); });
  fmt::print("{}: {} refuted cases judged again, {} cases run again, {} not run again{}\n",
             options.file, account.rederived, account.rerun, account.not_rerun,
             account.not_rerun > 0 ? " (candidate, device or file not at hand)" : "");
  if (account.laws > 0) fmt::print("{} laws asked again\n", account.laws);
  if (!account.contradictions.empty()) {
    for (const std::string& line : account.contradictions) fmt::print(stderr, "  {}\n", line);
    throw engine::InputError(options.file, "",
                             fmt::format("does not reproduce: {} contradictions, the first: {}",
                                         account.contradictions.size(), account.contradictions[0]));
  }
  return account.status;
}

}  // namespace assay::cli
