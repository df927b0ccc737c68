// SPDX-License-Identifier: Apache-2.0
// The test of the floating-point environment and the guard that repeats its cheap part.
#include "reference/arithmetic/environment.hpp"

#include <atomic>
#include <cfenv>
#include <cfloat>
#include <utility>

#include "reference/arithmetic/detail/environment_probes.hpp"
#include "reference/arithmetic/testing/environment_guard.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#define ASSAY_X86 1
#else
#define ASSAY_X86 0
#endif

namespace assay::reference {
namespace {

// Fields of MXCSR (Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 1, 10.2.3).
constexpr unsigned denormals_are_zero = 1u << 6;
constexpr unsigned rounding_control = 3u << 13;  // 0: to nearest
constexpr unsigned flush_to_zero = 1u << 15;
constexpr unsigned must_be_clear = denormals_are_zero | rounding_control | flush_to_zero;

unsigned control_bits() {
#if ASSAY_X86
  return _mm_getcsr() & must_be_clear;
#else
  return 0;  // elsewhere the rounding mode is fegetround's, and the probes watch the subnormals
#endif
}

// glibc answers fegetround from the x87 control word, the arithmetic obeys MXCSR: ask both.
bool registers_are_sound() { return control_bits() == 0 && std::fegetround() == FE_TONEAREST; }

void check_registers(std::vector<EnvironmentFault>& faults) {
  const char* const leave_rounding =
      "call fesetround(FE_TONEAREST) before Assay, in every thread that uses it";
  if (std::fegetround() != FE_TONEAREST)
    faults.push_back({"fegetround: the rounding mode is not to nearest", leave_rounding});
  const unsigned bits = control_bits();
  if (bits & rounding_control)
    faults.push_back({"MXCSR: the rounding control is not to nearest", leave_rounding});
  const char* const flushing =
      "undo it, and look for a library linked with -ffast-math: its start-up code sets this";
  if (bits & flush_to_zero) faults.push_back({"MXCSR: flush-to-zero is set", flushing});
  if (bits & denormals_are_zero) faults.push_back({"MXCSR: denormals-are-zero is set", flushing});
}

void check_arithmetic(std::vector<EnvironmentFault>& faults) {
  using namespace detail;
  const char* const rebuild =
      "build with the project's own flags (-ffp-contract=off, no fast-math)";
  if (!sums_round_to_nearest())
    faults.push_back({"arithmetic: sums are not rounded to nearest, ties to even",
                      "restore the default floating-point environment before calling Assay"});
  if (!two_sum_is_error_free())
    faults.push_back({"arithmetic: TwoSum(1, 2^-60) lost the rounding error", rebuild});
  if (!fma_rounds_once())
    faults.push_back({"arithmetic: std::fma does not round once",
                      "use a C library whose fma is correctly rounded"});
  if (!products_are_not_fused())
    faults.push_back({"arithmetic: a*b-c was fused into one rounding", rebuild});
  if (!subnormals_are_numbers())
    faults.push_back({"arithmetic: subnormal numbers are taken for zero",
                      "switch flushing of subnormals off before calling Assay"});
#if FLT_EVAL_METHOD != 0
  faults.push_back({"arithmetic: doubles are evaluated in a wider format",
                    "build for SSE2 arithmetic (-mfpmath=sse)"});
#endif
}

void check_processor(std::vector<EnvironmentFault>& faults) {
#if ASSAY_X86
  __builtin_cpu_init();
  const char* const portable =
      "build for this machine (cmake -DASSAY_ARCH=auto) or for any (-DASSAY_ARCH=)";
  const auto need = [&](bool present, const char* name) {
    if (!present)
      faults.push_back(
          {std::string("processor: lacks ") + name + ", which this build uses", portable});
  };
  (void)need;  // a build for the oldest processors asks nothing
#ifdef __AVX2__
  need(__builtin_cpu_supports("avx2"), "AVX2");
#endif
#ifdef __FMA__
  need(__builtin_cpu_supports("fma"), "FMA");
#endif
#ifdef __BMI2__
  need(__builtin_cpu_supports("bmi2"), "BMI2");
#endif
#ifdef __AVX512F__
  need(__builtin_cpu_supports("avx512f"), "AVX-512F");
#endif
#else
  (void)faults;
#endif
}

std::string listed(const std::vector<EnvironmentFault>& faults) {
  std::string text = "the floating-point environment cannot carry an enclosure";
  for (const EnvironmentFault& fault : faults) text += "\n  " + fault.what + "; " + fault.remedy;
  return text;
}

std::atomic<bool> guard_is_on{true};

}  // namespace

UnsoundEnvironment::UnsoundEnvironment(std::vector<EnvironmentFault> faults)
    : std::runtime_error(listed(faults)), faults_(std::move(faults)) {}

std::vector<EnvironmentFault> check_environment() {
  std::vector<EnvironmentFault> faults;
  check_processor(faults);
  check_registers(faults);
  check_arithmetic(faults);
  return faults;
}

void require_sound_environment() {
  std::vector<EnvironmentFault> faults = check_environment();
  if (!faults.empty()) throw UnsoundEnvironment(std::move(faults));
}

void ensure_sound_environment() {
  if (!guard_is_on.load(std::memory_order_relaxed)) return;
  // A failing initialiser leaves the static unset: the full test runs until it succeeds once.
  [[maybe_unused]] static const bool sound_once = (require_sound_environment(), true);
  if (!registers_are_sound()) require_sound_environment();
}

namespace testing {
void disable_environment_guard() { guard_is_on.store(false); }
void enable_environment_guard() { guard_is_on.store(true); }
}  // namespace testing

}  // namespace assay::reference
