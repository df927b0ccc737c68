// SPDX-License-Identifier: Apache-2.0
// The metamorphic laws of loss/info_nce (docs/laws.md derives each).
//
// Every law makes related cases of a case, runs an implementation on all of them and compares the
// outputs with each other; the truth itself is not asked. What rounding may do comes from the
// budgets of the subject's algorithm on each case, so a violation proves that at least one of the
// outputs is outside its budget (or that a budget is wrong). Laws "by bits" state which operations
// an implementation has to repeat exactly. A law that does not exist for a case says `unavailable`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "properties/contract/law_trial.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// Pairs in another order: the outputs in that order, the mean and the temperature's gradient as
/// before. By budgets.
LawFinding info_nce_permutation_law(const engine::Case& c, const Subject& subject,
                                    std::uint64_t seed);
/// Coordinates permuted and some of them negated, the same in a and b: all logits are equal, and
/// the gradients move with the coordinates. By budgets.
LawFinding info_nce_rotation_law(const engine::Case& c, const Subject& subject, std::uint64_t seed);
/// Joint block and both directions: a and b exchanged; rows i and i + N change places, grad_a and
/// grad_b too. (For one direction the transposed problem is another function of the logits.) By
/// budgets.
LawFinding info_nce_exchange_law(const engine::Case& c, const Subject& subject);
/// A further coordinate adds the same number to all logits of a row: row_loss, loss, the gradients
/// of the old coordinates and of the temperature stay, row_lse moves by that number; the
/// coefficients of a row sum to 0. The number is up to some hundreds: no exponential of a bare
/// logit survives it. Not with a normalisation. By budgets.
LawFinding info_nce_shift_law(const engine::Case& c, const Subject& subject, std::uint64_t seed);
/// a, b times 2^k and T times 4^k (a scale times 4^-k): row_loss, row_lse, loss stay, gradients are
/// divided by 2^k, that of T by 4^k, that of the scale multiplied by 4^k. With a normalisation:
/// every vector times a power of two of its own, which divides its gradient and nothing else.
/// \pre |k| <= 8. By bits (for an algorithm that forms its logits from dot products and a rounded
/// 1/T or division by T) or by budgets.
LawFinding info_nce_scaling_law(const engine::Case& c, const Subject& subject, int k,
                                Agreement agreement);
/// One direction or both, positives by index: every pair twice. row_loss, row_lse and loss grow by
/// log 2; with the upstream gradients repeated, grad_a and grad_b repeat and the parameter's
/// gradient doubles. By budgets.
LawFinding info_nce_duplication_law(const engine::Case& c, const Subject& subject);
/// Other strides of a, b, the mask and the upstream gradients, with NaN, infinities and numbers in
/// between.
LawFinding info_nce_padding_law(const engine::Case& c, const Subject& subject,
                                Agreement agreement = Agreement::bits);
/// Positives by label: every class under another name, the labels of b given where they were not;
/// by mask: other nonzero bytes. Nothing changes.
LawFinding info_nce_renaming_law(const engine::Case& c, const Subject& subject, std::uint64_t seed,
                                 Agreement agreement);
/// Forward, within one run: loss is the mean (or what the setting says) of row_loss; row_loss >= 0
/// where the denominator has the positives, >= log K where their mean stands outside; a row that
/// does not count is 0; row_lse - row_loss is the positive logit. By budgets.
LawFinding info_nce_forward_identities_law(const engine::Case& c, const Subject& subject);
/// Backward, within one run: the loss depends on a, b and T through <a_i, b_j>/T only, so by
/// Euler's theorem <a, grad_a> = <b, grad_b> = -T grad_T (joint block: the two sums together -2 T
/// grad_T); of a scale: scale grad_scale. With a normalisation <x, grad_x> = 0 for every vector
/// that is longer than eps. By budgets.
LawFinding info_nce_euler_law(const engine::Case& c, const Subject& subject);
/// Backward: all upstream gradients times 2^k multiply all outputs by 2^k. \pre |k| <= 8
LawFinding info_nce_upstream_scaling_law(const engine::Case& c, const Subject& subject, int k,
                                         Agreement agreement);
/// Backward: upstream gradients u = u1 + u2, exactly; the gradients add up. By budgets.
LawFinding info_nce_upstream_sum_law(const engine::Case& c, const Subject& subject);
/// Backward: an upstream gradient of the loss is the same as its share at every row, as often as
/// the row counts. By budgets.
LawFinding info_nce_mean_upstream_law(const engine::Case& c, const Subject& subject);

/// Settings with labels or a mask, each row given its own pair as its only positive: the outputs of
/// the instance that finds it by index. By bits where the formula's operations are the same (not
/// L_in, nor gradients of positives against the negatives), if `agreement` says so.
LawFinding info_nce_one_positive_law(const engine::Case& c, const Subject& subject,
                                     Agreement agreement);
/// The same inputs for other members of the family, which the subject has to serve. By label:
/// L_in + log K <= L_out, L_in <= the mean against the negatives <= L_out, equal where K = 1.
/// Decoupled against the joint block: y = log(1 + e^x). Both directions: the problem and its
/// transpose. By budgets.
LawFinding info_nce_members_law(const engine::Case& c, const Subject& subject);

/// What the loss of a rank is the mean of: its own rows over their number, or over all rows.
enum class RankMean : unsigned char { local, global };
/// How the ranks' gradients are put together.
enum class RankReduction : unsigned char { sum, mean };
/// What the result is declared to be, in gradients of the mean over all rows on one rank.
enum class RankFactor : unsigned char { one, times_ranks, over_ranks };

struct RankConvention {
  RankMean mean = RankMean::local;
  RankReduction reduction = RankReduction::mean;
  RankFactor declared = RankFactor::one;
};

/// The rows are split among `ranks` in order (evenly, as far as they go; a local mean needs an even
/// split). Rank r holds its own rows and all keys. Forward, one direction: the rows of others are
/// blanked, and what r says of its own rows does not change, by `agreement`. Backward: the
/// gradients of the ranks' losses, put together, are the declared multiple of those of one rank,
/// and for one direction no rank has a gradient for a row of another; by budgets. `agreement` is
/// then unused.
LawFinding info_nce_rank_law(const engine::Case& c, const Subject& subject, std::int64_t ranks,
                             const RankConvention& convention, Agreement agreement);

/// Null when no operation of the stated algorithms can underflow on the case, also after the
/// scalings of the laws above, so that powers of two pass through all operations unchanged; else
/// why it could.
const char* info_nce_underflow_possible(const engine::Case& c);

/// Several subjects that have to give the same bits: an implementation under several schedules or
/// numbers of threads.
LawFinding info_nce_same_bits_law(const engine::Case& c, const std::vector<Subject>& subjects);

/// Every law of one subject above.
const std::vector<Law>& info_nce_laws();

/// The cases on which a certification asks the laws, family "laws": a few pairs whose numbers meet
/// the premises of the laws by bits, with several shapes, relations and upstream gradients.
std::vector<engine::CaseDescriptor> info_nce_law_cases(const std::string& instance,
                                                       std::uint64_t seed);
/// A case of that family, a pure function of the descriptor.
/// \throws engine::InputError for an unknown instance
engine::Case make_info_nce_law_case(const engine::CaseDescriptor& descriptor);

}  // namespace assay::contract
