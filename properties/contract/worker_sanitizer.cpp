// SPDX-License-Identifier: Apache-2.0
// Listens to AddressSanitizer through its weak callback symbol.
#include "properties/contract/worker_sanitizer.hpp"

#include <cstring>

extern "C" __attribute__((weak)) void __asan_set_error_report_callback(void (*)(const char*));

namespace assay::contract {
namespace {

char first_line[400] = {};

void on_report(const char* text) {
  if (first_line[0] != 0) return;
  const char* start = std::strstr(text, "AddressSanitizer");
  if (start == nullptr) start = text;
  std::size_t length = std::strcspn(start, "\n");
  if (length >= sizeof first_line) length = sizeof first_line - 1;
  std::memcpy(first_line, start, length);
}

}  // namespace

void watch_sanitizer() {
  if (__asan_set_error_report_callback != nullptr) __asan_set_error_report_callback(on_report);
}

void reset_sanitizer_report() { std::memset(first_line, 0, sizeof first_line); }

std::string sanitizer_report() { return first_line; }

bool sanitizer_reserves_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

}  // namespace assay::contract
