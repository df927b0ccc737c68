// SPDX-License-Identifier: Apache-2.0
// Batches as subjects of claims: a data set with equally many samples of each class, partitioned
// into batches, and the empirical losses that HN Section 4.3 builds from them.
#pragma once

#include <string>
#include <vector>

#include "proofs-numeric/subject/models.hpp"

namespace assay::proofs {

/// Samples are numbered from 0 as the text of the partition writes them. Within a batch the anchor
/// is uniform over the batch, the positive uniform over the batch's samples of the anchor's label
/// (the anchor among them), and the k negatives are independent and uniform over the batch's
/// samples of other labels (SCL) or over the whole batch (UCL). A batch with a single class has no
/// SCL negatives: such partitions are outside.
struct Batches {
  int classes = 0;
  std::vector<int> label;                 ///< of every sample, from 0
  std::vector<std::vector<int>> members;  ///< of every batch
  std::vector<int> everyone;              ///< the whole data set
  std::vector<Real> gram;                 ///< f(i).f(j), [N][N]

  int samples() const { return static_cast<int>(label.size()); }
  int batches() const { return static_cast<int>(members.size()); }
  const Real& inner(int i, int j) const {
    return gram[static_cast<std::size_t>(i) * label.size() + static_cast<std::size_t>(j)];
  }
  /// How many different labels the batch has.
  int classes_in(const std::vector<int>& batch) const;
};

/// What multiplies the loss of a batch: 1/n_b as HN prints it, or n_b/N, which sums to 1.
enum class Weights : unsigned char { printed, share };
Real weight(const Batches& data, const std::vector<int>& batch, Weights weights);

struct BatchOptions {
  /// Labels of the samples, batches apart by '|': "112|122" are two batches of three.
  std::vector<std::string> partitions;
  std::vector<std::string> losses;
  std::vector<int> negatives = {2};
  int dimension = 0;  ///< 0: C - 1 for two classes, else C
  bool in_ball = true;
};

/// Partitions of balanced data with batches that are not balanced, or lack classes.
std::vector<std::string> any_partitions();
/// Partitions into batches that have every class equally often.
std::vector<std::string> balanced_partitions();

/// Blocks: "f" [N, d], in the unit ball or free. Specials: "simplex" (every sample at its class's
/// vertex of the ETF), "turned" (the same, but another vertex for the class in every batch),
/// "antipodal" (in every batch its first label at e_1 and the others at -e_1), "collapsed".
Domain batched(const BatchOptions& options);
Batches batches_of(const Instance& instance);
/// The same samples at the ETF of the classes, whatever the instance's blocks.
Batches batches_at_collapse(const Instance& instance);

/// E_{x, x^+, x_{1:k}^- | b}[psi_k(f(x).f(x_i^-) - f(x).f(x^+))_i] of these samples.
Real batch_loss(const Instance& instance, const Batches& data, const std::vector<int>& batch,
                Law law = Law::scl);
/// The same with 1 in place of f(x).f(x^+), the right side of (26) for one batch.
Real batch_loss_at_one(const Instance& instance, const Batches& data,
                       const std::vector<int>& batch);
/// E_{x, x^-}[f(x).f(x^-)] of these samples, x^- of another label.
Real mean_inner_product(const Batches& data, const std::vector<int>& batch);
/// The sum over batches of weight times loss.
Real batched_loss(const Instance& instance, const Batches& data, Weights weights,
                  Law law = Law::scl);

/// Whether every sample of a class has one representation and those form the ETF of all classes.
Truth exhibits_collapse(const Batches& data);
/// The same of every batch on its own, with an ETF of all classes that may differ among batches.
Truth exhibits_collapse_in_batches(const Batches& data);

Hypothesis samples_in_unit_ball(std::optional<Domain> dropped = {});

}  // namespace assay::proofs
