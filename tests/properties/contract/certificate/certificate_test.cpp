// SPDX-License-Identifier: Apache-2.0
// Certificates: what is written is read back, field by field and bit for bit; hashes mean inputs.
#include "properties/contract/certificate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <set>
#include <stdexcept>

#include "random_certificate.hpp"
#include "tests/properties/engine/files/file_testing.hpp"

namespace assay::contract {
namespace {

using testing::example_certificate;
using testing::random_certificate;
using testing::same;

RC_GTEST_PROP(Certificate, EveryCertificateComesBack, (std::uint64_t seed)) {
  const Certificate c = random_certificate(seed);
  const std::string text = to_json(c);
  const Certificate read = certificate_from_json(text, "c.json");
  RC_ASSERT(same(read, c));
  RC_ASSERT(to_json(read) == text);
}

TEST(Certificate, IsReadableByPeople) {
  const std::string text = to_json(example_certificate());
  for (const char* line :
       {"\"format\": \"assay-certificate/1\"", "\"share\": {\"lo\": 4096.0, \"hi\": \"inf\"}",
        "\"largest_share_where\": \"clusters #3, loss[0]\"", "\"values\": [0.6, 0.8]",
        "\"scalars\": {\"temperature\": 0.5}"})
    EXPECT_NE(text.find(line), std::string::npos) << line << " not in\n" << text;
  EXPECT_EQ(text.back(), '\n');
}

TEST(Certificate, BrokenUtf8OfACandidateDoesNotLoseTheCertificate) {
  Certificate c = example_certificate();
  c.checks[0].refuted[0].observation.detail = "stderr: \xff\xfe";
  const Certificate read = certificate_from_json(to_json(c), "c.json");
  EXPECT_EQ(read.checks[0].refuted[0].observation.detail, "stderr: \xef\xbf\xbd\xef\xbf\xbd");
}

// Every change of a case gives another hash, and the same case the same one.
TEST(CaseHash, CoversEveryPartOfTheInput) {
  const engine::Case original = example_certificate().checks[0].refuted[0].input;
  std::set<std::string> hashes{sha256_of_case(original)};
  const auto changed = [&](auto change) {
    engine::Case c = original;
    change(c);
    EXPECT_TRUE(hashes.insert(sha256_of_case(c)).second);
  };
  changed([](engine::Case& c) { c.inputs[0].name = "aa"; });
  changed([](engine::Case& c) { c.inputs[0].dtype = Dtype::u32; });
  changed([](engine::Case& c) { c.inputs[0].shape = {2, 1}; });
  changed([](engine::Case& c) { c.inputs[0].strides = {3, 1}; });
  changed([](engine::Case& c) { c.inputs[0].bytes[5] ^= std::byte{1}; });
  changed([](engine::Case& c) { c.inputs.pop_back(); });
  changed([](engine::Case& c) { std::swap(c.inputs[0].bytes, c.inputs[1].bytes); });
  changed([](engine::Case& c) { c.scalars["temperature"] = 0.25; });
  changed([](engine::Case& c) { c.scalars["temperature"] = -0.5; });
  changed([](engine::Case& c) { c.scalars["x"] = 0; });
  changed([](engine::Case& c) { c.scalars["x"] = -0.0; });
  changed([](engine::Case& c) { c.options["directions"] = "one-direction"; });
  changed([](engine::Case& c) { c.options.clear(); });
}

TEST(CaseHash, IgnoresWhereTheCaseCameFromAndTheOrderOfNames) {
  engine::Case c = example_certificate().checks[0].refuted[0].input;
  const std::string hash = sha256_of_case(c);
  c.descriptor = {};
  std::swap(c.inputs[0], c.inputs[1]);
  EXPECT_EQ(sha256_of_case(c), hash);
}

TEST(CaseHash, CoversThePaddingOfInputs) {
  engine::Case c;
  Tensor t = Tensor::of_floats("a", {3}, {1, 99, 2});
  t.shape = {2, 1};
  t.strides = {2, 1};
  c.inputs = {t};
  const std::string hash = sha256_of_case(c);
  c.inputs[0].as<float>()[1] = 7;
  EXPECT_NE(sha256_of_case(c), hash);
}

// The canonical form is a promise to other programs: docs/certificate.md describes these bytes.
TEST(CaseHash, IsTheHashOfTheDocumentedBytes) {
  engine::Case c;
  c.inputs = {Tensor::of_floats("a", {2}, {1, 2})};
  c.scalars = {{"t", 0.5}};
  c.options = {{"k", "v"}};
  EXPECT_EQ(sha256_of_case(c), "61af7a38930877f0ac5f6dce250020d944d9aec62f0f7106ca02a21152d03df6");
  EXPECT_EQ(sha256_of_outputs(c.inputs),
            "7c5a9cbe956d175879f8245b8bc06589a975fda7b5cc6cf846a25551581f8ade");
}

TEST(OutputHash, IgnoresLayoutAndOrderButNothingElse) {
  const Tensor dense = Tensor::of_floats("x", {2, 2}, {1, 2, 3, 4});
  Tensor padded = Tensor::of_floats("x", {6}, {1, 2, 99, 3, 4, 99});
  padded.shape = {2, 2};
  padded.strides = {3, 1};
  const Tensor other = Tensor::of_floats("y", {1}, {5});
  const std::string hash = sha256_of_outputs({dense, other});
  EXPECT_EQ(sha256_of_outputs({padded, other}), hash);
  EXPECT_EQ(sha256_of_outputs({other, dense}), hash);
  Tensor zero = dense, name = dense, shape = dense;
  zero.as<float>()[0] = -1;
  name.name = "z";
  shape.shape = {4};
  shape.strides = {1};
  for (const Tensor& changed : {zero, name, shape})
    EXPECT_NE(sha256_of_outputs({changed, other}), hash);
  EXPECT_NE(sha256_of_outputs({dense}), hash);
}

TEST(OutputHash, InconsistentTensorsAreTheCallersFault) {
  Tensor t = Tensor::of_floats("x", {2}, {1, 2});
  t.bytes.pop_back();
  EXPECT_THROW(sha256_of_outputs({t}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::contract
