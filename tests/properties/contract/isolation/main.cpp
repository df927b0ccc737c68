// SPDX-License-Identifier: Apache-2.0
// The isolation tests start themselves again: as a worker with misbehaving candidates, and as a
// foreign program on a pipe.
#include <gtest/gtest.h>

#include <cstring>

#include "properties/contract/worker.hpp"
#include "tests/properties/contract/isolation/foreign.hpp"
#include "tests/properties/contract/isolation/misbehaving.hpp"

int main(int argc, char** argv) {
  assay::contract::register_misbehaving();
  if (argc > 1 && std::strcmp(argv[1], "worker") == 0) return assay::contract::worker_main();
  if (argc > 2 && std::strcmp(argv[1], "foreign") == 0)
    return assay::contract::foreign_main(argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
