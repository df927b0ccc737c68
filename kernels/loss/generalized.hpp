// SPDX-License-Identifier: Apache-2.0
// The generalized contrastive loss with explicit negatives: what can be asked for, and the entries,
// one per place where the kernel runs.
//
// HN Definition 1: the loss of a tuple (z, z^+, z_1^-, .., z_k^-) is psi_k(t_1, .., t_k) with
// t_i = z.z_i^- - z.z^+, here divided by a temperature. Tuples are indices into a table of points,
// as samplers write them. Every rounding in its order: generalized.cuh, K1 to K4.
#pragma once

#include <cstdint>
#include <string>

namespace assay::kernels {

/// psi_k of one tuple.
struct GeneralizedLoss {
  enum class Psi : unsigned char {
    info_nce,  ///< log(alpha + sum e^{t_i}), alpha >= 0
    hinge,     ///< sum max(t_i + margin, 0)
    softplus,  ///< sum log(1 + e^{t_i})
    linear     ///< sum t_i
  };
  enum class Over : unsigned char { sum, mean };  ///< mean: the sum over i is divided by k

  Psi psi = Psi::info_nce;
  Over over = Over::mean;
  float alpha = 1;    ///< of info_nce; finite, >= 0
  float margin = 0;   ///< of hinge; finite
  float inv_tau = 1;  ///< t_i = inv_tau z.z_i^- - inv_tau z.z^+; finite, > 0
};

/// Tuples over a table of points. All pointers are host memory; the CUDA entry copies.
struct TupleArguments {
  const float* points = nullptr;            ///< [count][dimension]
  std::int64_t count = 0;                   ///< >= 1
  std::int64_t dimension = 0;               ///< >= 1
  const std::int64_t* pairs = nullptr;      ///< [tuples][2]: anchor, positive
  const std::int64_t* negatives = nullptr;  ///< [tuples][k]
  std::int64_t tuples = 0;                  ///< at most 2^31
  std::int64_t k = 0;                       ///< 1 to 2^20
  GeneralizedLoss loss;
  float* row_loss = nullptr;  ///< [tuples]
};

/// \throws std::invalid_argument naming the first field, or the first tuple with an index outside
/// the table
void check_tuples(const TupleArguments& arguments);

/// Fills row_loss. A point with a NaN makes the losses of its tuples NaN. Equal arguments give
/// equal bits in all three entries, under every schedule. \throws as check_tuples; simt::Error;
/// std::invalid_argument for an unknown schedule
void generalized_loss_emulated(const TupleArguments& arguments, const std::string& schedule);
/// On one core. \throws as check_tuples
void generalized_loss_cpu(const TupleArguments& arguments);
/// On the current CUDA device. \throws as check_tuples; std::runtime_error with the CUDA message,
/// or the reason why there is no device
void generalized_loss_cuda(const TupleArguments& arguments);

}  // namespace assay::kernels
