// SPDX-License-Identifier: Apache-2.0
// Helpers of the emulator tests: all schedules, and a check of a typed error.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "kernels/portable.cuh"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {

inline const std::vector<std::string> schedules = {"fair", "greedy", "greedy-reverse",
                                                   "greedy-random:1", "greedy-random:77"};

/// Calls `body` once under each schedule.
template <class Body>
void for_each_schedule(Body body) {
  for (const std::string& name : schedules) {
    SCOPED_TRACE(name);
    const simt::ScopedOptions scoped(simt::parse_schedule(name));
    body();
  }
}

/// The error that `body` ends with.
template <class Body>
std::optional<simt::Error> error_of(Body body) {
  try {
    body();
  } catch (const simt::Error& error) {
    return error;
  }
  return std::nullopt;
}

inline void expect_error(const std::optional<simt::Error>& error, simt::ErrorKind kind,
                         unsigned line) {
  ASSERT_TRUE(error.has_value()) << "no error";
  EXPECT_EQ(name_of(error->kind()), name_of(kind)) << error->what();
  EXPECT_EQ(error->where().line, line) << error->what();
}

}  // namespace assay::kernels::testing
