// SPDX-License-Identifier: Apache-2.0
// The program `assay`.
#include "assay/command.hpp"

int main(int argc, char** argv) { return assay::cli::main_with(argc, argv); }
