// SPDX-License-Identifier: Apache-2.0
// Every fault of the floating-point environment is provoked, seen, named and undone.
#include "reference/arithmetic/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

#include "reference/arithmetic/number.hpp"
#include "reference/arithmetic/testing/environment_guard.hpp"

#if defined(__x86_64__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

namespace assay::reference {

bool products_are_not_fused_when_contraction_is_allowed();  // fused_probe.cpp

namespace {

/// Leaves the environment as it was, whatever a test does to it.
class Environment : public ::testing::Test {
 protected:
  void SetUp() override { std::fegetenv(&saved_); }
  void TearDown() override {
    std::fesetenv(&saved_);
    testing::enable_environment_guard();
  }
  static bool names(const std::vector<EnvironmentFault>& faults, const std::string& part) {
    for (const EnvironmentFault& fault : faults)
      if (fault.what.find(part) != std::string::npos && !fault.remedy.empty()) return true;
    return false;
  }
  /// The faults under `spoil`, with the environment restored before anything else runs.
  std::vector<EnvironmentFault> faults_after(const std::function<void()>& spoil) {
    spoil();
    std::vector<EnvironmentFault> faults = check_environment();
    std::fesetenv(&saved_);
    return faults;
  }
  bool guard_fires_after(const std::function<void()>& spoil) {
    spoil();
    bool fired = false;
    try {
      ensure_sound_environment();
    } catch (const UnsoundEnvironment&) {
      fired = true;
    }
    std::fesetenv(&saved_);
    return fired;
  }

 private:
  std::fenv_t saved_;
};

TEST_F(Environment, IsSoundHere) {
  for (const EnvironmentFault& fault : check_environment())
    ADD_FAILURE() << fault.what << "; " << fault.remedy;
  EXPECT_NO_THROW(require_sound_environment());
  EXPECT_NO_THROW(ensure_sound_environment());
}

TEST_F(Environment, EveryRoundingModeButToNearestIsAFault) {
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    const auto faults = faults_after([&] { std::fesetround(mode); });
    EXPECT_TRUE(names(faults, "fegetround")) << mode;
    EXPECT_TRUE(names(faults, "sums are not rounded to nearest")) << mode;
    EXPECT_TRUE(guard_fires_after([&] { std::fesetround(mode); })) << mode;
  }
  EXPECT_TRUE(check_environment().empty()) << "restored";
}

#if defined(__x86_64__)
TEST_F(Environment, ARoundingModeSetBehindTheLibrarysBackIsAFault) {
  for (const unsigned mode : {_MM_ROUND_UP, _MM_ROUND_DOWN, _MM_ROUND_TOWARD_ZERO}) {
    const auto spoil = [&] { _MM_SET_ROUNDING_MODE(mode); };
    const auto faults = faults_after(spoil);
    EXPECT_TRUE(names(faults, "MXCSR: the rounding control"));
    EXPECT_FALSE(names(faults, "fegetround")) << "glibc does not look at MXCSR";
    EXPECT_TRUE(guard_fires_after(spoil));
  }
}

TEST_F(Environment, FlushingOfSubnormalsIsAFault) {
  const auto flush = [] { _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON); };
  const auto ignore = [] { _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON); };
  for (const auto& [spoil, name] :
       {std::pair<std::function<void()>, std::string>(flush, "flush-to-zero"),
        std::pair<std::function<void()>, std::string>(ignore, "denormals-are-zero")}) {
    const auto faults = faults_after(spoil);
    EXPECT_TRUE(names(faults, name));
    EXPECT_TRUE(names(faults, "subnormal numbers are taken for zero")) << name;
    EXPECT_TRUE(guard_fires_after(spoil)) << name;
  }
  EXPECT_TRUE(check_environment().empty()) << "restored";
}

TEST_F(Environment, EachThreadAnswersForItself) {
  bool fired = false;
  std::thread spoilt([&] {
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    try {
      Context<MpfiNumber> context(64);
    } catch (const UnsoundEnvironment&) {
      fired = true;
    }
  });
  spoilt.join();
  EXPECT_TRUE(fired);
  EXPECT_NO_THROW(Context<MpfiNumber>(64));
}
#endif

TEST_F(Environment, NoContextForEnclosuresIsMadeInAnUnsoundOne) {
  const auto refused = [](const auto& make) {
    std::fesetround(FE_UPWARD);
    bool thrown = false;
    try {
      make();
    } catch (const UnsoundEnvironment&) {
      thrown = true;
    }
    std::fesetround(FE_TONEAREST);
    return thrown;
  };
  EXPECT_TRUE(refused([] { Context<MpfiNumber>(64); }));
#if ASSAY_HAVE_ARB
  EXPECT_TRUE(refused([] { Context<ArbNumber>(64); }));
#endif
  EXPECT_FALSE(refused([] { Context<double>(53); })) << "a plain double promises nothing";
}

TEST_F(Environment, TheExceptionListsEveryFaultWithItsRemedy) {
  std::fesetround(FE_DOWNWARD);
  std::string text;
  std::size_t count = 0;
  try {
    require_sound_environment();
  } catch (const UnsoundEnvironment& unsound) {
    text = unsound.what();
    count = unsound.faults().size();
  }
  std::fesetround(FE_TONEAREST);
  EXPECT_GE(count, 2u);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), count);
  EXPECT_NE(text.find("fesetround(FE_TONEAREST)"), std::string::npos);
}

TEST_F(Environment, OnlyTheTestHookSilencesTheGuard) {
  const auto upward = [] { std::fesetround(FE_UPWARD); };
  EXPECT_TRUE(guard_fires_after(upward));
  testing::disable_environment_guard();
  EXPECT_FALSE(guard_fires_after(upward));
  EXPECT_FALSE(faults_after(upward).empty()) << "the test itself is not silenced";
  testing::enable_environment_guard();
  EXPECT_TRUE(guard_fires_after(upward));
}

TEST_F(Environment, FusingOfProductsIsNoticed) {
#ifdef __FMA__
  EXPECT_FALSE(products_are_not_fused_when_contraction_is_allowed());
#else
  EXPECT_TRUE(products_are_not_fused_when_contraction_is_allowed());
#endif
}

TEST_F(Environment, TheTestLeavesTheEnvironmentAlone) {
  std::feclearexcept(FE_ALL_EXCEPT);
  check_environment();
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
#if defined(__x86_64__)
  const unsigned before = _mm_getcsr() & 0xffc0u;  // control and mask bits, without the flags
  check_environment();
  EXPECT_EQ(_mm_getcsr() & 0xffc0u, before);
#endif
}

TEST_F(Environment, TheGuardCostsNanoseconds) {
  ensure_sound_environment();
  constexpr int calls = 100000;
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < calls; ++k) ensure_sound_environment();
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  RecordProperty("nanoseconds", std::to_string(time.count() / calls));
  EXPECT_LT(time.count() / calls, 2000) << "a generous limit for a busy, instrumented machine";
}

}  // namespace
}  // namespace assay::reference
