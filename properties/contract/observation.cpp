// SPDX-License-Identifier: Apache-2.0
// Names of conducts and which of them refute.
#include "properties/contract/observation.hpp"

namespace assay::contract {
namespace {

constexpr Conduct all_conducts[] = {
    Conduct::returned,      Conduct::unsupported, Conduct::unavailable,      Conduct::failed,
    Conduct::crashed,       Conduct::hung,        Conduct::stray_read,       Conduct::stray_write,
    Conduct::input_written, Conduct::unwritten,   Conduct::nondeterministic, Conduct::bad_reply,
};

}  // namespace

std::string_view name_of(Conduct conduct) {
  switch (conduct) {
    case Conduct::returned: return "returned";
    case Conduct::unsupported: return "unsupported";
    case Conduct::unavailable: return "unavailable";
    case Conduct::failed: return "failed";
    case Conduct::crashed: return "crashed";
    case Conduct::hung: return "hung";
    case Conduct::stray_read: return "stray_read";
    case Conduct::stray_write: return "stray_write";
    case Conduct::input_written: return "input_written";
    case Conduct::unwritten: return "unwritten";
    case Conduct::nondeterministic: return "nondeterministic";
    case Conduct::bad_reply: return "bad_reply";
  }
  return "?";
}

std::optional<Conduct> conduct_named(std::string_view name) {
  for (Conduct conduct : all_conducts)
    if (name_of(conduct) == name) return conduct;
  return std::nullopt;
}

bool is_violation(Conduct conduct) {
  return conduct != Conduct::returned && conduct != Conduct::unsupported &&
         conduct != Conduct::unavailable;
}

}  // namespace assay::contract
