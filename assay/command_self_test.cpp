// SPDX-License-Identifier: Apache-2.0
// assay self-test: planted faults and correct variants, counted and named.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "assay/command.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/estimate/self_test.hpp"
#include "properties/contract/sampler/self_test.hpp"
#include "properties/contract/self_test.hpp"
#include "properties/engine/files/atomic_file.hpp"

namespace assay::cli {
namespace {

using contract::Fate;
using contract::PlantedResult;
using contract::SelfTest;

struct Tally {
  std::int64_t killed = 0, survived = 0, not_applied = 0, unavailable = 0;
  void add(Fate fate) {
    killed += fate == Fate::killed;
    survived += fate == Fate::survived;
    not_applied += fate == Fate::not_applied;
    unavailable += fate == Fate::unavailable;
  }
};

void print_tally(const std::string& name, const Tally& t) {
  fmt::print("  {:<32} {:>6} {:>8} {:>11} {:>11}\n", name, t.killed, t.survived, t.not_applied,
             t.unavailable);
}

void print_named(const SelfTest& result, Fate fate, const char* title) {
  fmt::print("\n{}:{}\n", title, result.count(fate) == 0 ? " none" : "");
  for (const PlantedResult& r : result.planted)
    if (r.fate == fate)
      fmt::print("  {} on {}{}\n", r.fault, r.instance,
                 fate == Fate::survived
                     ? fmt::format(": changed {} #{}; {}", r.family, r.index, r.how)
                     : "");
}

void print_correct(const SelfTest& result) {
  fmt::print("\ncorrect implementations\n  {:<28} {:<18} {:<28} {:>6} {:>8} {:>10} {:>8}\n",
             "candidate", "budget of", "instance", "cases", "refused", "declined", "share");
  for (const contract::CorrectResult& r : result.correct) {
    fmt::print("  {:<28} {:<18} {:<28} {:>6} {:>8} {:>10} {:>8.3f}\n", r.candidate, r.algorithm,
               r.instance, r.cases, r.refuted + r.undecided, r.unavailable, r.largest_share.hi);
    if (r.refuted > 0) fmt::print("    FALSE ALARM {}\n", r.worst);
  }
}

void print_self_test(const SelfTest& result) {
  std::map<std::string, Tally> by_operator, by_instance;
  for (const PlantedResult& r : result.planted) {
    by_operator[r.operator_class].add(r.fate);
    by_instance[r.instance].add(r.fate);
  }
  fmt::print("{}: {} planted faults on {} instances, seed {}\n", result.contract,
             result.planted.size(), by_instance.size(), result.seed);
  fmt::print("\n  {:<32} {:>6} {:>8} {:>11} {:>11}\n", "operator", "killed", "survived",
             "not applied", "unavailable");
  for (const auto& [name, tally] : by_operator) print_tally(name, tally);
  fmt::print("\n");
  for (const auto& [name, tally] : by_instance) print_tally(name, tally);
  print_named(result, Fate::survived, "survivors");
  print_named(result, Fate::not_applied,
              "not applied (no bit changes on any case of the instance)");
  print_correct(result);
  fmt::print("\n{}: killed {} of {}, survived {}, not applied {}, false alarms {}\n",
             name_of(result.verdict()), result.count(Fate::killed), result.planted.size(),
             result.count(Fate::survived), result.count(Fate::not_applied), result.false_alarms());
}

ExitStatus report(const Common& common, const SelfTestOptions& options, const SelfTest& result) {
  const std::string text = contract::to_json(result);
  if (!options.output.empty()) engine::write_file_atomically(options.output, text);
  if (common.json)
    fmt::print("{}", text);
  else
    print_self_test(result);
  return status_of(result.verdict(), true);
}

}  // namespace

ExitStatus self_test(const Common& common, const SelfTestOptions& options) {
  if (!options.output.empty()) engine::check_writable(options.output);
  const auto& name = options.contract;
  const bool sampler = contract::is_sampler_name(name), estimate = contract::is_estimate_name(name);
  if (!sampler && !estimate) contract::column_named(name);  // a wrong name is told at once
  contract::SelfTestOptions run;
  run.seed = options.seed;
  run.instances = options.instances;
  run.threads = threads_of(options.threads);
  run.program = common.program;
  run.interrupted = stop_requested;
  std::string current;
  std::unique_ptr<Progress> progress;
  run.progress = [&](const std::string& instance, std::int64_t done, std::int64_t total) {
    if (instance != current) {
      progress = std::make_unique<Progress>(options.contract + ":" + instance);
      current = instance;
    }
    progress->update(done, total);
  };
  const SelfTest result =
      sampler    ? contract::run_sampler_self_test(contract::sampler_contract_named(name), run)
      : estimate ? contract::run_estimate_self_test(contract::estimate_contract_named(name), run)
                 : contract::run_self_test(contract::column_named(name), "emulated", run);
  progress.reset();
  return report(common, options, result);
}

}  // namespace assay::cli
