// SPDX-License-Identifier: Apache-2.0
// assay value --like: the loss as a library computes it, on a user's own embeddings.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "assay/command.hpp"
#include "assay/value_input.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/files/labels.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"
#include "reference/loss/info_nce_presets.hpp"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;
using reference::InfoNcePreset;

// Everything that determines the number, and what owns it.
struct Question {
  const InfoNcePreset* preset = nullptr;
  reference::InfoNceSetting setting;
  std::vector<double> a, b;
  std::vector<std::int64_t> labels;
  std::vector<std::uint8_t> mask;
  const char* labels_from = nullptr;  // where they were read, null where they were not
  reference::InfoNceFamilyProblem problem;
};

const InfoNcePreset& preset_named(const std::string& name) {
  std::vector<std::string> names;
  for (const InfoNcePreset& preset : reference::info_nce_presets()) names.push_back(preset.name);
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw engine::InputError("--like", "'" + name + "'",
                             fmt::format("unknown; did you mean '{}'? known are {}",
                                         engine::nearest(name, names), fmt::join(names, ", ")));
  return reference::info_nce_preset(name);
}

void apply_fields(const std::vector<std::string>& fields, reference::InfoNceSetting& setting) {
  for (const std::string& field : fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos)
      throw engine::InputError("--field", "'" + field + "'", "expected name=value");
    try {
      set_field(setting, field.substr(0, equals), field.substr(equals + 1));
    } catch (const std::invalid_argument& e) {
      throw engine::InputError("--field", "'" + field + "'", e.what());
    }
  }
}

// The parameter as it was given on the command line; else the library's default.
void choose_parameter(const ValueOptions& options, Question& q) {
  q.problem.parameter = q.preset->parameter;
  if (options.temperature) {
    q.setting.temperature_as = reference::TemperatureAs::temperature;
    q.problem.parameter = *positive_number("--temperature", options.temperature);
  } else if (options.scale) {
    q.setting.temperature_as = reference::TemperatureAs::scale;
    q.problem.parameter = *options.scale;
  } else if (q.setting.temperature_as != q.preset->setting.temperature_as) {
    throw engine::InputError("--field", "temperature-as",
                             "the library's default parameter has another form; say "
                             "--temperature or --scale");
  }
}

// Labels from --labels or from the embeddings' file, else every pair its own.
void read_labels(const ValueOptions& options, std::vector<std::int64_t> from_input, Question& q) {
  if (!options.labels.empty()) {
    if (q.setting.positives != reference::Positives::same_label)
      throw engine::InputError("--labels", options.labels,
                               "this setting reads no labels; say --field positives=same-label");
    if (!from_input.empty())
      throw engine::InputError("--labels", options.labels, options.input + " has labels too");
    q.labels = engine::load_labels(options.labels, q.problem.n);
    q.labels_from = "from --labels";
  } else if (!from_input.empty()) {
    q.labels = std::move(from_input);
    q.labels_from = "from the file";
  } else {
    for (std::int64_t i = 0; i < q.problem.n; ++i) q.labels.push_back(i);
  }
  q.problem.a_labels = q.labels.data();
  if (static_cast<std::int64_t>(q.labels.size()) == 2 * q.problem.n)
    q.problem.b_labels = q.labels.data() + q.problem.n;
}

void read_mask(const ValueOptions& options, Question& q) {
  const bool needed = q.setting.positives == reference::Positives::mask;
  if (options.mask.empty() && needed)
    throw engine::InputError("--field", "positives=mask", "needs --mask FILE.npy");
  if (options.mask.empty()) return;
  if (!needed)
    throw engine::InputError("--mask", options.mask,
                             "this setting reads no mask; say --field positives=mask");
  const bool joint = q.setting.directions == reference::Directions::joint_block;
  const std::int64_t keys = joint ? 2 * q.problem.n : q.problem.n;
  q.mask = engine::load_mask(options.mask, keys, keys);
  q.problem.mask = q.mask.data();
  q.problem.mask_stride = keys;
}

Question question_of(const ValueOptions& options) {
  Question q;
  q.preset = &preset_named(options.like);
  q.setting = q.preset->setting;
  apply_fields(options.fields, q.setting);
  choose_parameter(options, q);
  engine::LabelledEmbeddings input;
  if (options.second.empty())
    input = engine::load_labelled_embeddings(options.input);
  else
    input.embeddings = engine::load_embeddings(options.input, options.second);
  q.a = doubles_of(input.embeddings.a, options.input);
  q.b = doubles_of(input.embeddings.b, options.input);
  q.problem.a = q.a.data();
  q.problem.b = q.b.data();
  q.problem.n = input.embeddings.a.shape[0];
  q.problem.d = q.problem.a_stride = q.problem.b_stride = input.embeddings.a.shape[1];
  read_labels(options, std::move(input.labels), q);
  read_mask(options, q);
  return q;
}

const char* labels_text(const Question& q) {
  if (q.setting.positives != reference::Positives::same_label) return "not used";
  return q.labels_from != nullptr ? q.labels_from : "one per pair: the file has none";
}

const char* name_of(reference::TemperatureAs as) {
  static const char* const names[] = {"T", "scale", "log-scale"};
  return names[static_cast<int>(as)];
}

const char* name_of(reference::RowFate fate) {
  static const char* const names[] = {"counts", "zero", "skipped", "nan"};
  return names[static_cast<int>(fate)];
}

struct Answer {
  reference::InfoNceValue value;
  reference::InfoNceFamilyEnclosures rows;
  std::string loss(int digits) const {
    return rows.loss_is_nan ? "nan" : value.loss.to_string(digits + 2);
  }
  std::string tier() const {
    return fmt::format("{}-{}", reference::name_of(value.engine), value.bits);
  }
};

void print_json(const ValueOptions& options, const Question& q, const Answer& answer) {
  Json out = {{"contract", options.contract},
              {"like", q.preset->name},
              {"entry", q.preset->entry},
              {"observed", q.preset->observed},
              {"setting", text_of(q.setting)},
              {"labels", labels_text(q)},
              {"pairs", q.problem.n},
              {"dimensions", q.problem.d},
              {name_of(q.setting.temperature_as), q.problem.parameter},
              {"loss", answer.loss(options.digits)},
              {"tier", answer.tier()}};
  if (!answer.rows.loss_is_nan) out["loss_exact_ends"] = answer.value.loss.to_exact();
  if (options.rows) {
    Json loss = Json::array(), fate = Json::array();
    for (std::size_t i = 0; i < answer.rows.row_loss.size(); ++i) {
      const Ends& e = answer.rows.row_loss[i];
      loss.push_back(answer.rows.fate[i] == reference::RowFate::nan ? Json("nan")
                                                                    : Json::array({e.lo, e.hi}));
      fate.push_back(name_of(answer.rows.fate[i]));
    }
    out["row_loss"] = loss;
    out["row_fate"] = fate;
  }
  fmt::print("{}\n", out.dump(2));
}

void print_text(const ValueOptions& options, const Question& q, const Answer& answer) {
  fmt::print("{} like {} ({})  N = {} pairs, d = {}, {} = {}\n", options.contract, q.preset->name,
             q.preset->entry, q.problem.n, q.problem.d, name_of(q.setting.temperature_as),
             q.problem.parameter);
  fmt::print("setting  {}\n", text_of(q.setting));
  fmt::print("labels   {}\n", labels_text(q));
  if (!q.mask.empty()) fmt::print("mask     from --mask\n");
  if (answer.rows.loss_is_nan)
    fmt::print("loss is NaN, as declared\n");
  else
    fmt::print("loss in {}\n", answer.loss(options.digits));
  fmt::print("     tier {}\n", answer.tier());
  if (!options.rows) return;
  fmt::print("{:>8}  {:<8} {}\n", "row", "fate", "row_loss in");
  for (std::size_t i = 0; i < answer.rows.row_loss.size(); ++i)
    fmt::print("{:>8}  {:<8} [{:.17g}, {:.17g}]\n", i, name_of(answer.rows.fate[i]),
               answer.rows.row_loss[i].lo, answer.rows.row_loss[i].hi);
}

}  // namespace

ExitStatus value_like(const Common& common, const ValueOptions& options) {
  if (options.contract != "loss/info_nce")
    throw engine::InputError("--like", options.like, "belongs to loss/info_nce");
  check_positive("--scale", options.scale);
  const Question q = question_of(options);
  constexpr int row_bits = 128;  // far below a double's last place for every row
  Answer answer;
  answer.rows =
      enclose_info_nce_family(q.setting, q.problem, reference::engines().front(), row_bits);
  answer.value = info_nce_family_value(q.setting, q.problem, options.digits);
  if (common.json)
    print_json(options, q, answer);
  else
    print_text(options, q, answer);
  const bool known = answer.rows.loss_is_nan || answer.value.loss.agreed_digits() >= options.digits;
  return known ? ExitStatus::success : ExitStatus::undecided;
}

}  // namespace assay::cli
