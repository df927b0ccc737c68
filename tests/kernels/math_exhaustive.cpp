// SPDX-License-Identifier: Apache-2.0
// Tries every binary32 argument of exp, log and log1p; about two minutes on one core.
#include <cstdio>

#include "tests/kernels/math_error.hpp"

namespace {

using namespace assay::kernels;
using namespace assay::kernels::testing;

bool report(const char* name, const Worst& worst, double bound_u) {
  const bool proved = worst.proved_u() <= bound_u;
  std::printf("%-22s %10llu arguments  largest error %.6f u at %a  bound %.6f u  %s\n", name,
              static_cast<unsigned long long>(worst.arguments), worst.error_u,
              static_cast<double>(worst.at), bound_u, proved ? "proved" : "VIOLATED");
  std::fflush(stdout);
  return proved;
}

}  // namespace

int main() {
  bool proved = true;
  proved &= report("exp, x <= 0", sweep(-0.0f, exp_first, 1, exp_error_at), exp_error_u);
  proved &= report("exp, x >= 0", sweep(0.0f, exp_last, 1, exp_error_at), exp_error_u);
  proved &=
      report("log, subnormal", sweep(smallest, 0x1.fffffcp-127f, 1, log_error_at), log_error_u);
  // ln 1 = 0 must be hit exactly: error_in_u is 0 there and infinite or NaN otherwise.
  proved &= report("log, normal", sweep(0x1p-126f, largest, 1, log_error_at), log_error_u);
  proved &= report("log1p, x > 0", sweep(smallest, largest, 1, log1p_error_at), log1p_error_u);
  return proved ? 0 : 1;
}
