// SPDX-License-Identifier: Apache-2.0
// Certificates obey the published schema, and the schema refuses what the reader refuses.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "properties/contract/certificate.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "random_certificate.hpp"
#include "tests/properties/engine/files/file_testing.hpp"

namespace assay::contract {
namespace {

using engine::testing::Scratch;
using nlohmann::json;

// Validates every file named *.json in a directory; the exit status is the number of invalid ones.
constexpr const char* validator = R"(
import json, pathlib, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
invalid = 0
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.json")):
    errors = list(validator.iter_errors(json.load(open(path))))
    invalid += bool(errors)
    if errors and "--quiet" not in sys.argv:
        print(path.name, list(errors[0].absolute_path), errors[0].message[:200])
sys.exit(invalid)
)";

class CertificateSchema : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") != 0)
      GTEST_SKIP() << "no jsonschema for /usr/bin/python3 (Debian: python3-jsonschema)";
    engine::write_file_atomically(scratch_ / "validate.py", validator);
  }
  int invalid(const char* option = "") {
    const std::string command = "/usr/bin/python3 " + (scratch_ / "validate.py") +
                                " " ASSAY_SOURCE_DIR "/docs/schema/certificate-1.schema.json " +
                                scratch_.path() + " " + option;
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void write(const std::string& name, const std::string& text) {
    engine::write_file_atomically(scratch_ / (name + ".json"), text);
  }
  const Scratch scratch_;
};

TEST_F(CertificateSchema, EveryWrittenCertificateIsValid) {
  write("example", to_json(testing::example_certificate()));
  write("empty", to_json(Certificate{}));
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    write("random-" + std::to_string(seed), to_json(testing::random_certificate(seed)));
  EXPECT_EQ(invalid(), 0);
}

TEST_F(CertificateSchema, WrongCertificatesAreInvalid) {
  const struct {
    const char* pointer;
    json value;
  } wrong[] = {
      {"/format", "assay-certificate/2"},
      {"/verdict", "fine"},
      {"/extra", 1},
      {"/seed", -1},
      {"/false_alarm_alpha", 2},
      {"/checks/0/contract/input", "f33"},
      {"/checks/0/contract_sha256", "abc"},
      {"/checks/0/largest_share/lo", "NaN"},
      {"/checks/0/largest_share/lo", "nan"},
      {"/checks/0/cases/0/descriptor/index", "3"},
      {"/checks/0/refuted/0/role", "largest"},
      {"/checks/0/refuted/0/observation/conduct", "sulked"},
      {"/checks/0/refuted/0/case/inputs/0/data", "AAA"},
      {"/checks/0/refuted/0/case/inputs/0/shape/0", -1},
      {"/checks/0/refuted/0/finding/element", -2},
  };
  int written = 0;
  for (const auto& [pointer, value] : wrong) {
    json changed = json::parse(to_json(testing::example_certificate()));
    changed[json::json_pointer(pointer)] = value;
    write("wrong-" + std::to_string(written++), changed.dump());
    EXPECT_THROW(certificate_from_json(changed.dump(), "c.json"), engine::InputError) << pointer;
  }
  EXPECT_EQ(invalid("--quiet"), written);
}

}  // namespace
}  // namespace assay::contract
