// SPDX-License-Identifier: Apache-2.0
// HN: what the text refers to by number, against the number it has; counts of the contribution
// list.
#include <vector>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"

namespace assay::proofs {
namespace {

/// A printed number (of a section, definition, equation, line) and the one that the thing has, both
/// in units of 1/`unit`: 31 and 32 of unit 10 are Sections 3.1 and 3.2.
struct Reference {
  const char* id;
  const char* place;
  const char* statement;
  int cited, actual;
  int unit;
  const char* remark;  ///< of a wrong one: also the statement of its correction
};

const std::vector<Reference> references = {
    {"theorem-1-gamma", "proof of Theorem 1", "the definition of gamma(x,y,f) in (6)", 6, 5, 1,
     "(6) defines gamma(x,f) of UCL; gamma(x,y,f) is the unnumbered display before (5)"},
    {"theorem-2-hscl-law", "proof of Theorem 2, (vi)", "p_HSCL, see Equation 5", 5, 5, 1, ""},
    {"theorem-1-harris", "Section 4.1", "the Harris inequality (Lemma 1)", 1, 1, 1, ""},
    {"section-1-nc", "Section 1.1", "Neural-Collapse (NC), see Definition 6", 6, 6, 1, ""},
    {"section-5-nc", "Section 5", "to observe Neural-Collapse (Definition 5)", 5, 6, 1,
     "Definition 5 is the ETF, Neural-Collapse is Definition 6"},
    {"section-5-3-etf", "Section 5.3", "they form an ETF, see Definition 5", 5, 5, 1, ""},
    {"section-5-hardening", "Section 5",
     "the exponential tilting hardening function described in Sec. 3.1", 31, 32, 10,
     "hardening functions are described in Section 3.2"},
    {"section-5-lines-first", "Section 5",
     "within a unit ball as detailed in Algorithm 1, lines 5-12: the first line", 5, 5, 1, ""},
    {"section-5-lines-last", "Section 5",
     "within a unit ball as detailed in Algorithm 1, lines 5-12: the last line", 12, 10, 1,
     "unit-ball normalization is lines 5 to 10; lines 11 and 12 are unit-sphere normalization"},
    {"figure-12-loss", "caption of Figure 12", "the SimCLR loss (Eq.44)", 44, 42, 1,
     "the SimCLR loss is (42), the last numbered equation"},
    {"section-5-2-zero-sum-row", "Section 5.2",
     "the zero-sum metric is in row 2 of Fig. 3, the second of its four panels", 2, 2, 1, ""},
    {"section-5-2-inner-product-row", "Section 5.2",
     "the equal inner-product metric is in row 4 of Fig. 3, the last of its four panels", 4, 4, 1,
     ""},
    {"section-5-5-rows", "Section 5.5",
     "unit-sphere normalization is in row 3 of Fig. 4, the third of its four panels", 3, 3, 1, ""},
    {"section-1-initializations", "Section 1.1", "two initialization methods: random, near-NC", 2,
     2, 1, ""},
    {"section-1-normalizations", "Section 1.1",
     "three feature normalizations: unit ball, unit sphere, none", 3, 3, 1, ""},
    {"section-1-batch-sizes", "Section 1.1", "three batch sizes: 512, 64, 32", 3, 3, 1, ""},
    {"section-1-hardenings", "Section 1.1",
     "two families of hardening functions: exponential, polynomial", 2, 2, 1, ""},
    {"section-1-samplings", "Section 1.1",
     "two CL sampling strategies: by label, SimCLR augmentation", 2, 2, 1, ""},
    {"section-1-data-sets", "Section 1.1", "three real data sets: CIFAR10, CIFAR100, TinyImageNet",
     3, 3, 1, ""},
    {"appendix-b-settings", "Appendix B",
     "the results for CIFAR10 and CIFAR100 are provided under three different settings: how many "
     "Figs. 4 and 6 show",
     3, 4, 1,
     "the captions of Figs. 4 and 6 name a fourth: un-normalized with random initialization"},
    {"section-5-6-batch-32", "Sections 5.6 and B.3",
     "with batch size 32 NC is no longer observed: in how many settings Appendix B.3 observes it",
     0, 1, 1, "Appendix B.3: with batch size 32 NC is achieved in HSCL with beta = 30"},
};

}  // namespace

void add_hn_cross_references(ClaimRegistry& registry) {
  for (const Reference& r : references) {
    const std::string id = std::string("hard-negatives/cross-references/") + r.id;
    Claim c = fact({id, r.place, r.statement}, Relation::equal, number(r.cited, r.unit),
                   number(r.actual, r.unit));
    c.remark = r.remark;
    registry.add(std::move(c));
    if (r.cited != r.actual)
      registry.add(corrects(fact({id + "/corrected", r.place, r.remark}, Relation::equal,
                                 number(r.actual, r.unit), number(r.actual, r.unit)),
                            id));
  }
  Claim of_tuples = fact({"hard-negatives/cross-references/triplet-k", "Section 3.1",
                          "k > 1 throughout, and the triplet loss is of the form of Definition 1"},
                         Relation::greater, number(1), number(1));
  of_tuples.reading = "the triplet loss has one negative";
  of_tuples.remark = "psi_k(t) = max{t + alpha, 0} has one argument, the notation asks for k > 1";
  registry.add(std::move(of_tuples));
  registry.add(corrects(fact({"hard-negatives/cross-references/triplet-k/corrected", "Section 3.1",
                              "the notation should ask for k >= 1"},
                             Relation::greater_or_equal, number(1), number(1)),
                        "hard-negatives/cross-references/triplet-k"));
}

}  // namespace assay::proofs
