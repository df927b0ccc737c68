// SPDX-License-Identifier: Apache-2.0
// The gradient of InfoNCE: the entry point of the ball and interval tiers.
#include "reference/loss/info_nce_gradient.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/info_nce_gradient_formula.hpp"
#include "reference/loss/on_engine.hpp"

namespace assay::reference {

void check_upstream(std::int64_t rows, const InfoNceUpstream& upstream) {
  const auto refuse = [](const std::string& what) {
    throw std::invalid_argument("info_nce: " + what);
  };
  if (!std::isfinite(upstream.mean)) refuse("the upstream gradient of the mean is not finite");
  if (upstream.row == nullptr) return;
  if (upstream.stride < 0) refuse("the stride of the upstream gradient is negative");
  for (std::int64_t i = 0; i < rows; ++i)
    if (!std::isfinite(upstream.row[i * upstream.stride]))
      refuse("the upstream gradient of row " + std::to_string(i) + " is not finite");
}

InfoNceGradients enclose_info_nce_gradients(const InfoNceProblem& problem,
                                            const InfoNceUpstream& upstream, Engine engine,
                                            int bits) {
  check_shape(problem);
  check_finite(problem);
  check_upstream(problem.rows(), upstream);
  InfoNceGradients out = with_engine(engine, [&]<class Number>(const Number*) {
    return InfoNceGradientOnEngine<Number>::enclose(problem, upstream, bits);
  });
  out.tier = tier_name(engine, bits);
  return out;
}

}  // namespace assay::reference
