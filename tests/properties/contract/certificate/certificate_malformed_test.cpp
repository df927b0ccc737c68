// SPDX-License-Identifier: Apache-2.0
// Certificates that are wrong in one place: refused, with the JSON pointer of that place.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "properties/contract/certificate.hpp"
#include "random_certificate.hpp"
#include "tests/properties/engine/files/file_testing.hpp"
#include "tests/properties/engine/files/malformed.hpp"

namespace assay::contract {
namespace {

using engine::testing::expect_complaint;
using nlohmann::json;
using testing::example_certificate;

const json& good() {
  static const json document = json::parse(to_json(example_certificate()));
  return document;
}

void read(const json& document) { certificate_from_json(document.dump(), "c.json"); }

TEST(MalformedCertificate, OneWrongValueIsNamedByItsPointer) {
  const struct {
    const char* pointer;
    json value;
    const char* complaint;
  } wrong[] = {
      {"/format", "assay-certificate/2", "'assay-certificate/2' is not known"},
      {"/format", "assay-witness/1", "expected a certificate"},
      {"/format", 1, "expected a string"},
      {"/verdict", "fine", "unknown verdict 'fine'"},
      {"/verdict", true, "expected a string"},
      {"/interrupted", 0, "expected true or false"},
      {"/engines", "arb", "expected an array"},
      {"/engines/0", 7, "expected a string"},
      {"/environment/compiler", nullptr, "expected a string"},
      {"/seed", -1, "2^64 - 1"},
      {"/seed", 1.5, "2^64 - 1"},
      {"/budget", -1, "0 or more"},
      {"/false_alarm_alpha", "inf", "finite"},
      {"/false_alarm_alpha", 2, "probability"},
      {"/checks/0/verdict", "", "unknown verdict"},
      {"/checks/0/contract/version", -1, "0 or more"},
      {"/checks/0/contract/version", 3000000000, "too large"},
      {"/checks/0/contract/operation", "sideways", "unknown operation 'sideways'"},
      {"/checks/0/contract/input", "f33", "unknown dtype 'f33'"},
      {"/checks/0/contract/fields/0", json::array(), "expected an object"},
      {"/checks/0/contract_sha256", "abc", "64 lower-case"},
      {"/checks/0/candidate/deterministic", "yes", "true or false"},
      {"/checks/0/largest_share", json::array({1, 2}), "expected an object"},
      {"/checks/0/largest_share/lo", "NaN", "expected a number"},
      {"/checks/0/largest_share/lo", "nan", "never NaN"},
      {"/checks/0/largest_share/hi", 1, "above the upper end"},
      {"/checks/0/families/0/refuted", -3, "0 or more"},
      {"/checks/0/vacuity/0/tried", 0.5, "an integer"},
      {"/checks/0/cases/0/descriptor/index", 18446744073709551616.0, "2^64 - 1"},
      {"/checks/0/cases/0/input_sha256", std::string(64, 'A'), "64 lower-case"},
      {"/checks/0/refuted/0/role", "largest", "unknown role 'largest'"},
      {"/checks/0/refuted/0/case/scalars/temperature", "warm", "expected a number"},
      {"/checks/0/refuted/0/case/options/directions", 1, "expected a string"},
      {"/checks/0/refuted/0/case/inputs/0/data", "AAAA", "there are 3 bytes"},
      {"/checks/0/refuted/0/case/inputs/0/data", "AAA", "base64"},
      {"/checks/0/refuted/0/case/inputs/0/shape", json::array({2, 2}), "(2, 2)"},
      {"/checks/0/refuted/0/case/inputs/0/values/1", 0.75, "contradicts"},
      {"/checks/0/refuted/0/observation/conduct", "sulked", "unknown conduct 'sulked'"},
      {"/checks/0/refuted/0/observation/outputs/0/dtype", "i32", "only short f32 and f64"},
      {"/checks/0/refuted/0/finding/element", -2, "counted from 0"},
      {"/checks/0/refuted/0/finding/truth/lo", 1, "above the upper end"},
  };
  for (const auto& [pointer, value, complaint] : wrong) {
    json changed = good();
    changed.at(json::json_pointer(pointer)) = value;
    SCOPED_TRACE(pointer);
    // A tensor or an enclosure complains as a whole: the pointer starts with the parent's.
    const std::string parent = json::json_pointer(pointer).parent_pointer().to_string();
    expect_complaint([&] { read(changed); },
                     {"c.json: ", parent.empty() ? "/" : parent, complaint});
  }
}

// Removes, renames and retypes every field of the document, one after the other.
void spoil_every_field(const json& document, const json::json_pointer& here, std::size_t& fields) {
  const json& value = document.at(here);
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i) spoil_every_field(document, here / i, fields);
  if (!value.is_object()) return;
  const std::string last = here.empty() ? "" : here.back();
  const bool free_keys = last == "environment" || last == "scalars" || last == "options";
  for (const auto& [key, member] : value.items()) {
    ++fields;
    SCOPED_TRACE((here / key).to_string());
    json retyped = document;
    retyped[here / key] = json::object({{"x", json::array()}});
    expect_complaint([&] { read(retyped); }, {"c.json: /", key});
    // Files of older programs do without.
    const bool optional = key == "modelled" || key == "laws" || key == "violated_laws";
    if (!free_keys && key != "values" && !optional) {
      json removed = document;
      removed.at(here).erase(key);
      expect_complaint([&] { read(removed); }, {"'" + key + "' is missing"});
    }
    if (!free_keys) {
      json extra = document;
      extra[here / (key + "_")] = 1;
      expect_complaint([&] { read(extra); }, {"unknown field '" + key + "_'"});
    }
    spoil_every_field(document, here / key, fields);
  }
}

TEST(MalformedCertificate, NoFieldMayBeMissingStrangeOrOfAnotherType) {
  std::size_t fields = 0;
  EXPECT_NO_THROW(read(good()));
  spoil_every_field(good(), json::json_pointer(), fields);
  EXPECT_GT(fields, 100u);
}

TEST(MalformedCertificate, TextThatIsNoCertificateIsRefused) {
  const auto parse = [](const std::string& text) {
    return [=] { certificate_from_json(text, "c.json"); };
  };
  expect_complaint(parse(""), {"c.json: JSON"});
  expect_complaint(parse("{}"), {"c.json: /: the field 'format' is missing"});
  expect_complaint(parse("[]"), {"expected an object"});
  expect_complaint(parse(std::string(100000, '[')), {"deeper than 16"});
  std::string twice = good().dump();
  twice.insert(1, "\"verdict\": \"certified\", ");
  expect_complaint(parse(twice), {"'verdict'", "twice"});
}

TEST(MalformedCertificate, DamagedTextIsReadOrRefused) {
  const std::string text = good().dump();  // compact: fewer places that are mere white space
  const auto outcome = engine::testing::survives_damage(
      engine::testing::bytes_of(text),
      [](const std::vector<std::byte>& bytes) {
        certificate_from_json(engine::testing::text_of(bytes), "damaged");
      },
      {.flipped_bytes = 64, .rounds = 1000});
  EXPECT_EQ(outcome.truncations_accepted, 0u);
  EXPECT_GT(outcome.refused, outcome.accepted);
}

}  // namespace
}  // namespace assay::contract
