// SPDX-License-Identifier: Apache-2.0
// The worker: this program started again to run a built-in candidate away from the checker.
#pragma once

namespace assay::contract {

/// What the hidden subcommand `assay worker` calls. Serves calls on inherited descriptors until the
/// checker closes its end; not meant to be called by hand.
/// \return the exit status: 0 when the checker went away, 2 when it was not started by a checker
int worker_main();

}  // namespace assay::contract
