// SPDX-License-Identifier: Apache-2.0
// Makes every AddressSanitizer report a test failure, also where the sanitizer continues after it.
#include <gtest/gtest.h>

#include "tests/kernels/sanitizers.hpp"

extern "C" __attribute__((weak)) void __asan_set_error_report_callback(void (*)(const char*));

// A kernel that breaks a rule is abandoned with its fibers, and with what they own: the message of
// the error among it. That is by design, so leaks are not reported here.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace {

int reports = 0;
void count_report(const char*) { ++reports; }

class AddressReports : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { before_ = reports; }
  void OnTestEnd(const testing::TestInfo&) override {
    if (reports != before_) ADD_FAILURE() << reports - before_ << " AddressSanitizer reports";
  }
  int before_ = 0;
};

const bool installed = [] {
  if (__asan_set_error_report_callback) __asan_set_error_report_callback(count_report);
  testing::UnitTest::GetInstance()->listeners().Append(new AddressReports);
  return true;
}();

}  // namespace
