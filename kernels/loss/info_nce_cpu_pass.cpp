// SPDX-License-Identifier: Apache-2.0
// The CPU implementation of InfoNCE, algorithm "vector-online-log1p".
//
// Every operation is an IEEE binary32 addition, subtraction, multiplication, division or fused
// multiply-add in an order that depends on N, d and the form alone: not on the instruction set, the
// number of threads or the strides. exp, log and log1p are those of kernels/math.cuh. Rows, keys
// and positives as in kernels/loss/info_nce.cuh, rows and keys counted from 0; C is the number of
// keys.
//
// Forward:
//  1. inv_tau = 1/temperature in binary64, rounded once to binary32.
//  2. c_ij: fma chain over k = 0..d-1 in increasing order from +0. s_ij = c_ij * inv_tau, rounded.
//  3. The positive's logit p_i is computed first, in the same way. M = p, and 16 partial sums r_l
//     of row i are 0. The negatives come in blocks of 256 keys, in increasing order. Per block:
//     m = the largest s_ij of the block's negatives; if m > M: f = exp(M - m), every r_l = r_l * f,
//     M = m. Then in increasing j: e_ij = exp(s_ij - M), r_l = r_l + e_ij with l = j mod 16.
//     M_ib is the value of M after block b, which e_ij is relative to. (The keys left out, and
//     those that fill up the last block, count as logits of -infinity: they add +0.)
//  4. R = tree of the 16 r_l with offsets 8, 4, 2, 1.
//  5. M = p: t = log1p(R), loss t + (p - p), lse p + t, D = R + 1. (p - p is 0, or NaN where p is
//     not finite; without negatives R = 0 and the loss is 0.)
//     M > p: D = R + exp(p - M), t = log(D), loss (M - p) + t, lse M + t.
//  6. The mean: 256 partial sums, the rows i, i + 256, ... in increasing order, a tree with offsets
//     128, ..., 1, a division by the number of rows.
//
// Backward, with e_ij, M, M_ib, R and D as above:
//  7. mean_part = grad_loss / rows (one division); g_i = grad_row_loss_i + mean_part, or mean_part.
//     omega_i = g_i / D_i.
//  8. One direction: w_ij = e_ij * (exp(M_ib - M_i) * omega_i) for negatives, two products; the
//     exponential is 1 where no later block had a larger logit. w_i,p(i) = -(R_i * omega_i):
//     nothing cancels. Joint block: w_ij = exp(s_ij - M_i) * omega_i + exp(s_ij - M_j) * omega_j,
//     the coefficient of the pair in both its rows; -(R_i * omega_i) + -(R_j * omega_j) where j =
//     p(i); 0 where j = i. Since s_ij = s_ji, w_ij = w_ji, bit for bit.
//  9. x_ic = sum over blocks b of 256 keys, in increasing order from +0, of the chains over the
//     block's keys j in increasing order: acc = fma(w_ij, key_jc, acc) from +0; then x + acc. Joint
//     block: only the keys up to the end of the panel of 96 rows that i is in.
// 10. y_jc = likewise over blocks of 96 rows i: acc = fma(row_ic, w_ij, acc). Joint block: only the
//     panels after that of j.
// 11. One direction: grad_a = x * inv_tau, grad_b = y * inv_tau. Joint block: the gradient of z is
//     (x + y) * inv_tau.
// 12. Beside r_l in step 3, moments q_l: q_l = q_l * f, and q_l = fma(e_ij, x, q_l) where x is
//     s_ij - p, or 0 where e_ij = 0. Q_i as R_i in step 4; h_i = omega_i * Q_i; their sum H as in
//     step 6 without the division; grad_temperature = -(H * inv_tau).
//
// A row with a NaN logit has NaN results, a row with a logit of +infinity has non-finite ones; a
// NaN that is put out is always the same one. Memory: five packed copies of the inputs at most,
// and, for the backward pass, 192 rows of logits per thread (96 with one thread).
#include "kernels/loss/info_nce_cpu_pass.hpp"

#include <algorithm>
#include <limits>

#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/math.cuh"

namespace assay::kernels::cpu {

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int sums_of_rows = 256;

float tree(float* x, int count) {
  for (int offset = count / 2; offset > 0; offset /= 2)
    for (int i = 0; i < offset; ++i) x[i] = x[i] + x[i + offset];
  return x[0];
}

float sum_over_rows(const float* x, std::int64_t rows) {
  float partial[sums_of_rows] = {};
  for (std::int64_t i = 0; i < rows; ++i) partial[i % sums_of_rows] += x[i];
  return tree(partial, sums_of_rows);
}

/// Rows [first, last) into groups of `width`: [group][coordinate][width], zeros where there is no
/// row. first is a multiple of width.
template <class RowPointer>
void pack_columns(std::int64_t first, std::int64_t last, std::int64_t count, std::int64_t d,
                  int width, RowPointer row, float* packed) {
  for (std::int64_t base = first; base < last; base += width) {
    float* group = packed + base * d;
    for (int r = 0; r < width; ++r) {
      const float* from = base + r < count ? row(base + r) : nullptr;
      for (std::int64_t c = 0; c < d; ++c) group[c * width + r] = from != nullptr ? from[c] : 0.0f;
    }
  }
}

/// Rows [first, last) into strips of `width` coordinates, [strip][row][width], `apart` floats from
/// one strip to the next; zeros where there is no row or no coordinate.
template <class RowPointer>
void pack_strips(std::int64_t first, std::int64_t last, std::int64_t count, std::int64_t d,
                 int width, RowPointer row, float* packed, std::int64_t apart) {
  for (std::int64_t i = first; i < last; ++i) {
    const float* from = i < count ? row(i) : nullptr;
    for (std::int64_t c = 0; c < d; c += width) {
      const std::int64_t present = from != nullptr ? std::min<std::int64_t>(width, d - c) : 0;
      float* to = packed + c / width * apart + i * width;
      std::fill(std::copy_n(from + (present > 0 ? c : 0), present, to), to + width, 0.0f);
    }
  }
}

}  // namespace

InfoNcePass::InfoNcePass(const VectorCode& code, const InfoNceArguments* forward,
                         const InfoNceBackwardArguments* backward)
    : code_(code),
      forward_(forward),
      backward_(backward),
      in_(forward != nullptr ? static_cast<const InfoNceInputs&>(*forward) : *backward),
      joint_(in_.form == InfoNceForm::joint_block),
      n_(in_.n),
      d_(in_.d),
      rows_(info_nce_rows(in_)),
      panels_(divided_up(rows_, rows_per_panel)),
      blocks_(divided_up(rows_, keys_per_block)),
      inv_tau_(info_nce_inverse_temperature(in_.temperature)),
      rows_packed_(panels_ * rows_per_panel * d_),
      keys_packed_(blocks_ * keys_per_block * d_) {
  if (backward_ == nullptr) return;
  mean_part_ = backward_->grad_loss / static_cast<float>(rows_);
  row_strip_ = panels_ * rows_per_panel * code_.row_tile;
  key_strip_ = blocks_ * keys_per_block * code_.key_tile;
  row_strips_ = Floats(divided_up(d_, code_.row_tile) * row_strip_);
  key_strips_ = Floats(divided_up(d_, code_.key_tile) * key_strip_);
  key_gradients_ = Floats(blocks_ * d_ * block_stride);
  temperature_parts_ = Floats(rows_);
  for (Floats* per_row : {&maxima_, &omegas_, &positive_weights_}) {
    *per_row = Floats(blocks_ * keys_per_block);
    std::fill(per_row->get(), per_row->get() + blocks_ * keys_per_block, 0.0f);
  }
}

void InfoNcePass::run(int threads) {
  if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  threads = static_cast<int>(std::min<std::int64_t>(threads, panels_));
  // Two panels per thread and wave, so that a thread that is held up does not hold up the others.
  const std::int64_t wave = std::min<std::int64_t>(threads == 1 ? 1 : 2 * threads, panels_);
  std::vector<Panel> panels;
  for (std::int64_t i = 0; i < (backward_ != nullptr ? wave : threads); ++i)
    panels.push_back(make_panel());
  if (backward_ != nullptr)
    run_team(threads, 3 + shares_per_wave() * divided_up(panels_, wave),
             [&](Member& me) { work_on_both(me, panels); });
  else
    run_team(threads, 3, [&](Member& me) { work_on_forward(me, panels); });
  if (forward_ != nullptr)
    *forward_->loss =
        canonical(sum_over_rows(forward_->row_loss, rows_) / static_cast<float>(rows_));
  if (backward_ != nullptr)
    *backward_->grad_temperature =
        canonical(-(sum_over_rows(temperature_parts_.get(), rows_) * inv_tau_));
}

InfoNcePass::Panel InfoNcePass::make_panel() const {
  Panel p;
  const std::int64_t kept = backward_ != nullptr ? blocks_ : 1;
  p.logits = Floats(kept * block_size);
  if (backward_ == nullptr) return p;
  p.block_maximum.resize(static_cast<std::size_t>(blocks_ * rows_per_panel));
  p.gradient_stride = divided_up(d_, code_.key_tile) * code_.key_tile;
  p.gradient = Floats(rows_per_panel * p.gradient_stride);
  return p;
}

std::int64_t InfoNcePass::rows_in(std::int64_t panel) const {
  return std::min<std::int64_t>(rows_per_panel, rows_ - panel * rows_per_panel);
}

const float* InfoNcePass::row(std::int64_t i) const {
  const auto* a = static_cast<const float*>(in_.a);
  if (!joint_ || i < n_) return a + i * in_.a_stride;
  return static_cast<const float*>(in_.b) + (i - n_) * in_.b_stride;
}

const float* InfoNcePass::key(std::int64_t j) const {
  return joint_ ? row(j) : static_cast<const float*>(in_.b) + j * in_.b_stride;
}

std::int64_t InfoNcePass::positive(std::int64_t i) const {
  if (!joint_) return i;
  return i < n_ ? i + n_ : i - n_;
}

void InfoNcePass::work_on_forward(Member& me, std::vector<Panel>& panels) {
  pack(me);
  me.share(panels_,
           [&](std::int64_t p) { take_panel(p, panels[static_cast<std::size_t>(me.index())]); });
}

/// Waves of as many panels as there is room for. The order in which panels are added to the keys'
/// gradients is that of the panels, whatever the number of threads. In the joint block the weights
/// of a panel need the sums of all panels up to it.
void InfoNcePass::work_on_both(Member& me, std::vector<Panel>& panels) {
  pack(me);
  const auto room = static_cast<std::int64_t>(panels.size());
  for (std::int64_t first = 0; first < panels_; first += room) {
    const std::int64_t count = std::min(room, panels_ - first);
    const auto panel = [&](std::int64_t i) -> Panel& {
      return panels[static_cast<std::size_t>(i)];
    };
    me.share(count, [&](std::int64_t i) {
      take_panel(first + i, panel(i));
      if (!joint_) add_row_gradients(first + i, panel(i));
    });
    me.meet();
    if (joint_) {
      me.share(count, [&](std::int64_t i) { add_row_gradients(first + i, panel(i)); });
      me.meet();
    }
    me.share(blocks_, [&](std::int64_t b) {
      for (std::int64_t i = 0; i < count; ++i) add_key_gradients(first + i, b, panel(i));
    });
    me.meet();
  }
  me.share(blocks_, [&](std::int64_t b) { put_out_key_gradients(b); });
}

void InfoNcePass::pack(Member& me) {
  const auto rows = [this](std::int64_t i) { return row(i); };
  const auto keys = [this](std::int64_t j) { return key(j); };
  me.share(panels_, [&](std::int64_t p) {
    const std::int64_t first = p * rows_per_panel, last = first + rows_per_panel;
    pack_columns(first, last, rows_, d_, code_.row_tile, rows, rows_packed_.get());
    if (backward_ != nullptr)
      pack_strips(first, last, rows_, d_, code_.row_tile, rows, row_strips_.get(), row_strip_);
  });
  me.share(blocks_, [&](std::int64_t b) {
    const std::int64_t first = b * keys_per_block, last = first + keys_per_block;
    pack_columns(first, last, rows_, d_, code_.key_tile, keys, keys_packed_.get());
    if (backward_ == nullptr) return;
    pack_strips(first, last, rows_, d_, code_.key_tile, keys, key_strips_.get(), key_strip_);
    float* gradients = key_gradients_.get() + b * d_ * block_stride;
    std::fill(gradients, gradients + d_ * block_stride, 0.0f);
  });
  me.meet();
}

/// Steps 2 to 5, 7 and 12 for the rows of one panel.
void InfoNcePass::take_panel(std::int64_t index, Panel& p) {
  const std::int64_t first = index * rows_per_panel, count = rows_in(index);
  OnlineRow state[rows_per_panel];
  start_rows(first, count, state);
  for (std::int64_t b = 0; b < blocks_; ++b) {
    float* block = p.logits.get() + (backward_ != nullptr ? b * block_size : 0);
    take_block(first, count, b, block, state);
    if (backward_ == nullptr) continue;
    for (std::int64_t r = 0; r < count; ++r)
      p.block_maximum[static_cast<std::size_t>(b * rows_per_panel + r)] = state[r].maximum;
  }
  for (std::int64_t r = 0; r < count; ++r) finish_row(first + r, state[r]);
}

void InfoNcePass::start_rows(std::int64_t first, std::int64_t count, OnlineRow* state) const {
  const float* x[rows_per_panel] = {};
  const float* y[rows_per_panel] = {};
  float chain[rows_per_panel];
  for (std::int64_t r = 0; r < count; ++r) {
    x[r] = row(first + r);
    y[r] = key(positive(first + r));
  }
  code_.dots(x, y, count, d_, chain);
  for (std::int64_t r = 0; r < count; ++r) {
    state[r] = OnlineRow{};
    state[r].positive = state[r].maximum = chain[r] * inv_tau_;
  }
}

/// Step 3 for one block of keys.
void InfoNcePass::take_block(std::int64_t first, std::int64_t count, std::int64_t b, float* block,
                             OnlineRow* state) const {
  const std::int64_t first_key = b * keys_per_block;
  const std::int64_t keys = std::min<std::int64_t>(keys_per_block, rows_ - first_key);
  code_.products(divided_up(count, code_.row_tile), divided_up(keys, code_.key_tile), d_,
                 rows_packed_.get() + first * d_, keys_packed_.get() + first_key * d_, block);
  const std::int64_t filled = divided_up(keys, partial_sums) * partial_sums;
  const Wanted wanted{backward_ != nullptr, backward_ != nullptr && !joint_};
  for (std::int64_t r = 0; r < count; ++r) {
    float* x = block + r * block_stride;
    const auto leave_out = [&](std::int64_t j) {
      if (j >= first_key && j < first_key + keys) x[j - first_key] = -infinity;
    };
    leave_out(positive(first + r));
    if (joint_) leave_out(first + r);
    std::fill(x + keys, x + filled, -infinity);
    code_.take_in(x, filled, inv_tau_, wanted, &state[r]);
  }
}

/// Steps 4, 5 and 7.
void InfoNcePass::finish_row(std::int64_t i, OnlineRow& state) const {
  const float p = state.positive, m = state.maximum;
  const float r = tree(state.sum, partial_sums);
  float denominator = r + 1.0f, row_loss = 0, row_lse = 0;
  if (m > p) {
    denominator = r + exp_f32(p - m);
    const float t = log_f32(denominator);
    row_loss = (m - p) + t;
    row_lse = m + t;
  } else {
    const float t = log1p_f32(r);
    row_loss = t + (p - p);
    row_lse = p + t;
  }
  if (forward_ != nullptr) {
    forward_->row_loss[i] = canonical(row_loss);
    forward_->row_lse[i] = canonical(row_lse);
  }
  if (backward_ == nullptr) return;
  float g = mean_part_;
  if (backward_->grad_row_loss != nullptr)
    g = backward_->grad_row_loss[i * backward_->grad_row_loss_stride] + mean_part_;
  const float omega = g / denominator;
  maxima_.get()[i] = m;
  omegas_.get()[i] = omega;
  positive_weights_.get()[i] = -(r * omega);
  temperature_parts_.get()[i] = omega * tree(state.moment, partial_sums);
}

float* InfoNcePass::gradient_of_row(std::int64_t i) const {
  return i < n_ ? backward_->grad_a + i * d_ : backward_->grad_b + (i - n_) * d_;
}

void info_nce_on(const VectorCode& code, const InfoNceArguments* forward,
                 const InfoNceBackwardArguments* backward, int threads) {
  InfoNcePass(code, forward, backward).run(threads);
}

}  // namespace assay::kernels::cpu
