// SPDX-License-Identifier: Apache-2.0
// For tests only: switches off the environment guard, to show what an unsound environment does.
#pragma once

namespace assay::reference::testing {

/// Makes `ensure_sound_environment` do nothing, in every thread, until `enable_environment_guard`.
/// The program never calls this: enclosures computed meanwhile prove nothing.
void disable_environment_guard();
void enable_environment_guard();

}  // namespace assay::reference::testing
