// SPDX-License-Identifier: Apache-2.0
// JSON: refused where it is ambiguous, located where it is wrong, printed in one form.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "file_testing.hpp"
#include "properties/engine/files/json_reader.hpp"
#include "properties/engine/files/json_text.hpp"
#include "properties/engine/files/text.hpp"

namespace assay::engine {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using testing::expect_complaint;

TEST(StrictJson, RefusesDuplicateKeysDepthAndRest) {
  const auto parse = [](const char* text) { return [=] { parse_json(text, "f", "here", 3); }; };
  EXPECT_NO_THROW(parse(R"({"a": {"b": [1]}, "c": {"b": 2}})")());
  expect_complaint(parse(R"({"a": 1, "b": 2, "a": 3})"), {"f: here: JSON", "'a'", "twice"});
  expect_complaint(parse(R"([{"x": {"k": 1, "k": 1}}])"), {"'k'", "twice"});
  expect_complaint(parse("[[[[]]]]"), {"deeper than 3"});
  expect_complaint(parse("[1] 2"), {"JSON", "column 5"});
  expect_complaint(parse(""), {"JSON"});
  expect_complaint(parse("[1e999]"), {"JSON"});
  expect_complaint(parse("[\"\xff\"]"), {"JSON"});
  expect_complaint(parse("[NaN]"), {"JSON"});
}

TEST(StrictJson, AMillionBracketsAreOneComplaint) {
  expect_complaint([] { parse_json(std::string(1000000, '['), "f", "", 64); }, {"deeper than 64"});
}

TEST(StrictJson, TellsTheOrderOfTheOutermostKeys) {
  std::vector<std::string> keys;
  parse_json(R"({"z": {"q": 1}, "a": 1, "m": []})", "f", "", 8, &keys);
  EXPECT_EQ(keys, (std::vector<std::string>{"z", "a", "m"}));
}

RC_GTEST_PROP(JsonNumbers, EveryDoubleComesBackBitForBit, (std::uint64_t bits)) {
  const auto value = std::bit_cast<double>(bits);
  const json read = parse_json(json_text(json_of(value)), "f", "");
  const std::string source = "f";
  RC_ASSERT(std::bit_cast<std::uint64_t>(JsonReader(read, source).number()) == bits);
}

TEST(JsonNumbers, SpecialValuesAreWords) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json_of(inf), "inf");
  EXPECT_EQ(json_of(-inf), "-inf");
  EXPECT_EQ(json_of(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(json_of(std::bit_cast<double>(0xfff8000000000000u)), "nan:fff8000000000000");
  EXPECT_EQ(json_text(json_of(0.1)), "0.1\n");
  EXPECT_EQ(json_text(json_of(-0.0)), "-0.0\n");
  for (double value : {inf, -inf, -0.0, std::bit_cast<double>(0x7ff0dead0000beefu)}) {
    const json read = parse_json(json_text(json_of(value)), "f", "");
    const std::string source = "f";
    EXPECT_EQ(std::bit_cast<std::uint64_t>(JsonReader(read, source).number()),
              std::bit_cast<std::uint64_t>(value));
  }
}

class Reader : public ::testing::Test {
 protected:
  JsonReader read(const char* text) {
    document_ = parse_json(text, source_, "");
    return JsonReader(document_, source_);
  }
  const std::string source_ = "c.json";
  json document_;
};

TEST_F(Reader, NamesThePlaceByJsonPointer) {
  const auto r = read(R"({"a/b": [1, {"x~": "y"}]})");
  expect_complaint([&] { r.at("a/b").items()[1].at("x~").u64(); },
                   {"c.json: /a~1b/1/x~0: expected an integer", "'y'"});
  expect_complaint([&] { r.at("c"); }, {"c.json: /: the field 'c' is missing"});
}

TEST_F(Reader, ChecksTheFieldsOfAnObject) {
  const auto r = read(R"({"a": 1, "b": 2})");
  EXPECT_NO_THROW(r.object({"a", "b"}));
  EXPECT_NO_THROW(r.object({"a"}, {"b", "c"}));
  expect_complaint([&] { r.object({"a"}); }, {"unknown field 'b'"});
  expect_complaint([&] { r.object({"a", "b", "c"}); }, {"'c' is missing"});
  expect_complaint([&] { read("[]").object({}); }, {"expected an object, found array"});
}

TEST_F(Reader, KeepsIntegersExact) {
  EXPECT_EQ(read("18446744073709551615").u64(), 18446744073709551615u);
  EXPECT_EQ(read("-9223372036854775808").i64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read("9007199254740992").number(), 0x1p53);
  expect_complaint([&] { read("9007199254740993").number(); }, {"exact in double"});
  expect_complaint([&] { read("9223372036854775808").i64(); }, {"2^63 - 1"});
  expect_complaint([&] { read("18446744073709551616").u64(); }, {"2^64 - 1"});
  expect_complaint([&] { read("-1").u64(); }, {"2^64 - 1"});
  expect_complaint([&] { read("-1").count(); }, {"0 or more"});
  expect_complaint([&] { read("1.0").i64(); }, {"an integer"});
}

TEST_F(Reader, RefusesWhatIsNoNumber) {
  for (const char* text : {"\"NaN\"", "\"infinity\"", "\"nan:\"", "\"nan:3ff0000000000000\"",
                           "\"nan:7ff800000000000g\"", "true", "null", "[]"})
    expect_complaint([&] { read(text).number(); }, {"expected a number"});
  expect_complaint([&] { read("\"inf\"").finite(); }, {"finite"});
}

TEST_F(Reader, EndsAreOrderedAndNeverNan) {
  EXPECT_EQ(read(R"({"lo": "-inf", "hi": 2})").ends(),
            (Ends{-std::numeric_limits<double>::infinity(), 2}));
  expect_complaint([&] { read(R"({"lo": 2, "hi": 1})").ends(); }, {"above the upper end"});
  expect_complaint([&] { read(R"({"lo": "nan", "hi": 1})").ends(); }, {"NaN"});
  expect_complaint([&] { read(R"({"lo": 1})").ends(); }, {"'hi' is missing"});
}

TEST(JsonText, IsStableAndKeepsSmallThingsOnALine) {
  const ordered_json value{{"z", {{"lo", 0.5}, {"hi", 1.0}}},
                           {"list", {1, 2, 3}},
                           {"empty", ordered_json::array()},
                           {"deep", {{{"a", {1}}}}}};
  EXPECT_EQ(json_text(value),
            "{\n"
            "  \"z\": {\"lo\": 0.5, \"hi\": 1.0},\n"
            "  \"list\": [1, 2, 3],\n"
            "  \"empty\": [],\n"
            "  \"deep\": [\n"
            "    {\n"
            "      \"a\": [1]\n"
            "    }\n"
            "  ]\n"
            "}\n");
  EXPECT_EQ(parse_json(json_text(value), "f", ""), json(value));
}

TEST(JsonText, BrokenUtf8BecomesAReplacementCharacter) {
  EXPECT_EQ(json_text(ordered_json("a\xff z")), "\"a\xef\xbf\xbd z\"\n");
  EXPECT_EQ(json_text(ordered_json{{"k\xff", 1}}), "{\"k\xef\xbf\xbd\": 1}\n");
}

TEST(Text, HostileNamesStayOnOneShortLine) {
  EXPECT_EQ(in_quotes("a\nb\x1b[31m\xff"), "'a\\x0ab\\x1b[31m\\xff'");
  EXPECT_LT(in_quotes(std::string(100000, 'x')).size(), 100u);
  EXPECT_EQ(shown_path("d\xc3\xa9/a\nb"), "d\xc3\xa9/a\\x0ab");
  EXPECT_EQ(listed(std::vector<std::string>{}), "none");
  EXPECT_EQ(listed(std::vector<std::string>{"a", "b"}), "'a', 'b'");
}

}  // namespace
}  // namespace assay::engine
