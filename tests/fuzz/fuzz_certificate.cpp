// SPDX-License-Identifier: Apache-2.0
// Fuzzes the certificate reader: a certificate that is read is written, and writing is a fixed
// point.
#include <cstdint>
#include <cstdlib>

#include "properties/contract/certificate.hpp"
#include "properties/engine/input_error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  contract::Certificate certificate;
  try {
    certificate = contract::certificate_from_json(
        std::string(reinterpret_cast<const char*>(data), size), "fuzz");
  } catch (const engine::InputError&) {
    return 0;
  }
  const std::string text = contract::to_json(certificate);
  if (contract::to_json(contract::certificate_from_json(text, "again")) != text) std::abort();
  for (const auto& check : certificate.checks)
    for (const auto& refuted : check.refuted) {
      contract::sha256_of_case(refuted.input);
      contract::sha256_of_outputs(refuted.observation.outputs);
    }
  return 0;
}
