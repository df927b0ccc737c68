// SPDX-License-Identifier: Apache-2.0
// A request from the host to its kernels and back, for the emulator, a device and one core alike.
//
// `Memory` says where arrays lie and whether kernels are launched (memory.hpp, memory_cuda.cuh),
// `Policy` whether a fault is planted.
#pragma once

#include "kernels/sampling/alias.cuh"
#include "kernels/sampling/inverse_cdf.cuh"
#include "kernels/sampling/keys.cuh"
#include "kernels/sampling/one_core.hpp"
#include "kernels/sampling/rejection.cuh"
#include "kernels/sampling/view.hpp"

namespace assay::kernels::sampling {

template <class Memory, class Policy>
class Run {
 public:
  Run(const Request& request, Memory& memory, const Policy& policy, Fault fault)
      : q_(request), memory_(memory), policy_(policy), fault_(fault) {}

  void into(std::int64_t* out) {
    const std::int64_t count = rows() * outputs_per_row(q_);
    if (count == 0) return;
    std::int64_t* const device_out = memory_.template room<std::int64_t>(count);
    const WordSource& w = q_.words;
    if (w.given != nullptr)
      with(GivenWords{memory_.input(w.given, w.given_count),
                      static_cast<std::uint64_t>(trials_per_row(q_)),
                      static_cast<std::uint64_t>(words_per_trial(q_)),
                      static_cast<std::uint32_t>(w.first_row)},
           device_out);
    else
      with(
          PhiloxWords{
              w.seed,
              policy_.is(Fault::counter_repeats_per_call) ? 0 : static_cast<std::uint32_t>(w.call),
              static_cast<std::uint32_t>(q_.method)},
          device_out);
    memory_.read_back(out, device_out, count);
  }

 private:
  std::int64_t rows() const { return q_.population.rows; }
  static dim3 blocks(std::int64_t threads, int per_block) {
    return dim3(static_cast<unsigned>((threads + per_block - 1) / per_block));
  }
  std::int64_t first_row() const { return q_.words.first_row; }

  template <class Trial>
  void each(const Trial& trial, std::int64_t count) {
    for_each_trial(memory_, trial, count);
  }

  template <class Words>
  void with(const Words& words, std::int64_t* out) {
    switch (q_.method) {
      case Method::inverse_cdf: return inverse_cdf(words, out);
      case Method::alias: return alias(words, out);
      case Method::gumbel_max:
      case Method::exponential_race:
      case Method::gumbel_top_k:
      case Method::top_k: return keys(words, out);
      case Method::uniform:
      case Method::uniform_distinct: return uniform(words, out);
      case Method::rejection: return rejection(words, out);
      case Method::anchor_positive: return pairs(words, out);
      case Method::disjoint_batches:
        return each(
            ShuffleTrial<Words, Policy>{policy_, words, first_row(), q_.population.columns, out},
            rows());
    }
  }

  /// With the fault of a tilt that is applied twice, a polynomial's power is.
  Population tilted(Population p) const {
    if (fault_ == Fault::tilt_twice && p.tilt == Tilt::polynomial) p.power *= 2;
    return p;
  }

  /// Summaries of all rows, which must not object. \throws RowError
  const RowSummary* summaries(const View& v, std::int64_t wanted, double above) {
    RowSummary* const device = memory_.template room<RowSummary>(rows());
    if constexpr (Memory::launches) {
      launch(summarise<Policy>, blocks(rows(), 1), dim3(summary_threads), 0, policy_, v, device);
      memory_.launched();
    } else {
      one_core::summarise(policy_, v, device);
    }
    std::vector<RowSummary> host(static_cast<std::size_t>(rows()));
    memory_.read_back(host.data(), device, rows());
    for (std::int64_t row = 0; row < rows(); ++row) {
      RowSummary& s = host[static_cast<std::size_t>(row)];
      if (!(s.top > above)) s.support = 0;
      if (const char* reason = objection(s, wanted)) throw RowError(row, reason);
    }
    return device;
  }

  template <class Words>
  void inverse_cdf(const Words& words, std::int64_t* out) {
    const View v = view_of(tilted(q_.population), memory_);
    const RowSummary* const rows_seen = summaries(v, 1, -math64_detail::infinity64);
    if constexpr (!Memory::launches)
      return one_core::inverse_cdf(policy_, v, words, first_row(), q_.k, q_.bits, rows_seen, out);
    TileEnd* const ends = memory_.template room<TileEnd>(rows() * tiles_of(v.columns));
    launch(tile_up<Policy>, blocks(rows(), 1), dim3(cdf_threads), 0, policy_, v, rows_seen, ends);
    memory_.launched();
    launch(draw<Words, Policy>, blocks(rows() * q_.k, cdf_warps), dim3(cdf_threads), 0, policy_, v,
           words, first_row(), q_.k, q_.bits, rows_seen, ends, out);
    memory_.launched();
  }

  template <class Words>
  void alias(const Words& words, std::int64_t* out) {
    const std::int64_t columns = q_.population.columns;
    std::vector<std::uint64_t> accept;
    std::vector<std::int64_t> other;
    for (std::int64_t row = 0; row < rows(); ++row) {
      std::vector<std::uint64_t> weights = integer_weights(q_.population, row);
      for (std::size_t j = 1; j < weights.size(); j += 3)
        if (fault_ == Fault::weight_off_five_percent) weights[j] -= weights[j] / 20;
      const AliasTable table = alias_table(weights);
      accept.insert(accept.end(), table.accept.begin(), table.accept.end());
      other.insert(other.end(), table.other.begin(), table.other.end());
    }
    each(AliasTrial<Words, Policy>{policy_, words, columns, first_row(), q_.k,
                                   memory_.input(accept.data(), rows() * columns),
                                   memory_.input(other.data(), rows() * columns), out},
         rows() * q_.k);
  }

  template <class Words>
  void keys(const Words& words, std::int64_t* out) {
    Population seen = tilted(q_.population);
    if (q_.method == Method::top_k) {  // by score, whatever the tilt
      seen.tilt = Tilt::exponential;
      seen.beta = seen.inv_tau = 1;
    }
    const bool distinct = q_.method == Method::top_k || q_.method == Method::gumbel_top_k;
    const View v = view_of(seen, memory_);
    const RowSummary* const rows_seen =
        summaries(v, distinct ? q_.k : 1, -math64_detail::infinity64);
    const std::int64_t trials = trials_per_row(q_), wanted = distinct ? q_.k : std::int64_t{1};
    if constexpr (!Memory::launches)
      return one_core::keys(policy_, v, words, q_.method, first_row(), trials, wanted, q_.bits,
                            rows_seen, out);
    launch(draw_keys<Words, Policy>, blocks(rows() * trials, key_warps), dim3(key_threads), 0,
           policy_, v, words, q_.method, first_row(), trials, wanted, q_.bits, rows_seen, out);
    memory_.launched();
  }

  /// The allowed sets, in memory; at least `wanted` columns in each. \throws RowError
  Allowed allowed(const AllowedSets& sets, std::int64_t wanted) {
    for (std::int64_t row = 0; row < rows(); ++row) {
      const std::int64_t left = sets.rows[static_cast<std::size_t>(row)].allowed;
      if (const char* reason = objection({0, left, 0}, wanted)) throw RowError(row, reason);
    }
    return {sets.by_label.empty() ? nullptr
                                  : memory_.input(sets.by_label.data(),
                                                  static_cast<std::int64_t>(sets.by_label.size())),
            memory_.input(sets.rows.data(), rows())};
  }

  template <class Words>
  void uniform(const Words& words, std::int64_t* out) {
    const AllowedSets sets = allowed_sets(q_.population, fault_);
    if (q_.method == Method::uniform) {
      each(UniformTrial<Words, Policy>{policy_, allowed(sets, 1), words, first_row(), q_.k, q_.bits,
                                       out},
           rows() * q_.k);
    } else {
      Exchange* const exchanges = memory_.template room<Exchange>(rows() * q_.k);
      each(DistinctTrial<Words, Policy>{policy_, allowed(sets, q_.k), words, first_row(), q_.k,
                                        exchanges, out},
           rows());
    }
  }

  template <class Words>
  void rejection(const Words& words, std::int64_t* out) {
    Population seen = q_.population;
    seen.tilt = Tilt::exponential;  // whose argument is u itself
    seen.beta = 1;
    const View v = view_of(seen, memory_);
    const AllowedSets sets = allowed_sets(q_.population, fault_);
    const RowSummary* const rows_seen = summaries(v, 1, -1.0);
    each(RejectionTrial<Words, Policy>{policy_, v, allowed(sets, 1), words, q_.joint, first_row(),
                                       q_.k, q_.proposals, rows_seen, out},
         rows());
  }

  template <class Words>
  void pairs(const Words& words, std::int64_t* out) {
    const Anchors a = anchors_of(q_.population.column_labels, q_.population.columns);
    if (a.column.empty())
      throw std::invalid_argument(
          "sampling: no class has two members, so that no anchor has a positive");
    const auto anchors = static_cast<std::int64_t>(a.column.size());
    const auto classes = static_cast<std::int64_t>(a.class_first.size());
    const AnchorView v{memory_.input(a.column.data(), anchors),
                       memory_.input(a.first.data(), anchors),
                       memory_.input(a.count.data(), anchors),
                       memory_.input(a.class_first.data(), classes),
                       anchors,
                       classes};
    each(PairTrial<Words, Policy>{policy_, v, words, first_row(), q_.k, out}, rows() * q_.k);
  }

  const Request& q_;
  Memory& memory_;
  Policy policy_;
  Fault fault_;
};

}  // namespace assay::kernels::sampling
