// SPDX-License-Identifier: Apache-2.0
// Budgets of the InfoNCE settings: the kernel stays within them, comes close to them, and does not
// stay within less.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>

#include "info_nce_family_call.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;

std::vector<std::string> setting_instances() {
  std::vector<std::string> names;
  for (const InfoNceInstanceName& name : info_nce_instance_names())
    if (!name.setting.empty()) names.push_back(name.text());
  return names;
}

class Settings : public ::testing::TestWithParam<std::string> {};

TEST_P(Settings, TheKernelStaysWithinTheBudgetsOfEveryFamily) {
  double largest = 0;
  std::string where;
  for (const engine::CaseDescriptor& d : planned_cases(info_nce_column(), GetParam(), std::getenv("SEED") ? std::strtoull(std::getenv("SEED"), nullptr, 10) : 1)) {
    const engine::Case c = info_nce_column().make_case(d);
    const auto t0 = std::chrono::steady_clock::now();
    const Expectation e = info_nce_column().expect(c, "tiled-family");
    const auto t1 = std::chrono::steady_clock::now();
    const Finding f = judge(run_family(c), e, info_nce_column().outputs(c), {.confirm = false});
    const auto t2 = std::chrono::steady_clock::now();
    if (std::getenv("SHOW"))
      std::printf("%-14s %lu %-10s share %.3f %s[%ld] judged %ld outside %ld  %.1f ms + %.1f ms %s\n", d.family.c_str(),
                  d.index, std::string(name_of(f.verdict)).c_str(), f.share.hi, f.output.c_str(), f.element,
                  f.elements_judged, f.elements_outside_domain,
                  std::chrono::duration<double, std::milli>(t1 - t0).count(),
                  std::chrono::duration<double, std::milli>(t2 - t1).count(), f.verdict == Verdict::certified ? "" : f.reason.c_str());
    EXPECT_NE(f.verdict, Verdict::refuted) << d.family << " " << d.index << ": " << f.reason;
    EXPECT_NE(f.verdict, Verdict::undecided) << d.family << " " << d.index << ": " << f.reason;
    if (f.share.hi > largest) {
      largest = f.share.hi;
      where = d.family + " #" + std::to_string(d.index) + " " + f.output;
    }
  }
  std::printf("%s: largest share %.3f at %s\n", GetParam().c_str(), largest, where.c_str());
  EXPECT_GT(largest, 0.0625);
}

INSTANTIATE_TEST_SUITE_P(, Settings, ::testing::ValuesIn(setting_instances()));

}  // namespace
}  // namespace assay::testing
