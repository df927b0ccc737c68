// SPDX-License-Identifier: Apache-2.0
// Foreign programs on a pipe: one that is honest and many that are not.
#pragma once

namespace assay::contract {

/// Speaks the pipe protocol on standard input and output, with one fault: "honest", "f64", ...
int foreign_main(const char* fault);

}  // namespace assay::contract
