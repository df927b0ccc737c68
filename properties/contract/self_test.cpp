// SPDX-License-Identifier: Apache-2.0
// Planted faults and correct variants against the cases of a column.
#include "properties/contract/self_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "properties/contract/builtin.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/modelled.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/input_error.hpp"
#include "reference/arithmetic/thread_caches.hpp"

namespace assay::contract {
namespace {

using engine::Case;
using engine::CaseDescriptor;

bool same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tensor& x, const Tensor& y) {
    return x.name == y.name && x.bytes == y.bytes;
  });
}

/// One fault or correct implementation on the way through the cases of an instance. The place in
/// the plan makes the result independent of the order in which threads come to the cases.
struct Trial {
  const BuiltinEntry* entry;
  std::mutex mutex;
  std::optional<std::size_t> killed_at, applied_at;
  std::vector<std::pair<double, std::size_t>> beyond_model;  ///< share and place
  std::string how;
  Ends largest_share{0, 0};
  std::string worst;
  std::int64_t cases = 0, refuted = 0, undecided = 0, unavailable = 0;
  std::optional<std::size_t> first_refuted;

  explicit Trial(const BuiltinEntry& e) : entry(&e) {}
  bool planted() const { return entry->role == BuiltinRole::planted; }
  /// Killed by an earlier case of the plan. A later one that came first does not count, so that the
  /// case that kills is the same for any number of threads.
  bool killed_before(std::size_t at) {
    const std::lock_guard lock(mutex);
    return killed_at && *killed_at < at;
  }
};

std::string place_of(const CaseDescriptor& d) { return fmt::format("{} #{}", d.family, d.index); }

void take(Trial& trial, std::size_t at, const CaseDescriptor& d, const Finding& finding,
          bool changed) {
  const std::lock_guard lock(trial.mutex);
  ++trial.cases;
  if (changed && (!trial.applied_at || at < *trial.applied_at)) trial.applied_at = at;
  const bool refuted = finding.verdict == Verdict::refuted;
  trial.unavailable += finding.verdict == Verdict::unavailable && finding.elements_judged == 0 &&
                       finding.elements_outside_domain == 0;
  trial.undecided += finding.verdict == Verdict::undecided;
  trial.refuted += refuted;
  if (refuted && (!trial.first_refuted || at < *trial.first_refuted)) {
    trial.first_refuted = at;
    trial.how = place_of(d) + ": " + finding.reason;
  }
  if (!refuted && finding.elements_judged > 0 && finding.share.hi > trial.largest_share.hi) {
    trial.largest_share = finding.share;
    trial.worst = fmt::format("{}, {}[{}]", place_of(d), finding.output, finding.element);
  }
  if (exceeds_model(finding)) trial.beyond_model.emplace_back(finding.modelled_share.lo, at);
  if (refuted && trial.planted()) {
    trial.killed_at = trial.first_refuted;
  }
}

/// All trials of one instance.
class InstanceRun {
 public:
  InstanceRun(const Column& column, const Contract& instance, const std::string& reference,
              const SelfTestOptions& options)
      : column_(column),
        name_(column.instance_of(instance)),
        reference_(reference),
        options_(options),
        plan_(planned_cases(column, name_, options.seed)) {
    for (const BuiltinEntry& entry : builtin_entries()) {
      if (entry.info.contract != column.name()) continue;
      if (entry.meant_for && !entry.meant_for(instance)) continue;
      const bool kernel = entry.info.name == reference;
      if (entry.role != BuiltinRole::shipped || kernel)
        trials_.push_back(std::make_unique<Trial>(entry));
    }
  }

  void run() {
    std::vector<std::thread> pool;
    for (int t = 0; t < std::max(1, options_.threads); ++t) pool.emplace_back([this] { work(); });
    for (std::thread& thread : pool) thread.join();
    if (error_) std::rethrow_exception(error_);
    for (const auto& trial : trials_) ask_model(*trial);
  }

  void report(SelfTest& result) const {
    result.cases += static_cast<std::int64_t>(plan_.size());
    for (const auto& trial : trials_)
      if (trial->planted())
        result.planted.push_back(planted_result(*trial));
      else
        result.correct.push_back({trial->entry->info.name, trial->entry->info.algorithm, name_,
                                  trial->cases, trial->refuted, trial->undecided,
                                  trial->unavailable, trial->largest_share,
                                  trial->refuted > 0 ? trial->how : trial->worst});
  }

 private:
  /// As in a certification: what only the modelled column sees refutes once fresh cases agree.
  void ask_model(Trial& trial) const {
    if (trial.killed_at || trial.beyond_model.empty()) return;
    std::sort(trial.beyond_model.begin(), trial.beyond_model.end(),
              [](const auto& a, const auto& b) { return a.second < b.second; });
    std::vector<BeyondModel> beyond;
    for (const auto& [share, at] : trial.beyond_model) beyond.push_back({share, plan_[at]});
    const auto candidate = make_builtin_candidate(column_.name(), trial.entry->info.name,
                                                  options_.program, options_.limits);
    Check check;
    confirm_model(check, column_, *candidate, std::move(beyond));
    if (check.refuted.empty()) return;
    ++trial.refuted;
    trial.how = place_of(check.refuted.front().input.descriptor) + ": " +
                check.refuted.front().finding.reason;
    if (trial.planted()) trial.killed_at = trial.beyond_model.front().second;
  }

  PlantedResult planted_result(const Trial& trial) const {
    PlantedResult r{trial.entry->info.name,
                    trial.entry->operator_class,
                    name_,
                    Fate::not_applied,
                    "",
                    0,
                    trial.how};
    if (trial.killed_at)
      r.fate = Fate::killed;
    else if (trial.applied_at)
      r.fate = Fate::survived;
    else if (trial.unavailable == trial.cases)
      r.fate = Fate::unavailable;
    if (r.fate == Fate::survived)
      r.how = fmt::format("largest share {:.3g} at {}", trial.largest_share.hi, trial.worst);
    if (const auto at = trial.killed_at ? trial.killed_at : trial.applied_at) {
      r.family = plan_[*at].family;
      r.index = plan_[*at].index;
    }
    return r;
  }

  /// The candidates of one thread, each started when it is first used.
  class Candidates {
   public:
    explicit Candidates(const InstanceRun& run) : run_(run) {}
    Candidate& of(const Trial& trial) {
      auto& candidate = made_[&trial];
      if (!candidate)
        candidate = make_builtin_candidate(run_.column_.name(), trial.entry->info.name,
                                           run_.options_.program, run_.options_.limits);
      return *candidate;
    }
    void drop(const Trial& trial) { made_.erase(&trial); }

   private:
    const InstanceRun& run_;
    std::map<const Trial*, std::unique_ptr<Candidate>> made_;
  };

  void work() try {
    const reference::ThreadCaches caches;
    Candidates candidates(*this);
    for (;;) {
      const std::size_t at = next_++;
      if (at >= plan_.size() || stop_) return;
      if (options_.interrupted()) {
        stop_ = true;
        throw Interrupted(fmt::format("interrupted at case {} of {}", at, plan_.size()));
      }
      one_case(at, candidates);
      const std::lock_guard lock(mutex_);
      options_.progress(name_, ++done_, static_cast<std::int64_t>(plan_.size()));
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (!error_) error_ = std::current_exception();
  }

  void one_case(std::size_t at, Candidates& candidates) {
    const Case c = column_.make_case(plan_[at]);
    const std::vector<engine::OutputSpec> outputs = column_.outputs(c);
    std::map<std::string, Expectation> expectations;
    const auto judged = [&](const Trial& trial, const Observation& observation) {
      const std::string& algorithm = trial.entry->info.algorithm;
      auto known = expectations.find(algorithm);
      if (known == expectations.end())
        known = expectations.emplace(algorithm, column_.expect(c, algorithm)).first;
      return judge(observation, known->second, outputs, {.confirm = false});
    };
    Observation clean;
    for (const auto& trial : trials_)
      if (trial->entry->info.name == reference_) clean = candidates.of(*trial).observe(c, outputs);
    for (const auto& trial : trials_) {
      if (trial->killed_before(at)) {
        candidates.drop(*trial);
        continue;
      }
      const bool kernel = trial->entry->info.name == reference_;
      const Observation observation = kernel ? clean : candidates.of(*trial).observe(c, outputs);
      const bool changed =
          observation.conduct != clean.conduct || !same_bits(observation.outputs, clean.outputs);
      if (trial->planted() && !changed) {
        const std::lock_guard lock(trial->mutex);
        ++trial->cases;
        continue;
      }
      take(*trial, at, plan_[at], judged(*trial, observation), changed);
    }
  }

  const Column& column_;
  std::string name_;
  std::string reference_;
  const SelfTestOptions& options_;
  std::vector<CaseDescriptor> plan_;
  std::vector<std::unique_ptr<Trial>> trials_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::int64_t done_ = 0;
  std::exception_ptr error_;
};

std::vector<Contract> instances_of(const Column& column, const std::vector<std::string>& asked) {
  std::vector<Contract> found;
  std::string known;
  for (const Contract& instance : column.instances()) {
    const std::string name = column.instance_of(instance);
    known += (known.empty() ? "" : ", ") + name;
    if (asked.empty() ? column.runs_unasked(instance)
                      : std::find(asked.begin(), asked.end(), name) != asked.end())
      found.push_back(instance);
  }
  for (const std::string& name : asked)
    if (std::none_of(found.begin(), found.end(),
                     [&](const Contract& c) { return column.instance_of(c) == name; }))
      throw engine::InputError(column.name(), "instance '" + name + "'",
                               "unknown; there are " + known);
  return found;
}

}  // namespace

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::killed: return "killed";
    case Fate::survived: return "survived";
    case Fate::not_applied: return "not applied";
    case Fate::unavailable: return "unavailable";
  }
  return "?";
}

std::int64_t SelfTest::count(Fate fate) const {
  return std::count_if(planted.begin(), planted.end(),
                       [&](const PlantedResult& r) { return r.fate == fate; });
}

std::int64_t SelfTest::false_alarms() const {
  return std::count_if(correct.begin(), correct.end(),
                       [](const CorrectResult& r) { return r.refuted > 0 || r.undecided > 0; });
}

Verdict SelfTest::verdict() const {
  if (count(Fate::survived) > 0 || false_alarms() > 0) return Verdict::refuted;
  const bool ran = std::any_of(correct.begin(), correct.end(),
                               [](const CorrectResult& r) { return r.cases > r.unavailable; });
  return ran && count(Fate::unavailable) == 0 ? Verdict::certified : Verdict::unavailable;
}

SelfTest run_self_test(const Column& column, const std::string& reference,
                       const SelfTestOptions& options) {
  SelfTest result;
  result.contract = column.name();
  result.seed = options.seed;
  for (const Contract& instance : instances_of(column, options.instances)) {
    InstanceRun run(column, instance, reference, options);
    run.run();
    if (options.interrupted()) throw Interrupted("interrupted during the last cases");
    run.report(result);
  }
  return result;
}

std::string to_json(const SelfTest& result) {
  using nlohmann::ordered_json;
  ordered_json planted = ordered_json::array(), correct = ordered_json::array(),
               survivors = ordered_json::array(), idle = ordered_json::array();
  for (const PlantedResult& r : result.planted) {
    planted.push_back({{"fault", r.fault},
                       {"operator", r.operator_class},
                       {"instance", r.instance},
                       {"fate", name_of(r.fate)},
                       {"family", r.family},
                       {"index", r.index},
                       {"how", r.how}});
    const std::string both = r.fault + " on " + r.instance;
    if (r.fate == Fate::survived) survivors.push_back(both);
    if (r.fate == Fate::not_applied) idle.push_back(both);
  }
  for (const CorrectResult& r : result.correct)
    correct.push_back({{"candidate", r.candidate},
                       {"algorithm", r.algorithm},
                       {"instance", r.instance},
                       {"cases", r.cases},
                       {"refuted", r.refuted},
                       {"undecided", r.undecided},
                       {"unavailable", r.unavailable},
                       {"largest_share", engine::json_of(r.largest_share.hi)},
                       {"where", r.worst}});
  return engine::json_text({{"format", "assay-self-test/1"},
                            {"contract", result.contract},
                            {"seed", result.seed},
                            {"cases", result.cases},
                            {"verdict", name_of(result.verdict())},
                            {"killed", result.count(Fate::killed)},
                            {"total", result.planted.size()},
                            {"survivors", survivors},
                            {"false_alarms", result.false_alarms()},
                            {"not_applied", idle},
                            {"planted", planted},
                            {"correct", correct}});
}

}  // namespace assay::contract
