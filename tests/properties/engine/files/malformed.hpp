// SPDX-License-Identifier: Apache-2.0
// Damages valid files in every way that is cheap and feeds them to a parser.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "properties/engine/input_error.hpp"

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __asan_set_error_report_callback(void (*callback)(const char*));
#endif

namespace assay::engine::testing {

struct DamageOutcome {
  std::size_t accepted = 0, refused = 0;
  std::size_t truncations_accepted = 0;
};

// The test runs continue after an AddressSanitizer report, so reports are counted here.
inline std::atomic<int>& sanitizer_reports() {
  static std::atomic<int> reports{0};
  return reports;
}
inline void count_sanitizer_reports() {
#if defined(__SANITIZE_ADDRESS__)
  __asan_set_error_report_callback([](const char*) { ++sanitizer_reports(); });
#endif
}

/// How much damage beside the truncations.
struct DamagePlan {
  std::size_t flipped_bytes = 512;
  int rounds = 2000;
};

/// Feeds `parse` every proper prefix of the valid `file`, every single-bit flip of its first
/// `flipped_bytes` bytes, and `rounds` copies with one to four random bytes changed, removed or
/// doubled. Any exception but InputError, any message of several lines and any sanitizer report
/// fails the test.
template <class Parse>
DamageOutcome survives_damage(const std::vector<std::byte>& file, Parse parse,
                              DamagePlan plan = {}) {
  using Bytes = std::vector<std::byte>;
  DamageOutcome outcome;
  count_sanitizer_reports();
  const int reports = sanitizer_reports();
  const auto feed = [&](const Bytes& bytes) {
    // An exact allocation, so that AddressSanitizer sees a read of the byte after the last.
    const Bytes exact(bytes.begin(), bytes.end());
    try {
      parse(exact);
      ++outcome.accepted;
      return true;
    } catch (const InputError& e) {
      ++outcome.refused;
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
    } catch (const std::exception& e) {
      ADD_FAILURE() << "an exception that is no InputError: " << e.what();
    }
    return false;
  };
  EXPECT_TRUE(feed(file));
  for (std::size_t length = 0; length < file.size(); ++length)
    outcome.truncations_accepted +=
        feed(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)));
  for (std::size_t i = 0; i < std::min(file.size(), plan.flipped_bytes); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = file;
      flipped[i] ^= std::byte{1} << bit;
      feed(flipped);
    }
  std::mt19937_64 random(file.size());
  for (int round = 0; round < plan.rounds; ++round) {
    Bytes damaged = file;
    for (std::uint64_t i = 1 + random() % 4; i-- > 0 && !damaged.empty();) {
      const auto at = damaged.begin() + static_cast<std::ptrdiff_t>(random() % damaged.size());
      switch (random() % 4) {
        case 0: damaged.erase(at); break;
        case 1: damaged.insert(at, *at); break;
        default: *at = static_cast<std::byte>(random());
      }
    }
    feed(damaged);
  }
  EXPECT_EQ(sanitizer_reports(), reports);
  return outcome;
}

}  // namespace assay::engine::testing
