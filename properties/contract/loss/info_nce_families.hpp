// SPDX-License-Identifier: Apache-2.0
// The families of InfoNCE cases, as drafts in double before they are rounded.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "properties/contract/column.hpp"
#include "properties/contract/loss/info_nce_instances.hpp"
#include "properties/engine/random.hpp"

namespace assay::contract {

/// Keys per tile of the built-in kernel; sizes around it are where tails break. Strangers use
/// powers of two as well.
inline constexpr std::int64_t info_nce_tile = 32;

/// A draft of a case: two N x d matrices in double, rounded to binary32 at the end.
struct InfoNceDraft {
  std::int64_t n = 1;
  std::int64_t d = 1;
  double temperature = 1;
  std::vector<double> a, b;
  std::int64_t padding = 0;  // extra elements between rows, filled with NaN

  void reshape(std::int64_t pairs, std::int64_t coordinates) {
    n = pairs;
    d = coordinates;
    a.assign(static_cast<std::size_t>(n * d), 0.0);
    b = a;
  }
  double& at(std::vector<double>& m, std::int64_t row, std::int64_t k) const {
    return m[static_cast<std::size_t>(row * d + k)];
  }
};

/// A family and how its case of an index is drawn.
struct InfoNceFamily {
  Family family;
  std::function<void(InfoNceDraft&, engine::Random&, std::uint64_t index)> draw;
};

const std::vector<InfoNceFamily>& info_nce_family_table();

/// The cases of the kill matrix: nine adversarial ones and the typical one.
inline constexpr std::uint64_t adversarial_cases = 9;
void draw_adversarial(InfoNceDraft& draft, engine::Random& random, std::uint64_t index);
void draw_typical(InfoNceDraft& draft, engine::Random& random, std::uint64_t index);

// Shared by all cases.

/// The matrix rounded to the format, with `padding` NaN elements between rows.
Tensor rounded_matrix(const std::string& name, Dtype dtype, const std::vector<double>& values,
                      std::int64_t n, std::int64_t d, std::int64_t padding);
/// Backward: the upstream gradients of so many rows in one of the ways in which frameworks hand
/// them over. Drawn from a stream of their own, so that the embeddings of a case are the same for
/// both operations.
void add_upstream(engine::Case& c, std::int64_t rows);

/// Makes a case with embeddings and a temperature one of a setting: options, relations (drawn from
/// the case's descriptor), the parameter in the setting's form, and upstream gradients.
void add_setting(engine::Case& c, const InfoNceInstanceName& name, std::int64_t pairs);

// Shared by the families.
void fill_normal(std::vector<double>& m, engine::Random& random, double scale = 1);
void normalise_rows(std::vector<double>& m, std::int64_t d);
void normalise(InfoNceDraft& draft);
/// b = a + noise, before normalisation.
void pair_with_noise(InfoNceDraft& draft, engine::Random& random, double noise);

}  // namespace assay::contract
