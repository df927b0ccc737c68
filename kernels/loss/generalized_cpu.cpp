// SPDX-License-Identifier: Apache-2.0
// The generalized loss on one core, with the kernel's bits; and what every entry asks for.
#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels/loss/generalized.cuh"

namespace assay::kernels {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("generalized loss: " + what);
}

void check_loss(const GeneralizedLoss& loss) {
  if (loss.psi > GeneralizedLoss::Psi::linear) refuse("psi is none of the four");
  if (loss.over > GeneralizedLoss::Over::mean) refuse("over is neither sum nor mean");
  if (!(loss.alpha >= 0 && std::isfinite(loss.alpha))) refuse("alpha is not a finite number >= 0");
  if (!std::isfinite(loss.margin)) refuse("margin is not finite");
  if (!(loss.inv_tau > 0 && std::isfinite(loss.inv_tau)))
    refuse("inv_tau is not a finite positive number");
}

void check_indices(const char* name, const std::int64_t* indices, std::int64_t per_tuple,
                   const TupleArguments& a) {
  for (std::int64_t i = 0; i < a.tuples * per_tuple; ++i)
    if (indices[i] < 0 || indices[i] >= a.count)
      refuse(std::string(name) + " of tuple " + std::to_string(i / per_tuple) + ": point " +
             std::to_string(indices[i]) + " does not exist");
}

/// K3 and K4 of one tuple from its arguments, lane by lane.
float loss_of(const GeneralizedLoss& loss, const std::vector<float>& t) {
  float lane[32] = {}, added[32];
  float maximum = generalized::first_maximum(loss);
  if (generalized::has_maximum(loss))
    for (const float x : t) maximum = generalized::larger(x, maximum);
  for (std::size_t i = 0; i < t.size(); ++i)
    lane[i % 32] +=
        generalized::has_maximum(loss) ? exp_f32(t[i] - maximum) : generalized::term_of(loss, t[i]);
  for (int offset = 16; offset > 0; offset /= 2) {
    for (int l = 0; l < 32; ++l) added[l] = lane[l] + lane[l ^ offset];
    for (int l = 0; l < 32; ++l) lane[l] = added[l];
  }
  return generalized::concluded(loss, lane[0], maximum, static_cast<std::int64_t>(t.size()));
}

}  // namespace

void check_tuples(const TupleArguments& a) {
  check_loss(a.loss);
  constexpr std::int64_t most = std::int64_t{1} << 31, most_negatives = std::int64_t{1} << 20;
  if (a.count < 1 || a.count > most) refuse("count is not 1 to 2^31");
  if (a.dimension < 1 || a.dimension > most_negatives) refuse("dimension is not 1 to 2^20");
  if (a.k < 1 || a.k > most_negatives) refuse("k is not 1 to 2^20");
  if (a.tuples < 0 || a.tuples > most) refuse("tuples is not 0 to 2^31");
  if (a.tuples == 0) return;
  if (a.points == nullptr || a.pairs == nullptr || a.negatives == nullptr || a.row_loss == nullptr)
    refuse("a pointer is null");
  check_indices("the pair", a.pairs, 2, a);
  check_indices("a negative", a.negatives, a.k, a);
}

void generalized_loss_cpu(const TupleArguments& a) {
  check_tuples(a);
  const generalized::Problem q = generalized::problem_of(a, a.points, a.pairs, a.negatives);
  std::vector<float> t(static_cast<std::size_t>(a.k));
  for (std::int64_t tuple = 0; tuple < a.tuples; ++tuple) {
    const float positive = generalized::positive_of(q, tuple);
    for (std::int64_t i = 0; i < a.k; ++i)
      t[static_cast<std::size_t>(i)] = generalized::argument_of(q, tuple, i, positive);
    a.row_loss[tuple] = loss_of(a.loss, t);
  }
}

}  // namespace assay::kernels
