// SPDX-License-Identifier: Apache-2.0
// The instances of loss/info_nce by name: directions, operation, format of the embeddings.
#pragma once

#include <string>
#include <vector>

#include "core/contract.hpp"

namespace assay::contract {

/// "joint-block", "one-direction/bf16", "joint-block/backward", "one-direction/backward/f16", ...
struct InfoNceInstanceName {
  bool joint = true;
  Operation operation = Operation::forward;
  Dtype input = Dtype::f32;

  std::string directions() const { return joint ? "joint-block" : "one-direction"; }
  std::string text() const;
  /// \throws engine::InputError that lists the known names
  static InfoNceInstanceName parse(const std::string& text);
  static InfoNceInstanceName of(const Contract& contract);
};

/// All instances, the binary32 ones first.
const std::vector<InfoNceInstanceName>& info_nce_instance_names();
/// The contract of an instance.
Contract info_nce_contract(const InfoNceInstanceName& name);

}  // namespace assay::contract
