// SPDX-License-Identifier: Apache-2.0
// CLOP: cross-references, numbers in prose, readings of sentences, and what needs trained networks.
#include "proofs-numeric/clop/clop.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "reference/bound/clop.hpp"

namespace assay::proofs {
namespace {

/// Two printed numbers, or counts of printed things, side by side.
void add_numbers(ClaimRegistry& registry, const char* id, const char* place, const char* statement,
                 Relation relation, int left, int right, const char* reading,
                 const char* remark = "") {
  Claim c = cl_claim(
      ClaimKind::figure, id, place, statement, relation, single_point(),
      [=](const Instance& i) {
        return Sides{i.number(left), i.number(right)};
      },
      remark);
  c.exhaustive = true;
  c.reading = reading;
  registry.add(c);
}

void add_cross_references(ClaimRegistry& registry) {
  add_numbers(registry, "clop/cross-reference/similarity-metrics", "Section 5, similarity metric",
              "the results for cosine, Euclidean and Manhattan similarity are presented in Table 5",
              Relation::equal, 5, 2, "number cited and number of the table that has these rows",
              "They are in Table 2.");
  add_numbers(registry, "clop/cross-reference/synthetic", "Section 4, last paragraph",
              "the outputs are partially presented in Table 5 and fully detailed in Table 5",
              Relation::not_equal, 5, 5, "the two places are different tables",
              "Both references are to Table 5; the partial presentation is Figure 5.");
  add_numbers(registry, "clop/cross-reference/appendix-titles", "Appendices C and D",
              "\"Proof of Theorem 1\" is the title of Appendix C", Relation::equal, 2, 1,
              "number of appendices of this title, which is 1 if each names what it proves",
              "Appendices C and D both have it; Appendix C proves Lemma 1.");
  add_numbers(registry, "clop/cross-reference/theorem-2", "Appendix E",
              "\"Proof of Theorem 2\" is the title of Appendix E", Relation::less_or_equal, 2, 1,
              "the number of the theorem is at most the number of theorems in the paper",
              "There is no Theorem 2; Appendix E proves Lemma 2.");
  add_numbers(registry, "clop/cross-reference/top-5", "Section 5, first paragraph",
              "top-5 accuracies are reported in Appendix B", Relation::equal, 1, 5,
              "the k of the captions \"Top-k classification accuracy\" of Figures 8 and 9",
              "Both captions in Appendix B say Top-1.");
  add_numbers(registry, "clop/section-5/both-datasets", "Section 5, large learning rates",
              "across both datasets CLOP consistently outperforms the baselines", Relation::equal,
              3, 2, "number of datasets named at the start of the paragraph",
              "CIFAR-100, ImageNet and Tiny-ImageNet are three.");
  add_numbers(registry, "clop/figure-3/dimensions", "Section 3.1, Figure 3",
              "30 class embeddings in R^100 satisfy m >= k > 2", Relation::greater_or_equal, 100,
              30, "");
  add_numbers(registry, "clop/section-4/synthetic-dimensions", "Section 4; Table 5",
              "three classes have orthonormal prototypes in the 3-dimensional output space",
              Relation::less_or_equal, 3, 3, "k <= m'");
  Claim c = cl_claim(ClaimKind::figure, "clop/figure-3/just-higher", "Section 3.1, on Figure 3",
                     "the learning rate 2.1 is just 0.1 higher than 2.0", Relation::equal,
                     single_point(), [](const Instance& i) {
                       return Sides{i.number(21, 10) - i.number(2), i.number(1, 10)};
                     });
  c.exhaustive = true;
  registry.add(c);
  c = cl_claim(ClaimKind::figure, "clop/section-5/rate-10", "Section 5, large learning rates",
               "as demonstrated by Theorem 1, 10 is an excessively large learning rate",
               Relation::greater, integers("k", {100, 200, 1000}), [](const Instance& i) {
                 return Sides{i.number(10), i.arithmetic(clop_bound_quotient(
                                                reference::ClopChain::printed, i.integer("k")))};
               });
  c.exhaustive = true;
  c.reading = "the class counts of CIFAR-100, Tiny-ImageNet and ImageNet";
  registry.add(c);
}

void add_readings(ClaimRegistry& registry) {
  registry.add(cl_claim(
      ClaimKind::statement, "clop/figure-2/small-rate", "Section 3.1, Figure 2",
      "with a small learning rate the repulsive force centres the mean: ||mu^(1)|| <= ||mu^(0)|| "
      "for "
      "eta <= 1",
      Relation::less_or_equal,
      unit_vectors({{2, 2}, {3, 2}, {4, 3}, {5, 3}, {8, 3}},
                   [](const Shape&) { return std::vector<Block>{number_block("eta", 0, 1)}; }),
      [](const Instance& i) {
        const MeanStep s = mean_step(Gram(i), i.scalar("eta"));
        return Sides{s.after, s.before};
      }));
  const std::vector<int> k = {2, 3, 4, 5, 10, 100};
  constexpr const char* statement =
      "the orthogonal arrangement yields the most distinguishable classes from a linear algebra "
      "standpoint";
  Claim c = cl_claim(
      ClaimKind::statement, "clop/section-3-2/most-distinguishable/distance", "Section 3.2",
      statement, Relation::greater_or_equal, integers("k", k),
      [](const Instance& i) {
        const int n = i.integer("k");
        return Sides{i.number(2), i.number(2 * n, n - 1)};
      },
      "k = 2: orthogonal vectors have squared distance 2, opposite ones 4.");
  c.reading = "least distance between two classes, against the simplex ETF; squared";
  registry.add(c);
  c = cl_claim(ClaimKind::statement, "clop/section-3-2/most-distinguishable/similarity",
               "Section 3.2", statement, Relation::less_or_equal,
               unit_vectors({{2, 2}, {3, 3}, {4, 4}}), [](const Instance& i) {
                 const Gram x(i);
                 Real most = 0;
                 for (int a = 0; a < x.size(); ++a)
                   for (int b = 0; b < a; ++b) most = max(most, abs(x(a, b)));
                 return Sides{i.number(0), most};
               });
  c.reading = "largest |cosine| between two classes: 0, and no arrangement is below";
  c.equality = {"orthonormal"};
  registry.add(c);
}

void add_experiments(ClaimRegistry& registry) {
  struct Experiment {
    const char *id, *place, *statement, *needs;
  };
  constexpr const char* networks = "needs trained networks";
  constexpr const char* descent = "needs the runs of Figure 3: starts and epochs are not printed";
  constexpr const char* plots = "needs the accuracies of Figures 6 to 9, which are not printed";
  const std::vector<Experiment> experiments = {
      {"clop/figure-3/left", "Figure 3, left", "learning rate 2.0 succeeds with a low final loss",
       descent},
      {"clop/figure-3/middle", "Figure 3, middle",
       "learning rate 2.1 results in complete collapse, early in training", descent},
      {"clop/figure-3/last-singular-value", "Section 3.1, on Figure 3",
       "at learning rate 2.0 the last singular value gradually drops to zero", descent},
      {"clop/figure-3/right", "Figure 3, right",
       "the bound closely aligns with the highest successful learning rate and is tighter",
       descent},
      {"clop/section-3-2/not-observed", "Section 3.2",
       "none of the three arrangements is commonly observed in contrastive learning via gradient "
       "descent",
       networks},
      {"clop/figure-5/outputs", "Figure 5; Section 4",
       "embeddings trained with CLOP show more distinct boundaries, each class more orthogonal",
       networks},
      {"clop/table-5/accuracies", "Table 5", "KNN accuracies 68.91 % to 100 %", networks},
      {"clop/table-1/accuracies", "Table 1", "accuracies at lambda 0.1, 0.5, 1.0, 1.5", networks},
      {"clop/table-2/accuracies", "Table 2", "accuracies for three similarity metrics", networks},
      {"clop/table-3/accuracies", "Table 3", "accuracies for three augmentations", networks},
      {"clop/table-4/accuracies", "Table 4", "ImageNet accuracies of twelve methods",
       "needs the cited papers"},
      {"clop/section-5/batch-sizes", "Section 5, Figures 6 and 8",
       "CLOP consistently outperforms the baselines across all batch sizes", plots},
      {"clop/section-5/batch-32", "Section 5, Figure 6",
       "CLOP with batch size 32 is similar to SupCon with 2048 on CIFAR-100", plots},
      {"clop/section-5/batch-1024", "Section 5",
       "contrastive learning performs optimally when the batch size exceeds 1024", plots},
      {"clop/section-5/learning-rate-rule", "Section 5",
       "the learning rate 0.3 batch/256 gives optimal performance", networks},
      {"clop/section-5/learning-rates", "Section 5, Figures 7 and 9",
       "CLOP consistently outperforms the baselines for learning rates from 0.1 to 10", plots},
      {"clop/section-5/baseline-collapse", "Section 5, Figure 7",
       "the baselines collapse completely at learning rate 10", plots},
      {"clop/section-4/unlabelled", "Section 4, after (4)",
       "the gravitational force pulls unlabelled embeddings toward the prototypes", networks},
      {"clop/section-3-1/primary-cause", "Section 3.1",
       "the primary cause of complete collapse is the overshooting of the repulsive force",
       networks},
      {"clop/section-1/few-labels", "Section 1",
       "with 10 % of the labels the accuracy is comparable to fully supervised training",
       "needs the cited papers"},
  };
  for (const Experiment& e : experiments)
    registry.add(cl_unavailable(e.id, e.place, e.statement, e.needs));
}

}  // namespace

void add_cl_prose(ClaimRegistry& registry) {
  add_cross_references(registry);
  add_readings(registry);
  add_experiments(registry);
}

}  // namespace assay::proofs
