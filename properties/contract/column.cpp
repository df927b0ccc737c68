// SPDX-License-Identifier: Apache-2.0
// The registry of columns: one line per contract.
#include "properties/contract/column.hpp"

#include "properties/contract/loss/info_nce.hpp"
#include "properties/engine/input_error.hpp"
#include "properties/engine/nearest.hpp"

namespace assay::contract {

const std::vector<const Column*>& columns() {
  static const std::vector<const Column*> all = {&info_nce_column()};
  return all;
}

const Column& column_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Column* column : columns()) {
    if (column->name() == name) return *column;
    names.push_back(column->name());
  }
  throw engine::InputError(
      "contract '" + name + "'", "",
      "unknown; the nearest is '" + engine::nearest(name, names) + "' (see `assay list`)");
}

}  // namespace assay::contract
