// SPDX-License-Identifier: Apache-2.0
// assay value: enclosures on a user's own embeddings.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assay/command.hpp"
#include "assay/value_input.hpp"
#include "properties/contract/column.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"
#include "reference/bound/catalogue.hpp"
#include "reference/loss/info_nce.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;
using reference::Interval;

constexpr double default_temperature = 0.1;

// Embeddings as exact doubles, row-major.
struct Doubles {
  std::vector<double> a, b;
};

reference::InfoNceProblem problem_of(const engine::Embeddings& e, const Doubles& x,
                                     const ValueOptions& options) {
  reference::InfoNceProblem p;
  p.a = x.a.data();
  p.b = x.b.data();
  p.n = e.a.shape[0];
  p.d = e.a.shape[1];
  p.a_stride = p.b_stride = p.d;
  p.temperature =
      positive_number("--temperature", options.temperature).value_or(default_temperature);
  p.form = options.directions == "joint-block" ? reference::InfoNceForm::joint_block
                                               : reference::InfoNceForm::one_direction;
  p.entries_are_float32 = e.a.dtype == Dtype::f32;
  return p;
}

// The loss to the digits asked for: from the batched tier when that suffices, else from an engine.
struct Loss {
  Interval interval;
  std::string tier;
};

Loss loss_of(const reference::InfoNceProblem& problem, int digits) {
  if (const auto quick = enclose_info_nce_a_priori(problem, false)) {
    const Interval interval = Interval::between(quick->loss.lo, quick->loss.hi);
    if (interval.agreed_digits() >= digits) return {interval, quick->tier};
  }
  const reference::InfoNceValue value = info_nce_value(problem, digits);
  return {value.loss, fmt::format("{}-{}", name_of(value.engine), value.bits)};
}

Json ends_json(const Ends& e) { return Json::array({e.lo, e.hi}); }

void print_json(const ValueOptions& options, const reference::InfoNceProblem& problem,
                const Loss& loss, const std::optional<reference::InfoNceEnclosures>& rows) {
  Json out = {{"contract", options.contract},
              {"directions", options.directions},
              {"pairs", problem.n},
              {"dimensions", problem.d},
              {"temperature", problem.temperature},
              {"loss", loss.interval.to_string(options.digits + 2)},
              {"loss_exact_ends", loss.interval.to_exact()},
              {"tier", loss.tier}};
  if (rows) {
    Json row_loss = Json::array(), row_lse = Json::array();
    for (const Ends& e : rows->row_loss) row_loss.push_back(ends_json(e));
    for (const Ends& e : rows->row_lse) row_lse.push_back(ends_json(e));
    out["row_loss"] = row_loss;
    out["row_lse"] = row_lse;
    out["rows_tier"] = rows->tier;
  }
  fmt::print("{}\n", out.dump(2));
}

void print_text(const ValueOptions& options, const reference::InfoNceProblem& problem,
                const Loss& loss, const std::optional<reference::InfoNceEnclosures>& rows) {
  fmt::print("{}:{}  N = {} pairs, d = {}, T = {}\n", options.contract, options.directions,
             problem.n, problem.d, problem.temperature);
  fmt::print("loss in {}\n", loss.interval.to_string(options.digits + 2));
  fmt::print("     tier {}\n", loss.tier);
  if (!rows) return;
  fmt::print("{:>8}  {:<48} {}\n", "row", "row_loss in", "row_lse in");
  for (std::size_t i = 0; i < rows->row_loss.size(); ++i)
    fmt::print("{:>8}  {:<48} [{:.17g}, {:.17g}]\n", i,
               fmt::format("[{:.17g}, {:.17g}]", rows->row_loss[i].lo, rows->row_loss[i].hi),
               rows->row_lse[i].lo, rows->row_lse[i].hi);
}

// Contracts and bounds share one list of names.
void refuse_unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const contract::Column* column : contract::columns()) {
    if (column->name() == name) return;
    names.push_back(column->name());
  }
  for (const reference::Bound& bound : reference::bounds()) names.push_back(bound.name);
  throw engine::InputError("'" + name + "'", "",
                           fmt::format("unknown; did you mean '{}'? known are {}",
                                       engine::nearest(name, names), fmt::join(names, ", ")));
}

}  // namespace

ExitStatus value(const Common& common, const ValueOptions& options) {
  if (reference::find_bound(options.contract)) return value_bound(common, options);
  refuse_unknown(options.contract);
  if (!options.given_for_bound.empty())
    throw engine::InputError(options.given_for_bound.front(), "", "belongs to a bound of a paper");
  if (options.input.empty()) throw engine::InputError("--input", "", "is required");
  if (!options.like.empty()) return value_like(common, options);
  const engine::Embeddings embeddings =
      options.second.empty() ? engine::load_embeddings(options.input)
                             : engine::load_embeddings(options.input, options.second);
  const Doubles x{doubles_of(embeddings.a, options.input), doubles_of(embeddings.b, options.input)};
  const reference::InfoNceProblem problem = problem_of(embeddings, x, options);
  const Loss loss = loss_of(problem, options.digits);
  std::optional<reference::InfoNceEnclosures> rows;
  if (options.rows) {
    rows = enclose_info_nce_a_priori(problem);
    constexpr int row_bits = 128;  // far below a double's last place for every row
    if (!rows) rows = enclose_info_nce(problem, reference::engines().front(), row_bits);
  }
  if (common.json)
    print_json(options, problem, loss, rows);
  else
    print_text(options, problem, loss, rows);
  return loss.interval.agreed_digits() >= options.digits ? ExitStatus::success
                                                         : ExitStatus::undecided;
}

}  // namespace assay::cli
