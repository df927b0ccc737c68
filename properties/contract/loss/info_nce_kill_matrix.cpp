// SPDX-License-Identifier: Apache-2.0
// Runs the kill matrix: every candidate on every case once, every rule on what it returned.
#include "properties/contract/loss/info_nce_kill_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>

#include "properties/contract/acceptance_rules.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/contract/loss/info_nce_kill_matrix_baseline.hpp"
#include "reference/arithmetic/thread_caches.hpp"

namespace assay::contract {
namespace {

using engine::Case;

constexpr std::size_t operations = 2;  // forward, backward
const char* const kernel = "emulated";
const std::array<std::pair<const char*, std::size_t>, 5> compared = {
    {{"row_loss", 0}, {"loss", 0}, {"grad_a", 1}, {"grad_b", 1}, {"grad_temperature", 1}}};

template <class T>
using Both = std::array<T, operations>;

Contract instance(std::size_t operation) {
  return info_nce_contract(
      {false, operation == 0 ? Operation::forward : Operation::backward, Dtype::bf16});
}

const Tensor* find(const Observation& observation, const std::string& name) {
  for (const Tensor& t : observation.outputs)
    if (t.name == name) return &t;
  return nullptr;
}

/// The compared outputs only, so that the budget judges exactly what the other rules see.
Observation without_uncompared(Observation observation) {
  std::erase_if(observation.outputs, [](const Tensor& t) {
    return std::none_of(compared.begin(), compared.end(),
                        [&](const auto& output) { return t.name == output.first; });
  });
  return observation;
}

bool same_bits(const Observation& a, const Observation& b) {
  return a.conduct == b.conduct &&
         std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(),
                    [](const Tensor& x, const Tensor& y) {
                      return x.name == y.name && x.bytes == y.bytes;
                    });
}

/// A candidate on a case.
struct Cell {
  bool applied = false;               ///< some bit differs from the kernel's
  std::vector<std::string> rejected;  ///< per foreign rule: the first output it rejects, or ""
  bool refuted = false;               ///< by the budget, in some operation
  std::string refused;                ///< by the budget: why it is not certified, or ""
  Ends share{0, 0};
  std::string place;
};

/// One case of a suite: both operations, truth, budgets and yardstick.
class CaseRun {
 public:
  CaseRun(const std::string& family, std::uint64_t index, std::uint64_t seed)
      : place_(fmt::format("{} #{}", family, index)) {
    for (std::size_t o = 0; o < operations; ++o) {
      const std::string name = info_nce_column().instance_of(instance(o));
      cases_[o] =
          info_nce_column().make_case({info_nce_column().name(), name, family, index, seed});
      outputs_[o] = info_nce_column().outputs(cases_[o]);
    }
  }

  const std::string& place() const { return place_; }
  std::int64_t size() const {
    const std::vector<std::int64_t>& shape = cases_[0].input("a").shape;
    return shape[0] * shape[0] * shape[1];
  }

  Observation observe(Candidate& candidate, std::size_t operation) const {
    Observation seen = candidate.observe(cases_[operation], outputs_[operation]);
    if (seen.conduct == Conduct::unavailable || seen.conduct == Conduct::unsupported)
      throw std::runtime_error(
          fmt::format("{} cannot be run on {}: {}", candidate.info().name, place_, seen.detail));
    return without_uncompared(std::move(seen));
  }

  Cell cell(const Both<Observation>& seen, const std::string& algorithm) {
    Cell result;
    const Both<Expectation>& expected = expectations(algorithm);
    judge_by_budget(seen, expected, result);
    for (const AcceptanceRule& rule : foreign_rules())
      result.rejected.push_back(first_rejected(rule, seen, expected));
    return result;
  }

  /// Frees truth and yardstick.
  void clear() {
    expectations_.clear();
    baseline_.clear();
  }

 private:
  const Both<Expectation>& expectations(const std::string& algorithm) {
    auto known = expectations_.find(algorithm);
    if (known == expectations_.end()) {
      Both<Expectation> both;
      for (std::size_t o = 0; o < operations; ++o)
        both[o] = info_nce_column().expect(cases_[o], algorithm);
      known = expectations_.emplace(algorithm, std::move(both)).first;
    }
    if (baseline_.empty()) baseline_ = low_precision_info_nce(cases_[1]);
    return known->second;
  }

  void judge_by_budget(const Both<Observation>& seen, const Both<Expectation>& expected,
                       Cell& result) const {
    for (std::size_t o = 0; o < operations; ++o) {
      const Finding finding = judge(seen[o], expected[o], outputs_[o], {.confirm = false});
      result.refuted = result.refuted || finding.verdict == Verdict::refuted;
      if (finding.verdict != Verdict::certified && result.refused.empty())
        result.refused = fmt::format("{}: {}", name_of(finding.verdict), finding.reason);
      if (finding.elements_judged > 0 && finding.share.hi > result.share.hi) {
        result.share = finding.share;
        result.place = fmt::format("{}, {}[{}]", place_, finding.output, finding.element);
      }
    }
  }

  /// The first output that the rule rejects, or that is not there; "" when it accepts all.
  std::string first_rejected(const AcceptanceRule& rule, const Both<Observation>& seen,
                             const Both<Expectation>& expected) const {
    for (const auto& [name, operation] : compared) {
      const Tensor* tensor = find(seen[operation], name);
      if (tensor == nullptr || !rule.accepts(rule_output(*tensor, expected[operation])))
        return name;
    }
    return {};
  }

  /// The middle of the enclosure stands for the exact value. \throws std::runtime_error where there
  /// is none: such a case does not belong into a suite
  RuleOutput rule_output(const Tensor& tensor, const Expectation& expectation) const {
    const auto expected =
        std::find_if(expectation.outputs.begin(), expectation.outputs.end(),
                     [&](const OutputExpectation& e) { return e.name == tensor.name; });
    RuleOutput output{tensor.name, tensor.name.starts_with("grad_"), {}, {}, {}};
    output.baseline = baseline_.at(tensor.name);
    for (std::size_t i = 0; i < expected->truth.size(); ++i) {
      if (expected->demand[i] != Demand::within_budget)
        throw std::runtime_error(
            fmt::format("{}: {}[{}] lies outside the domain", place_, tensor.name, i));
      const Ends& truth = expected->truth[i];
      output.exact.push_back(std::midpoint(truth.lo, truth.hi));
      output.candidate.push_back(value_at(tensor, static_cast<std::int64_t>(i)));
    }
    return output;
  }

  std::string place_;
  Both<Case> cases_;
  Both<std::vector<engine::OutputSpec>> outputs_;
  std::map<std::string, Both<Expectation>> expectations_;
  std::map<std::string, std::vector<double>> baseline_;
};

const BuiltinEntry& entry_named(const std::string& name) {
  const BuiltinEntry* entry = find_builtin(info_nce_column().name(), name);
  if (entry == nullptr) throw std::runtime_error("no built-in candidate '" + name + "'");
  return *entry;
}

class MatrixRun {
 public:
  explicit MatrixRun(const KillMatrixOptions& options) : options_(options) {
    entries_.push_back(&entry_named(kernel));
    for (const BuiltinEntry& entry : builtin_entries())
      if (entry.info.contract == info_nce_column().name() && entry.role == BuiltinRole::variant)
        entries_.push_back(&entry);
    first_bug_ = entries_.size();
    for (const KillMatrixBug& bug : options.bugs)
      entries_.push_back(&entry_named("planted:" + std::string(name_of(bug.fault))));
    for (const KillMatrixSuite& suite : options.suites)
      for (const auto& [family, index] : suite.cases)
        runs_.push_back(std::make_unique<CaseRun>(family, index, options.seed));
    cells_.resize(runs_.size());
    order_.resize(runs_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
      return runs_[a]->size() > runs_[b]->size();  // the long ones first, for even loads
    });
  }

  KillMatrix run() {
    options_.progress(0, total());
    std::vector<std::thread> pool;
    for (int t = 0; t < std::max(1, options_.threads); ++t) pool.emplace_back([this] { work(); });
    for (std::thread& thread : pool) thread.join();
    if (error_) std::rethrow_exception(error_);
    return report();
  }

 private:
  using Candidates = std::map<const BuiltinEntry*, std::unique_ptr<Candidate>>;

  std::int64_t total() const { return static_cast<std::int64_t>(runs_.size() * entries_.size()); }

  void work() try {
    const reference::ThreadCaches caches;
    Candidates candidates;
    for (std::size_t at = next_++; at < order_.size() && !stop_; at = next_++)
      one_case(order_[at], candidates);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (error_) return;
    // The signal that interrupts this program reaches its workers too: their end is no finding.
    error_ = options_.interrupted() ? std::make_exception_ptr(Interrupted("interrupted"))
                                    : std::current_exception();
  }

  void one_case(std::size_t at, Candidates& candidates) {
    CaseRun& run = *runs_[at];
    const Both<Observation> clean = observe(run, *entries_[0], candidates, nullptr);
    std::vector<Cell>& row = cells_[at];
    for (const BuiltinEntry* entry : entries_) {
      if (options_.interrupted()) throw Interrupted("interrupted on " + run.place());
      const bool first = entry == entries_[0];
      const Both<Observation> seen = first ? clean : observe(run, *entry, candidates, &clean);
      const bool applied = !same_bits(seen[0], clean[0]) || !same_bits(seen[1], clean[1]);
      if (!first && !applied && entry->info.algorithm == entries_[0]->info.algorithm)
        row.push_back(row[0]);
      else
        row.push_back(run.cell(seen, entry->info.algorithm));
      row.back().applied = applied;
      const std::lock_guard lock(mutex_);
      options_.progress(++done_, total());
    }
    run.clear();
  }

  Both<Observation> observe(const CaseRun& run, const BuiltinEntry& entry, Candidates& candidates,
                            const Both<Observation>* clean) const {
    auto& candidate = candidates[&entry];
    if (!candidate)
      candidate = make_builtin_candidate(entry.info.contract, entry.info.name, options_.program,
                                         options_.limits);
    Both<Observation> seen;
    for (std::size_t o = 0; o < operations; ++o)
      seen[o] = clean != nullptr && entry.meant_for && !entry.meant_for(instance(o))
                    ? (*clean)[o]
                    : run.observe(*candidate, o);
    return seen;
  }

  KillMatrix report() const {
    KillMatrix matrix;
    matrix.contract = info_nce_column().name();
    matrix.seed = options_.seed;
    for (const KillMatrixBug& bug : options_.bugs) matrix.bugs.emplace_back(name_of(bug.fault));
    for (std::size_t c = 0; c < first_bug_; ++c) matrix.correct.push_back(entries_[c]->info.name);
    std::size_t first = 0;
    for (const KillMatrixSuite& suite : options_.suites) {
      matrix.suites.push_back(report(suite, first, matrix.bugs));
      first += suite.cases.size();
    }
    return matrix;
  }

  KillMatrixSuiteResult report(const KillMatrixSuite& suite, std::size_t first,
                               const std::vector<std::string>& bugs) const {
    KillMatrixSuiteResult result{suite.name,
                                 static_cast<std::int64_t>(suite.cases.size()),
                                 suite.all_demanded,
                                 {},
                                 {},
                                 {0, 0},
                                 ""};
    const std::size_t end = first + suite.cases.size();
    for (std::size_t b = 0; b < bugs.size(); ++b)
      if (!first_case(first, end, first_bug_ + b,
                      [](const Cell& c) { return c.applied ? "applied" : ""; }))
        result.not_applied.push_back(bugs[b]);
    for (std::size_t r = 0; r < foreign_rules().size(); ++r) {
      const auto rejects = [r](const Cell& c) { return c.rejected[r]; };
      result.rules.push_back(on_suite(foreign_rules()[r].name, first, end, bugs, rejects, rejects));
    }
    result.rules.push_back(on_suite(
        "Assay's budget", first, end, bugs,
        [](const Cell& c) { return c.refuted ? c.refused : ""; },
        [](const Cell& c) { return c.refused; }));
    for (std::size_t at = first; at < end; ++at)
      for (std::size_t c = 0; c < first_bug_; ++c)
        if (const Cell& cell = cells_[at][c]; cell.share.hi > result.largest_share.hi) {
          result.largest_share = cell.share;
          result.where = fmt::format("{} on {}", entries_[c]->info.name, cell.place);
        }
    return result;
  }

  template <class Kills, class Refuses>
  RuleOnSuite on_suite(const std::string& name, std::size_t first, std::size_t end,
                       const std::vector<std::string>& bugs, Kills kills, Refuses refuses) const {
    RuleOnSuite rule{name, {}, {}, {}};
    for (std::size_t b = 0; b < bugs.size(); ++b)
      (first_case(first, end, first_bug_ + b, kills) ? rule.killed : rule.missed)
          .push_back(bugs[b]);
    for (std::size_t c = 0; c < first_bug_; ++c)
      if (const auto at = first_case(first, end, c, refuses))
        rule.refused_correct.push_back(fmt::format("{} on {}: {}", entries_[c]->info.name,
                                                   runs_[*at]->place(), refuses(cells_[*at][c])));
    return rule;
  }

  /// The first case of which `what(cell)` says anything.
  template <class What>
  std::optional<std::size_t> first_case(std::size_t first, std::size_t end, std::size_t candidate,
                                        What what) const {
    for (std::size_t at = first; at < end; ++at)
      if (!std::string_view(what(cells_[at][candidate])).empty()) return at;
    return std::nullopt;
  }

  const KillMatrixOptions& options_;
  std::vector<const BuiltinEntry*> entries_;  // the kernel, its variants, the bugs
  std::size_t first_bug_ = 0;
  std::vector<std::unique_ptr<CaseRun>> runs_;
  std::vector<std::vector<Cell>> cells_;  // [case][entry]
  std::vector<std::size_t> order_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::int64_t done_ = 0;
  std::exception_ptr error_;
};

}  // namespace

Verdict KillMatrix::verdict() const {
  for (const KillMatrixSuiteResult& suite : suites)
    if (!suite.budget().accepts_correct() || (suite.all_demanded && !suite.budget().missed.empty()))
      return Verdict::refuted;
  return Verdict::certified;
}

KillMatrix run_info_nce_kill_matrix(const KillMatrixOptions& options) {
  MatrixRun run(options);
  return run.run();
}

}  // namespace assay::contract
