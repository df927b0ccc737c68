// SPDX-License-Identifier: Apache-2.0
// Shared by the laws of loss/info_nce: how the outputs of one run follow from those of another.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/law_trial.hpp"
#include "properties/contract/loss/info_nce_law_case.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {

/// A trial on the column of loss/info_nce.
LawTrial info_nce_trial(const char* law, const Subject& subject, Agreement agreement);
/// The same for a law of the backward only: declined where the case asks for no gradients.
LawTrial info_nce_backward_trial(const char* law, const InfoNceLawCase& c, const Subject& subject,
                                 Agreement agreement = Agreement::budgets);

/// 0 .. count-1 in one cycle drawn from `random` (Sattolo's algorithm): nothing stays in its place,
/// so no defect of a first or last place goes unseen by chance.
std::vector<std::int64_t> shuffled(std::int64_t count, engine::Random& random);

/// How the outputs of run x follow from those of run y: vector v of x is vector from[v] of y, and
/// its coordinate k is sign[k] times coordinate from_coordinate[k]; its gradient is `gradient`
/// times of_vector[v] times that of y.
struct InfoNceMatch {
  std::vector<std::int64_t> from, from_coordinate;
  std::vector<double> sign, of_vector;
  double gradient = 1, temperature = 1;
  bool loss = true;  ///< the loss of both runs is the same, too

  explicit InfoNceMatch(const InfoNceLawCase& c);
};

/// The element of grad_a or grad_b that belongs to coordinate k of vector v.
Term gradient_of(std::size_t run, const InfoNceLawCase& c, std::int64_t v, std::int64_t k);

/// All outputs of run x against those of run y.
void compare(LawTrial& trial, const InfoNceLawCase& c, std::size_t x, std::size_t y,
             const InfoNceMatch& match);

/// c with pair i replaced by pair from[i]: vectors, labels, mask and upstream gradients.
InfoNceLawCase with_pairs(const InfoNceLawCase& c, const std::vector<std::int64_t>& from);
/// c with a and b exchanged, labels and the rows' upstream gradients with them. \pre the mask, if
/// any, is that of a joint block
InfoNceLawCase exchanged(const InfoNceLawCase& c);

/// Calls f(output, element) for every element of the gradients.
template <class F>
void for_each_gradient(const InfoNceLawCase& c, F f) {
  for (const char* output : {"grad_a", "grad_b"})
    for (std::int64_t e = 0; e < c.n * c.d; ++e) f(output, e);
  f("grad_temperature", std::int64_t{0});
}

}  // namespace assay::contract
