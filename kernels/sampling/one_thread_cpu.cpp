// SPDX-License-Identifier: Apache-2.0
// Anchors with positives, and rejection, on one core: the kernels' own maps from words to columns.
#include "kernels/sampling/one_thread_cpu.hpp"

#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/rejection.cuh"
#include "kernels/sampling/view.hpp"

namespace assay::kernels::sampling {
namespace {

/// Calls `draw` with the source of the request's words.
template <class Draw>
void with_words(const Request& request, const Draw& draw) {
  const WordSource& w = request.words;
  if (w.given != nullptr)
    draw(GivenWords{w.given, static_cast<std::uint64_t>(trials_per_row(request)),
                    static_cast<std::uint64_t>(words_per_trial(request)),
                    static_cast<std::uint32_t>(w.first_row)});
  else
    draw(PhiloxWords{w.seed, static_cast<std::uint32_t>(w.call),
                     static_cast<std::uint32_t>(request.method)});
}

/// The summary of `summarise`, column by column: maxima and counts know no order.
RowSummary summary_of(const View& v, std::int64_t row) {
  RowSummary all{-math64_detail::infinity64, 0, 0};
  for (std::int64_t j = 0; j < v.columns; ++j) {
    const double t = argument_of(Plain(), v, row, j);
    all.top = t > all.top ? t : all.top;
    all.support += has_weight(v.tilt, t) ? 1 : 0;
    all.bad |= is_bad(t) ? 1 : 0;
  }
  return all;
}

void refuse(std::int64_t row, const RowSummary& summary) {
  if (const char* reason = objection(summary, 1)) throw RowError(row, reason);
}

}  // namespace

void sample_pairs_cpu(const Request& request, std::int64_t* out) {
  const Anchors a = anchors_of(request.population.column_labels, request.population.columns);
  if (a.column.empty())
    throw std::invalid_argument(
        "sampling: no class has two members, so that no anchor has a positive");
  const AnchorView v{a.column.data(),
                     a.first.data(),
                     a.count.data(),
                     a.class_first.data(),
                     static_cast<std::int64_t>(a.column.size()),
                     static_cast<std::int64_t>(a.class_first.size())};
  with_words(request, [&](const auto& words) {
    for (std::int64_t row = 0; row < request.population.rows; ++row)
      for (std::int64_t trial = 0; trial < request.k; ++trial, out += 2)
        draw_pair(Plain(), v, words, stream_of(Plain(), row, trial, request.words.first_row), out);
  });
}

void sample_rejection_cpu(const Request& request, std::int64_t* out) {
  Population seen = request.population;
  seen.tilt = Tilt::exponential;  // whose argument is u itself
  seen.beta = 1;
  HostMemory memory;
  const View v = view_of(seen, memory);
  const AllowedSets sets = allowed_sets(request.population);
  const Allowed allowed{sets.by_label.empty() ? nullptr : sets.by_label.data(), sets.rows.data()};
  with_words(request, [&](const auto& words) {
    for (std::int64_t row = 0; row < v.rows; ++row) {
      refuse(row, {0, sets.rows[static_cast<std::size_t>(row)].allowed, 0});
      RowSummary summary = summary_of(v, row);
      if (!(summary.top > -1.0)) summary.support = 0;
      refuse(row, summary);
      draw_tuple(Plain(), v, allowed, words, stream_of(Plain(), row, 0, request.words.first_row),
                 row, {request.joint, request.k, request.proposals, summary.top},
                 out + row * request.k);
    }
  });
}

}  // namespace assay::kernels::sampling
