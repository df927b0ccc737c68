// SPDX-License-Identifier: Apache-2.0
// Related cases of loss/info_nce by reordering, and the comparison of their outputs.
#include "properties/contract/loss/info_nce_law_match.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "properties/contract/loss/info_nce.hpp"

namespace assay::contract {

using Index = std::int64_t;

LawTrial info_nce_trial(const char* law, const Subject& subject, Agreement agreement) {
  return {law, info_nce_column(), subject, agreement};
}

LawTrial info_nce_backward_trial(const char* law, const InfoNceLawCase& c, const Subject& subject,
                                 Agreement agreement) {
  LawTrial t = info_nce_trial(law, subject, agreement);
  if (!c.backward) t.decline("the case asks for no gradients");
  return t;
}

std::vector<Index> shuffled(Index count, engine::Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(random.uniform() * static_cast<double>(i - 1));
    std::swap(order[i - 1], order[std::min(j, i - 2)]);
  }
  return order;
}

InfoNceMatch::InfoNceMatch(const InfoNceLawCase& c)
    : from(static_cast<std::size_t>(2 * c.n)),
      from_coordinate(static_cast<std::size_t>(c.d)),
      sign(static_cast<std::size_t>(c.d), 1.0),
      of_vector(static_cast<std::size_t>(2 * c.n), 1.0) {
  std::iota(from.begin(), from.end(), Index{0});
  std::iota(from_coordinate.begin(), from_coordinate.end(), Index{0});
}

Term gradient_of(std::size_t run, const InfoNceLawCase& c, Index v, Index k) {
  return {run, v < c.n ? "grad_a" : "grad_b", v % c.n * c.d + k};
}

void compare(LawTrial& trial, const InfoNceLawCase& c, std::size_t x, std::size_t y,
             const InfoNceMatch& match) {
  if (!c.backward) {
    for (Index i = 0; i < c.rows(); ++i)
      for (const char* output : {"row_loss", "row_lse"})
        trial.agree({x, output, i}, {y, output, match.from[static_cast<std::size_t>(i)]});
    if (match.loss) trial.agree({x, "loss", 0}, {y, "loss", 0});
    return;
  }
  for (Index v = 0; v < 2 * c.n; ++v)
    for (Index k = 0; k < c.d; ++k) {
      const auto vector = static_cast<std::size_t>(v), coordinate = static_cast<std::size_t>(k);
      trial.agree(gradient_of(x, c, v, k),
                  gradient_of(y, c, match.from[vector], match.from_coordinate[coordinate]),
                  match.gradient * match.of_vector[vector] * match.sign[coordinate]);
    }
  trial.agree({x, "grad_temperature", 0}, {y, "grad_temperature", 0}, match.temperature);
}

namespace {

/// The upstream gradients of the rows, row i from row from[i].
void move_upstream(const InfoNceLawCase& c, const std::vector<Index>& from, InfoNceLawCase& to) {
  for (std::size_t i = 0; i < to.upstream.size(); ++i)
    to.upstream[i] = c.upstream[static_cast<std::size_t>(from[i])];
}

}  // namespace

InfoNceLawCase with_pairs(const InfoNceLawCase& c, const std::vector<Index>& from) {
  InfoNceLawCase other = c;
  std::vector<Index> vectors = from;
  for (Index i = 0; i < c.n; ++i) {
    const Index f = from[static_cast<std::size_t>(i)];
    vectors.push_back(c.n + f);
    std::copy_n(c.vector(f), c.d, other.vector(i));
    std::copy_n(c.vector(c.n + f), c.d, other.vector(c.n + i));
    const auto at = static_cast<std::size_t>(i), source = static_cast<std::size_t>(f);
    if (!c.labels.empty()) other.labels[at] = c.labels[source];
    if (!c.labels_b.empty()) other.labels_b[at] = c.labels_b[source];
    for (Index j = 0; !c.mask.empty() && j < c.n; ++j)
      other.mask[static_cast<std::size_t>(i * c.n + j)] =
          c.mask[static_cast<std::size_t>(f * c.n + from[static_cast<std::size_t>(j)])];
  }
  move_upstream(c, vectors, other);
  return other;
}

InfoNceLawCase exchanged(const InfoNceLawCase& c) {
  InfoNceLawCase other = c;
  std::swap(other.a, other.b);
  if (!c.labels_b.empty()) std::swap(other.labels, other.labels_b);
  std::vector<Index> vectors;
  for (Index v = 0; v < 2 * c.n; ++v) vectors.push_back((v + c.n) % (2 * c.n));
  move_upstream(c, vectors, other);
  return other;
}

}  // namespace assay::contract
