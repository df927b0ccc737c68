// SPDX-License-Identifier: Apache-2.0
// Witness files.
#include "properties/engine/claim/witness.hpp"

#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/hash.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_numbers = 1u << 20;

std::string digest(const std::string& claim, const Json& instance) {
  return sha256_hex(claim + "\n" + nlohmann::json(instance).dump());  // keys in alphabetic order
}

/// "2^-1000000" is short in the file and long in memory and in every product.
constexpr int longest_number = 1 << 14, most_bits = 1 << 24;

Real real_at(const JsonReader& r) {
  try {
    const std::string text = r.string();
    if (text.size() > longest_number) r.fail("the number is too long for a witness");
    Real x = Real::parse(text);
    if (x.complexity() > longest_number)
      r.fail("the number has more than " + std::to_string(longest_number) + " bits");
    return x;
  } catch (const std::invalid_argument& error) {
    r.fail(error.what());
  }
}

Block block_at(const JsonReader& r) {
  r.object({"name", "kind", "dimensions", "values"}, {"squared_scale"});
  Block b;
  b.name = r.at("name").string();
  try {
    b.kind = block_kind_of(r.at("kind").string());
  } catch (const std::invalid_argument& error) {
    r.at("kind").fail(error.what());
  }
  std::size_t size = 1;
  for (const JsonReader& d : r.at("dimensions").items()) {
    const std::int64_t n = d.count();
    if (n < 1 || n > 4096) d.fail("a dimension is from 1 to 4096");
    b.dimensions.push_back(static_cast<int>(n));
    if ((size *= static_cast<std::size_t>(n)) > most_numbers) d.fail("the block is too large");
  }
  if (r.has("squared_scale")) b.squared_scale = real_at(r.at("squared_scale"));
  long long bits = 0;
  for (const JsonReader& x : r.at("values").items()) {
    b.values.push_back(real_at(x));
    if ((bits += b.values.back().complexity()) > most_bits)
      x.fail("the block has more than " + std::to_string(most_bits) + " bits");
  }
  if (b.values.size() != size)
    r.at("values").fail(std::to_string(b.values.size()) + " numbers; the dimensions say " +
                        std::to_string(size));
  const bool grouped = b.kind != BlockKind::scalar && b.kind != BlockKind::integer;
  if (b.dimensions.empty() && grouped)
    r.at("dimensions").fail("this kind of block needs dimensions");
  return b;
}

Instance instance_at(const JsonReader& r) {
  r.object({"integers", "choices", "blocks"});
  Instance i;
  for (const auto& [name, value] : r.at("integers").members()) {
    const std::int64_t n = value.i64();
    if (n < -4096 || n > 1 << 20) value.fail("out of range");
    i.shape.integers.emplace_back(name, static_cast<int>(n));
  }
  for (const auto& [name, value] : r.at("choices").members())
    i.shape.choices.emplace_back(name, value.string());
  for (const JsonReader& b : r.at("blocks").items()) i.blocks.push_back(block_at(b));
  return i;
}

}  // namespace

Json json_of(const Instance& exact) {
  Json integers = Json::object(), choices = Json::object(), blocks = Json::array();
  for (const auto& [name, value] : exact.shape.integers) integers[name] = value;
  for (const auto& [name, value] : exact.shape.choices) choices[name] = value;
  for (const Block& b : exact.blocks) {
    Json values = Json::array();
    for (const Real& x : b.values) values.push_back(x.text());
    Json block = {{"name", b.name}, {"kind", name_of(b.kind)}, {"dimensions", b.dimensions}};
    if (equal(b.squared_scale, Real(1)) != Truth::yes)
      block["squared_scale"] = b.squared_scale.text();
    block["values"] = std::move(values);
    blocks.push_back(std::move(block));
  }
  return {{"integers", integers}, {"choices", choices}, {"blocks", blocks}};
}

Json witness_json(const Claim& claim, const Find& find) {
  const Json instance = json_of(find.instance);
  return {{"schema", witness_schema},
          {"claim", claim.id},
          {"kind", name_of(claim.kind)},
          {"paper", claim.paper},
          {"place", claim.place},
          {"statement", claim.statement},
          {"relation", symbol_of(claim.relation)},
          {"shows", claim.quantifier == Quantifier::every ? "a violation" : "an example"},
          {"in_words", find.instance.text()},
          {"instance", instance},
          {"left", find.trial.left_text},
          {"right", find.trial.right_text},
          {"margin", find.trial.margin_text},
          {"confirmed", find.trial.confirmation},
          {"found", find.path},
          {"digest", digest(claim.id, instance)}};
}

Witness parse_witness(const std::string& text, const std::string& source) {
  const nlohmann::json document = parse_json(text, source, "");
  const JsonReader r(document, source);
  r.object({"schema", "claim", "statement", "instance", "digest"},
           {"kind", "paper", "place", "relation", "shows", "in_words", "left", "right", "margin",
            "confirmed", "found"});
  if (r.at("schema").string() != witness_schema)
    r.at("schema").fail("this program reads " + std::string(witness_schema));
  Witness w{r.at("claim").string(), r.at("statement").string(), instance_at(r.at("instance"))};
  if (digest(w.claim, json_of(w.instance)) != r.at("digest").sha256())
    throw InputError(source, "/digest",
                     "claim and instance are not the ones this witness was written with: the file "
                     "was changed");
  return w;
}

}  // namespace assay::engine
