# Switches, compiler launcher, sanitizers, and the flags without which no enclosure may be trusted.
include(CheckCXXSourceRuns)

option(ASSAY_TESTS "Build the tests" ON)
option(ASSAY_BENCH "Build the benchmarks" OFF)
option(ASSAY_FUZZ "Build the libFuzzer targets (needs clang++)" OFF)
option(ASSAY_COVERAGE "Instrument for gcov" OFF)
option(ASSAY_WERROR "Treat warnings as errors" OFF)
option(ASSAY_PORTABLE "Link everything but libc and libm statically (MPFI engine only)" OFF)
set(ASSAY_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")
set_property(CACHE ASSAY_SANITIZE PROPERTY STRINGS "" address thread)
set(ASSAY_ARCH auto CACHE STRING "-march value for the host code: auto, x86-64-v3, or empty for the compiler's default")

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ASSAY_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${ASSAY_CCACHE})
endif()

# Instruction set. The enclosures are valid on any IEEE machine; fused multiply-add in hardware makes
# them fast. "auto" builds for x86-64-v3 (AVX2 and FMA) when this machine runs it. The program checks
# at start that the processor has what it was built for.
set(ASSAY_ARCH_FLAGS "")
if(ASSAY_ARCH STREQUAL "auto")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\") ? 0 : 1; }" ASSAY_HOST_IS_X86_64_V3)
    if(ASSAY_HOST_IS_X86_64_V3)
      set(ASSAY_ARCH_FLAGS -march=x86-64-v3)
    endif()
  endif()
elseif(ASSAY_ARCH)
  set(ASSAY_ARCH_FLAGS -march=${ASSAY_ARCH})
endif()
set(ASSAY_ARCH_SUMMARY "${ASSAY_ARCH_FLAGS}")
if(NOT ASSAY_ARCH_SUMMARY)
  set(ASSAY_ARCH_SUMMARY "compiler default")
endif()

# assay_flags: linked by every target. No contraction behind our back, no reassociation: an fma happens
# where the source says so and nowhere else. (The program also probes this at start.)
add_library(assay_flags INTERFACE)
target_include_directories(assay_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(assay_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -ffp-contract=off -fno-fast-math ${ASSAY_ARCH_FLAGS}>
  $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on std::string concatenation, GCC bug 105651.
  target_compile_options(assay_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(ASSAY_WERROR)
  target_compile_options(assay_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>)
endif()

set(ASSAY_SANITIZE_SUMMARY "none")
add_library(assay_sanitizer INTERFACE)  # linked by every target except the emulator's scheduler
if(ASSAY_SANITIZE STREQUAL "address")
  target_compile_options(assay_sanitizer INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -fsanitize-recover=address -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=address,undefined)
  set(ASSAY_SANITIZE_SUMMARY "address+undefined")
elseif(ASSAY_SANITIZE STREQUAL "thread")
  target_compile_options(assay_sanitizer INTERFACE -fsanitize=thread -g)
  add_link_options(-fsanitize=thread)
  set(ASSAY_SANITIZE_SUMMARY "thread")
elseif(ASSAY_SANITIZE)
  message(FATAL_ERROR "ASSAY_SANITIZE is '${ASSAY_SANITIZE}'; use address, thread or nothing")
endif()
if(ASSAY_COVERAGE)
  target_compile_options(assay_sanitizer INTERFACE --coverage -O1)
  add_link_options(--coverage)
endif()
