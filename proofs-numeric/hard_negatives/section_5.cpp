// SPDX-License-Identifier: Apache-2.0
// HN Sections 5 and 5.1: the printed optimal values, the experimental setting, random negatives.
#include <array>

#include "proofs-numeric/hard_negatives/hard_negatives.hpp"
#include "proofs-numeric/subject/facts.hpp"
#include "reference/model/finite_model.hpp"

namespace assay::proofs {
namespace {

/// InfoNCE with alpha = 1 where `b` of the k arguments are -C/(C-1) and the others are 0.
Real info_nce(const Arithmetic& a, int classes, int k, int b, bool mean) {
  const Real sum = a(b) * exp(a(-classes, classes - 1)) + a(k - b);
  return log1p(mean ? sum / a(k) : sum);
}

/// The right side of HN (11).
Number scl_bound(int classes, int k, bool mean = true) {
  return [=](const Arithmetic& a) { return info_nce(a, classes, k, k, mean); };
}

/// The right side of HN (30), its sum over labels by the number of negatives of other classes.
Number ucl_bound(int classes, int k, bool mean = true) {
  return [=](const Arithmetic& a) {
    Real weight = pow(a(1, classes), k), total = 0;
    for (int b = 0; b <= k; ++b) {
      total += weight * info_nce(a, classes, k, b, mean);
      weight *= a((k - b) * (classes - 1), b + 1);
    }
    return total;
  };
}

/// log(1 + E exp(t)): (42) at Neural-Collapse with Q = 1, what (30) tends to as k grows.
Number ucl_limit(int classes) {
  return [=](const Arithmetic& a) {
    return log1p((exp(a(-classes, classes - 1)) * a(classes - 1) + a(1)) / a(classes));
  };
}

void add_values(ClaimRegistry& registry) {
  const char* place = "Section 5.1";
  const char* mean = "mean over the negatives, alpha = 1, as in line 22 of Algorithm 1";
  const char* sum = "sum over the negatives, alpha = 1, as below Definition 1";
  const auto add = [&](Claim c, const char* reading, const char* remark = "") {
    c.reading = reading, c.remark = remark;
    registry.add(std::move(c));
  };
  const std::string scl = "hard-negatives/section-5-1/scl-value";
  const std::string ucl = "hard-negatives/section-5-1/ucl-value";
  const char* says_scl = "L_SCL(f*) = L_HSCL(f*) = 0.2014 at Neural-Collapse, C = 3, k = 256";
  const char* says_ucl =
      "L_UCL(f*) = 0.3935 at Neural-Collapse, C = 3, k = 256, the lower bound of Theorem 3";
  add(printed_value({scl + "/mean", place, says_scl}, scl_bound(3, 256), "0.2014"), mean);
  add(printed_value({scl + "/sum", place, says_scl}, scl_bound(3, 256, false), "0.2014"), sum,
      "log(1 + 256 exp(-3/2)) = 4.0625");
  add(corrects(printed_value({scl + "/sum/corrected", place,
                              "with the sum of Definition 1 the value is 4.0625; 0.2014 is that of "
                              "the mean"},
                             scl_bound(3, 256, false), "4.0625"),
               scl + "/sum"),
      sum);
  add(printed_value({ucl + "/mean", place, says_ucl}, ucl_bound(3, 256), "0.3935"), mean,
      "the bound (30) at k = 256 is 0.39333; 0.3935 is its limit log(1 + 1/3 + (2/3) exp(-3/2)) = "
      "0.39345 as k grows");
  add(printed_value({ucl + "/sum", place, says_ucl}, ucl_bound(3, 256, false), "0.3935"), sum,
      "the bound (30) with the sum of Definition 1 is above log(1 + 256 exp(-3/2)) = 4.06");
  add(corrects(printed_value({ucl + "/mean/corrected", place,
                              "L_UCL(f*) = 0.3933 at Neural-Collapse, C = 3, k = 256"},
                             ucl_bound(3, 256), "0.3933"),
               ucl + "/mean"),
      mean);
  add(corrects(printed_value({ucl + "/mean/limit", place,
                              "0.3935 is the limit of the lower bound of Theorem 3 as k grows"},
                             ucl_limit(3), "0.3935"),
               ucl + "/mean"),
      mean);
  add(corrects(fact({ucl + "/sum/corrected", place,
                     "with the sum of Definition 1 the lower bound of Theorem 3 is above 4"},
                    Relation::greater, ucl_bound(3, 256, false), number(4)),
               ucl + "/sum"),
      sum);
}

/// |bound at k - bound at 256| <= 1 % of the bound at 256.
Claim slight_change(const char* id, Number (*bound)(int, int, bool), bool mean,
                    const std::vector<int>& negatives) {
  Claim c = fact({std::string("hard-negatives/section-5/") + id, "Section 5",
                  "results change only slightly for all k in [32, 512]"},
                 Relation::less_or_equal, number(0), number(0));
  c.reading = std::string("the optimal value, C = 100, ") + (mean ? "mean" : "sum") +
              " over the negatives: by at most 1 % of that for k = 256";
  c.domain = family("k", negatives);
  c.evaluate = [=](const Instance& i) {
    const Real at_256 = bound(100, 256, mean)(i.arithmetic);
    return Sides{abs(bound(100, i.integer("k"), mean)(i.arithmetic) - at_256), at_256 / Real(100)};
  };
  return c;
}

void add_range_of_negatives(ClaimRegistry& registry) {
  std::vector<int> all, some = {32, 33, 36, 48, 64, 96, 128, 192, 256, 320, 384, 448, 511, 512};
  for (int k = 32; k <= 512; ++k) all.push_back(k);
  registry.add(slight_change("range-of-k/scl-mean", scl_bound, true, all));
  Claim ucl = slight_change("range-of-k/ucl-mean", ucl_bound, true, some);
  ucl.exhaustive = false;
  ucl.reading += "; 14 values of k";
  ucl.strengthened = [](const Instance& i) {
    return Sides{
        abs(ucl_bound(100, i.integer("k"))(i.arithmetic) - ucl_bound(100, 256)(i.arithmetic)),
        Real(0)};
  };
  registry.add(std::move(ucl));
  Claim sum = slight_change("range-of-k/scl-sum", scl_bound, false, all);
  sum.remark =
      "log(1 + 512 exp(-100/99)) - log(1 + 256 exp(-100/99)) = 0.69, that for k = 256 is 4.5";
  registry.add(std::move(sum));
  Claim corrected = slight_change("range-of-k/scl-sum/corrected", scl_bound, false, all);
  corrected.statement =
      "with the sum of Definition 1 the optimal value grows by at most log(k/256)";
  corrected.reading = "C = 100";
  corrected.domain = family("k", {257, 258, 264, 288, 320, 384, 448, 511, 512});
  corrected.evaluate = [](const Instance& i) {
    const Arithmetic& a = i.arithmetic;
    const int k = i.integer("k");
    return Sides{scl_bound(100, k, false)(a) - scl_bound(100, 256, false)(a), log(a(k, 256))};
  };
  registry.add(corrects(std::move(corrected), "hard-negatives/section-5/range-of-k/scl-sum"));
}

void add_setting(ClaimRegistry& registry) {
  const auto add = [&](Claim c, const char* reading = "", const char* remark = "") {
    c.reading = reading, c.remark = remark;
    registry.add(std::move(c));
  };
  add(fact({"hard-negatives/section-5/tensor", "Section 5",
            "the data dimension of 3072 allows for reshaping into a 32 x 32 x 3 tensor"},
           Relation::equal, number(3072), number(32 * 32 * 3)));
  Claim dimension = fact({"hard-negatives/section-5/dimension", "Section 5",
                          "the representation dimension d = C - 1 allows Neural-Collapse"},
                         Relation::less_or_equal, number(0), number(0));
  dimension.reading =
      "rank of the Gram matrix of C class means with (13) and unit norms, which is "
      "its trace divided by its only nonzero eigenvalue, is at most d";
  dimension.domain = family("C", {3, 10, 100, 200});
  dimension.evaluate = [](const Instance& i) {
    const int classes = i.integer("C");
    return Sides{i.number(classes) / i.number(classes, classes - 1), i.number(classes - 1)};
  };
  registry.add(std::move(dimension));
  // 500 images of each of 100 classes: how often a uniform draw has the anchor's class.
  const Number same_class = number(500, 500 * 100);
  const reference::FiniteModel cifar100 = reference::uniform_model(100, 1, 1);
  add(fact(
          {"hard-negatives/section-5/random-negatives/as-model-of-scl", "Section 5",
           "for both supervised and unsupervised settings we select negative samples independently "
           "and uniformly at random from all the data in a mini-batch"},
          Relation::equal, same_class,
          [=](const Arithmetic& a) { return a(cifar100.other_class_probability(0, 0)); }),
      "as the SCL model (2), (3), all the data in place of a mini-batch: probability of a negative "
      "of the anchor's class, balanced classes of CIFAR100, against r(y|y) of (3)",
      "uniform over all the data: 1/C = 1/100; by (3): 0. It is the sampling of UCL.");
  add(corrects(
          fact({"hard-negatives/section-5/random-negatives/as-model-of-scl/corrected", "Section 5",
                "negatives drawn uniformly from all the data follow the model (4) with r = "
                "lambda"},
               Relation::equal, same_class,
               [=](const Arithmetic& a) {
                 return a(cifar100.negative_class_probabilities.front());
               }),
          "hard-negatives/section-5/random-negatives/as-model-of-scl"),
      "probability of a negative of the anchor's class, balanced classes of CIFAR100");
  add(fact(
          {"hard-negatives/section-5/random-negatives/against-table-1", "Sections 5 and 5.2",
           "for both supervised and unsupervised settings we select negative samples independently "
           "and uniformly at random from all the data in a mini-batch"},
          Relation::greater_or_equal, number(31065, 100000), ucl_bound(100, 256)),
      "also for the HSCL loss 0.3106 of Table 1, all the data in place of a mini-batch: by "
      "Theorems "
      "1 and 3 it is then not below the bound (30), C = 100, k = 256, mean over the negatives",
      "the bound (30) is 0.3152, above 0.3106; the bound (11), negatives from the other classes, "
      "is 0.31056");
  add(corrects(fact({"hard-negatives/section-5/random-negatives/against-table-1/corrected",
                     "Sections 5 and 5.2",
                     "Table 1's HSCL loss 0.3106 is not below the bound (11), negatives from the "
                     "other classes"},
                    Relation::greater_or_equal, number(31065, 100000), scl_bound(100, 256)),
               "hard-negatives/section-5/random-negatives/against-table-1"));
  add(fact(
          {"hard-negatives/section-5/noise-correlation", "Section 5",
           "anchor and positive made by noise of variance 0.01 around a common reference of unit "
           "variance are not independent given the class"},
          Relation::greater, [](const Arithmetic& a) { return a(101, 100) - a(2, 100) / a(2); },
          number(0)),
      "covariance of x_a and x^+_a given the class: var(x_a) - var(x_a - x^+_a)/2");
  for (const auto& [id, statement, needs] : std::vector<std::array<const char*, 3>>{
           {"synthetic-training", "after 200 epochs the losses converged to their minimum values",
            "trained networks"},
           {"figure-2-top", "NC in SCL, HSCL and UCL, not in HUCL, with label information",
            "trained networks"},
           {"figure-2-bottom",
            "with additive noise NC in SCL and HSCL, not in UCL and HUCL; the deviation grows with "
            "the hardness",
            "trained networks"},
           {"ucl-may-suffer", "not only may SCL not benefit from hard negatives, UCL may suffer",
            "trained networks"}})
    registry.add(unavailable(
        {std::string("hard-negatives/section-5-1/") + id, "Section 5.1", statement}, needs));
  registry.add(unavailable({"hard-negatives/section-5/image-sizes", "Section 5",
                            "CIFAR10, CIFAR100 and TinyImageNet consist of 32 x 32 x 3 images"},
                           "the data sets"));
  registry.add(unavailable(
      {"hard-negatives/section-5/gpu", "Section 5", "computations on an NVIDIA A100 32 GB GPU"},
      "the machine"));
}

}  // namespace

void add_hn_section_5(ClaimRegistry& registry) {
  add_setting(registry);
  add_range_of_negatives(registry);
  add_values(registry);
}

}  // namespace assay::proofs
