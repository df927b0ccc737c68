// SPDX-License-Identifier: Apache-2.0
// The header of an .npy file: a Python dictionary of three entries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::engine {

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }" with the keys in any order,
/// any white space and either kind of quotes, and nothing else. `long_suffix` allows the "3L" of
/// Python 2 (format versions 1.0 and 2.0). \throws InputError naming `source` and the byte
NpyHeader parse_npy_header(std::string_view text, const std::string& source, bool long_suffix);

}  // namespace assay::engine
