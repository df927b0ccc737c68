// SPDX-License-Identifier: Apache-2.0
// The one exception for bad input from outside: files, frames, names.
#pragma once

#include <stdexcept>
#include <string>

namespace assay::engine {

/// Bad input: names the thing and the place in it, in one line. The command line turns it into exit
/// status 2. Example: "embeddings.npy: header: shape (3, 4) needs 48 bytes of data, the file has
/// 40".
class InputError : public std::runtime_error {
 public:
  InputError(const std::string& thing, const std::string& place, const std::string& what)
      : std::runtime_error(thing + ": " + (place.empty() ? "" : place + ": ") + what) {}
};

}  // namespace assay::engine
