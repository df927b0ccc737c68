// SPDX-License-Identifier: Apache-2.0
// The yardstick of rules that compare with "the same in PyTorch at low precision".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::contract {

/// What a plain bfloat16 implementation of one-direction InfoNCE returns: row_loss, loss, grad_a,
/// grad_b and grad_temperature, by name, each number a bfloat16 number. Every step is computed in
/// binary32, with sums from first to last, and every tensor that a framework would store is rounded
/// to bfloat16 (written ~ below):
///
///     s_ij = ~<a_i, b_j>,  t_ij = ~(s_ij / T),  lse_i = log sum_j exp(t_ij)   (kept in binary32)
///     row_loss_i = ~(lse_i - t_ii),  loss = ~mean,  P_ij = ~exp(t_ij - lse_i)
///     g_i = ~(grad_row_loss_i + ~(grad_loss / N)),  G_ij = ~((P_ij - [i = j]) g_i),  H = ~(G / T)
///     grad_a = ~(H b),  grad_b = ~(H^T a),  grad_temperature = ~(-sum_ij G_ij t_ij / T)
///
/// exp and log are the C library's: the last bits may differ between machines, which a yardstick of
/// this kind does not notice. `backward` is a backward case of a one-direction instance with
/// bfloat16 embeddings; cost O(N^2 d).
/// \throws engine::InputError for a malformed case
std::map<std::string, std::vector<double>> low_precision_info_nce(const engine::Case& backward);

}  // namespace assay::contract
