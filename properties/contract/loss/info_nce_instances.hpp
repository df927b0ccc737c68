// SPDX-License-Identifier: Apache-2.0
// The instances of loss/info_nce by name: setting, operation, format of the embeddings.
#pragma once

#include <string>
#include <vector>

#include "core/contract.hpp"

namespace assay::contract {

/// "joint-block", "one-direction/bf16", "joint-block/backward", "decoupled/backward/f16", ...
struct InfoNceInstanceName {
  bool joint = true;
  Operation operation = Operation::forward;
  Dtype input = Dtype::f32;
  std::string setting = {};  ///< of `info_nce_settings()`; empty for the two older instances

  std::string directions() const { return joint ? "joint-block" : "one-direction"; }
  std::string text() const;
  /// \throws engine::InputError that lists the known names
  static InfoNceInstanceName parse(const std::string& text);
  static InfoNceInstanceName of(const Contract& contract);
};

/// All instances: those of the joint block and of one direction first, the binary32 ones first,
/// then those of the settings.
const std::vector<InfoNceInstanceName>& info_nce_instance_names();
/// The contract of an instance. One of a setting has a field for every field of the setting.
Contract info_nce_contract(const InfoNceInstanceName& name);
/// Whether the instance is run where none is named: of the settings those in binary32, and the
/// narrow formats of two.
bool runs_unasked(const InfoNceInstanceName& name);

}  // namespace assay::contract
