// SPDX-License-Identifier: Apache-2.0
// The list of all laws of loss/info_nce.
#include <algorithm>

#include "properties/contract/loss/info_nce_law_case.hpp"
#include "properties/contract/loss/info_nce_laws.hpp"

namespace assay::contract {

using Index = std::int64_t;

const std::vector<Law>& info_nce_laws() {
  using Case = engine::Case;
  using Seed = std::uint64_t;
  // The ranks' shares of the mean over all rows, added up: also what a sum over chunks of rows is.
  static const RankConvention chunks{RankMean::global, RankReduction::sum, RankFactor::one};
  static const std::vector<Law> laws = {
      {"permutation", [](const Case& c, const Subject& s, Seed seed,
                         Agreement) { return info_nce_permutation_law(c, s, seed); }},
      {"rotation", [](const Case& c, const Subject& s, Seed seed,
                      Agreement) { return info_nce_rotation_law(c, s, seed); }},
      {"exchange", [](const Case& c, const Subject& s, Seed,
                      Agreement) { return info_nce_exchange_law(c, s); }},
      {"shift", [](const Case& c, const Subject& s, Seed seed,
                   Agreement) { return info_nce_shift_law(c, s, seed); }},
      {"scaling",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         return info_nce_scaling_law(c, s, seed % 2 == 0 ? 3 : -5, agreement);
       }},
      {"duplication", [](const Case& c, const Subject& s, Seed,
                         Agreement) { return info_nce_duplication_law(c, s); }},
      {"padding", [](const Case& c, const Subject& s, Seed,
                     Agreement agreement) { return info_nce_padding_law(c, s, agreement); }},
      {"renaming",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         return info_nce_renaming_law(c, s, seed, agreement);
       }},
      {"forward identities", [](const Case& c, const Subject& s, Seed,
                                Agreement) { return info_nce_forward_identities_law(c, s); }},
      {"euler",
       [](const Case& c, const Subject& s, Seed, Agreement) { return info_nce_euler_law(c, s); }},
      {"upstream scaling",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         return info_nce_upstream_scaling_law(c, s, seed % 2 == 0 ? 1 : -6, agreement);
       }},
      {"upstream sum", [](const Case& c, const Subject& s, Seed,
                          Agreement) { return info_nce_upstream_sum_law(c, s); }},
      {"mean upstream", [](const Case& c, const Subject& s, Seed,
                           Agreement) { return info_nce_mean_upstream_law(c, s); }},
      {"ranks",
       [](const Case& c, const Subject& s, Seed seed, Agreement agreement) {
         const Index pairs = InfoNceLawCase(c).n;
         return info_nce_rank_law(c, s, std::min(pairs, static_cast<Index>(2 + seed % 3)), chunks,
                                  agreement);
       }},
      {"one positive",
       [](const Case& c, const Subject& s, Seed, Agreement agreement) {
         return info_nce_one_positive_law(c, s, agreement);
       },
       true},
      {"members",
       [](const Case& c, const Subject& s, Seed, Agreement) { return info_nce_members_law(c, s); },
       true},
  };
  return laws;
}

}  // namespace assay::contract
