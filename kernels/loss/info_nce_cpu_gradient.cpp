// SPDX-License-Identifier: Apache-2.0
// The CPU implementation of InfoNCE: weights and gradients, steps 8 to 11 of info_nce_cpu_pass.cpp.
#include <algorithm>

#include "kernels/loss/info_nce_cpu_pass.hpp"
#include "kernels/math.cuh"

namespace assay::kernels::cpu {

/// Step 8, one direction: the exponentials of block b become weights.
void InfoNcePass::weigh_block(std::int64_t first, std::int64_t count, std::int64_t b,
                              Panel& p) const {
  const std::int64_t first_key = b * keys_per_block;
  const std::int64_t keys = std::min<std::int64_t>(keys_per_block, rows_ - first_key);
  for (std::int64_t r = 0; r < count; ++r) {
    const std::int64_t i = first + r, j = positive(i) - first_key;
    float* x = p.logits.get() + b * block_size + r * block_stride;
    const float then = p.block_maximum[static_cast<std::size_t>(b * rows_per_panel + r)];
    code_.scale(x, divided_up(keys, partial_sums) * partial_sums,
                exp_f32(then - maxima_.get()[i]) * omegas_.get()[i]);
    if (j >= 0 && j < keys) x[j] = positive_weights_.get()[i];
  }
}

/// Step 8, joint block: the logits of block b, up to the last row of the panel, become weights.
void InfoNcePass::weigh_pairs(std::int64_t first, std::int64_t count, std::int64_t b,
                              Panel& p) const {
  const std::int64_t first_key = b * keys_per_block;
  const std::int64_t keys = std::min<std::int64_t>(keys_per_block, first + count - first_key);
  const float* positives = positive_weights_.get();
  for (std::int64_t r = 0; r < count; ++r) {
    const std::int64_t i = first + r, j = positive(i);
    float* x = p.logits.get() + b * block_size + r * block_stride;
    code_.pair_weights(x, divided_up(keys, partial_sums) * partial_sums, maxima_.get()[i],
                       omegas_.get()[i], maxima_.get() + first_key, omegas_.get() + first_key);
    if (j >= first_key && j < first_key + keys) x[j - first_key] = positives[i] + positives[j];
    if (i >= first_key && i < first_key + keys) x[i - first_key] = 0;
  }
}

/// Steps 8 and 9; what the blocks of p hold becomes the weights.
void InfoNcePass::add_row_gradients(std::int64_t index, Panel& p) {
  const std::int64_t first = index * rows_per_panel, count = rows_in(index);
  const std::int64_t last_key = joint_ ? first + count : rows_;
  std::fill(p.gradient.get(), p.gradient.get() + rows_per_panel * p.gradient_stride, 0.0f);
  for (std::int64_t b = 0; b * keys_per_block < last_key; ++b) {
    const std::int64_t first_key = b * keys_per_block;
    const std::int64_t keys = std::min<std::int64_t>(keys_per_block, last_key - first_key);
    if (joint_)
      weigh_pairs(first, count, b, p);
    else
      weigh_block(first, count, b, p);
    code_.row_gradients(divided_up(count, code_.row_tile), keys, d_,
                        p.logits.get() + b * block_size,
                        key_strips_.get() + first_key * code_.key_tile, key_strip_,
                        p.gradient.get(), p.gradient_stride);
  }
  for (std::int64_t r = 0; r < count; ++r) {
    float* to = gradient_of_row(first + r);
    const float* from = p.gradient.get() + r * p.gradient_stride;
    for (std::int64_t c = 0; c < d_; ++c)
      to[c] = joint_ ? from[c] : canonical(from[c] * inv_tau_);  // the joint block awaits step 11
  }
}

/// Step 10 for one panel and one block.
void InfoNcePass::add_key_gradients(std::int64_t index, std::int64_t b, const Panel& p) {
  const std::int64_t first = index * rows_per_panel, count = rows_in(index);
  const std::int64_t last_key = joint_ ? first : rows_;
  const std::int64_t keys = std::min<std::int64_t>(keys_per_block, last_key - b * keys_per_block);
  if (keys <= 0) return;
  code_.key_gradients(count, divided_up(keys, code_.key_tile), d_, p.logits.get() + b * block_size,
                      row_strips_.get() + first * code_.row_tile, row_strip_,
                      key_gradients_.get() + b * d_ * block_stride);
}

/// Step 11 for one block of keys.
void InfoNcePass::put_out_key_gradients(std::int64_t b) const {
  const std::int64_t first_key = b * keys_per_block;
  const std::int64_t keys = std::min<std::int64_t>(keys_per_block, rows_ - first_key);
  const float* from = key_gradients_.get() + b * d_ * block_stride;
  for (std::int64_t j = 0; j < keys; ++j) {
    float* to = joint_ ? gradient_of_row(first_key + j) : backward_->grad_b + (first_key + j) * d_;
    for (std::int64_t c = 0; c < d_; ++c) {
      const float y = from[c * block_stride + j];
      to[c] = canonical((joint_ ? to[c] + y : y) * inv_tau_);
    }
  }
}

}  // namespace assay::kernels::cpu
