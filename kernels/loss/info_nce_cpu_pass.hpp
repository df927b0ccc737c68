// SPDX-License-Identifier: Apache-2.0
// One call of the CPU implementation of InfoNCE: its packed inputs, its sums, its threads' work.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_cpu_code.hpp"
#include "kernels/loss/info_nce_cpu_team.hpp"

namespace assay::kernels::cpu {

/// x, or the one NaN that is put out.
inline float canonical(float x) { return x == x ? x : std::numeric_limits<float>::quiet_NaN(); }
inline std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The steps that the comments count are those of info_nce_cpu_pass.cpp. The backward pass proper
/// is in info_nce_cpu_gradient.cpp.
class InfoNcePass {
 public:
  /// Arguments as of info_nce_cpu, checked.
  InfoNcePass(const VectorCode& code, const InfoNceArguments* forward,
              const InfoNceBackwardArguments* backward);
  void run(int threads);

 private:
  static constexpr std::int64_t block_size = rows_per_panel * std::int64_t{block_stride};

  /// What a thread works on at a time: 96 rows. Forward alone needs one block of logits at a time.
  struct Panel {
    Floats logits;                     // [block][row][block_stride]
    std::vector<float> block_maximum;  // [block][row], M_ib
    Floats gradient;                   // [row][gradient_stride]
    std::int64_t gradient_stride = 0;
  };

  Panel make_panel() const;
  const float* row(std::int64_t i) const;
  const float* key(std::int64_t j) const;
  std::int64_t positive(std::int64_t i) const;
  float* gradient_of_row(std::int64_t i) const;

  void work_on_forward(Member& me, std::vector<Panel>& panels);
  void work_on_both(Member& me, std::vector<Panel>& panels);
  std::int64_t shares_per_wave() const { return joint_ ? 3 : 2; }
  void pack(Member& me);
  void take_panel(std::int64_t index, Panel& p);
  void start_rows(std::int64_t first, std::int64_t count, OnlineRow* state) const;
  void take_block(std::int64_t first, std::int64_t count, std::int64_t b, float* block,
                  OnlineRow* state) const;
  void finish_row(std::int64_t i, OnlineRow& state) const;
  std::int64_t rows_in(std::int64_t panel) const;
  void weigh_block(std::int64_t first, std::int64_t count, std::int64_t b, Panel& p) const;
  void weigh_pairs(std::int64_t first, std::int64_t count, std::int64_t b, Panel& p) const;
  void add_row_gradients(std::int64_t index, Panel& p);
  void add_key_gradients(std::int64_t index, std::int64_t b, const Panel& p);
  void put_out_key_gradients(std::int64_t b) const;

  const VectorCode& code_;
  const InfoNceArguments* forward_;
  const InfoNceBackwardArguments* backward_;
  const InfoNceInputs& in_;
  bool joint_;
  std::int64_t n_, d_, rows_, panels_, blocks_;
  float inv_tau_;
  float mean_part_ = 0;
  Floats rows_packed_, keys_packed_;  // [group][coordinate][tile]
  Floats row_strips_, key_strips_;    // [strip of coordinates][row][tile]
  std::int64_t row_strip_ = 0, key_strip_ = 0;
  Floats key_gradients_;      // [block][coordinate][block_stride], step 10
  Floats temperature_parts_;  // h_i
  // Per row: M_i, omega_i, the weight of its positive; zeros up to a whole block.
  Floats maxima_, omegas_, positive_weights_;
};

}  // namespace assay::kernels::cpu
