// SPDX-License-Identifier: Apache-2.0
// What is owed: the batch as a model, the expectation on both engines and by listing all tuples,
// the range, the bounds of rounding and of the law.
#include "properties/contract/estimate/expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/loss/generalized.hpp"
#include "kernels/sampling/sampling.hpp"
#include "properties/contract/estimate/contracts.hpp"
#include "properties/engine/random.hpp"
#include "reference/sampler/laws.hpp"

namespace assay::contract {
namespace {

EstimateProblem problem_of(const std::string& contract, const std::string& instance,
                           const std::string& family, std::uint64_t seed = 1) {
  return make_estimate_problem({contract, instance, family, 0, seed});
}

double u(const EstimateProblem& p, std::int64_t x, std::int64_t y) {
  double sum = 0;
  for (std::int64_t a = 0; a < p.dimension; ++a)
    sum += static_cast<double>(p.point(x)[a]) * static_cast<double>(p.point(y)[a]);
  return sum * static_cast<double>(p.inv_tau);
}

// The definition, tuple by tuple, for k = 2: no model, no engine, no class of tuples.
double listed(const EstimateProblem& p) {
  double total = 0;
  const auto same = [&](std::int64_t i, std::int64_t j) {
    return p.labels[static_cast<std::size_t>(i)] == p.labels[static_cast<std::size_t>(j)];
  };
  for (std::int64_t x = 0; x < p.count(); ++x) {
    double weights = 0, sum = 0;
    std::int64_t positives = 0;
    for (std::int64_t y = 0; y < p.count(); ++y) positives += same(x, y) && x != y ? 1 : 0;
    for (std::int64_t i = 0; i < p.count(); ++i)
      for (std::int64_t j = 0; j < p.count(); ++j) {
        if (p.supervised && (same(x, i) || same(x, j))) continue;
        const double w = p.tilt == "max_plus_one"
                             ? std::max(std::max(u(p, x, i), u(p, x, j)) + 1, 0.0)
                             : std::exp(static_cast<double>(p.beta) * (u(p, x, i) + u(p, x, j)));
        weights += w;
        for (std::int64_t y = 0; y < p.count(); ++y)
          if (same(x, y) && x != y)
            sum += w / static_cast<double>(positives) *
                   std::log1p(
                       (std::exp(u(p, x, i) - u(p, x, y)) + std::exp(u(p, x, j) - u(p, x, y))) / 2);
      }
    total += sum / weights;
  }
  return total / static_cast<double>(p.count());
}

TEST(Expectation, IsThatOfTheListedTuples) {
  for (const char* contract : {"estimate/hscl", "estimate/hucl"})
    for (const char* eta : {"exponential", "max-plus-one"})
      for (const char* family : {"balanced", "imbalanced", "ties", "collapse"}) {
        EstimateProblem p = problem_of(contract, std::string("info-nce-mean/") + eta, family);
        p.k = 2;
        const Ends e = enclose_expectation(p, reference::engines().front());
        EXPECT_NEAR(e.lo, listed(p), 0x1p-40) << contract << " " << eta << " " << family;
        EXPECT_LT(e.hi - e.lo, 0x1p-40);
      }
}

TEST(Expectation, TheEnginesAgree) {
  EstimateProblem p = problem_of("estimate/hscl", "info-nce-sum/exponential", "ties");
  p.k = 3;
  Ends first;
  for (const reference::Engine engine : reference::engines()) {
    const Ends e = enclose_expectation(p, engine);
    EXPECT_TRUE(first.overlaps(e));
    first = e;
  }
}

TEST(Expectation, HardeningRaisesIt) {
  for (const char* instance : {"info-nce-mean/exponential", "linear-mean/exponential",
                               "info-nce-mean/polynomial", "info-nce-sum/sum-plus-one"}) {
    EstimateProblem p = problem_of("estimate/hscl", instance, "overlap");
    p.k = 2;
    EXPECT_GT(enclose_expectation(p, reference::engines().front()).lo, unhardened_expectation(p));
  }
  const EstimateProblem p = problem_of("estimate/hscl", "info-nce-mean/exponential", "unhardened");
  EXPECT_NEAR(enclose_expectation(p, reference::engines().front()).lo, unhardened_expectation(p),
              0x1p-40);
}

TEST(Model, RefusesAClassOfOne) {
  EstimateProblem p = problem_of("estimate/hscl", "info-nce-mean/exponential", "balanced");
  p.labels.back() = 77;
  EXPECT_THROW(model_of(p), std::invalid_argument);
}

// Random tuples of points: kernel against long double, on every instance and family.
struct Compared {
  double largest_share = 0, smallest = HUGE_VAL, largest = -HUGE_VAL;
};

long double exact_loss(const EstimateProblem& p, const std::vector<std::int64_t>& pair,
                       const std::vector<std::int64_t>& negatives) {
  const auto product = [&](std::int64_t x, std::int64_t y) {
    long double s = 0;
    for (std::int64_t a = 0; a < p.dimension; ++a)
      s += static_cast<long double>(p.point(x)[a]) * static_cast<long double>(p.point(y)[a]);
    return s * static_cast<long double>(p.inv_tau);
  };
  long double sum = 0;
  for (const std::int64_t i : negatives) {
    const long double t = product(pair[0], i) - product(pair[0], pair[1]);
    if (p.psi == "info-nce") sum += std::exp(t);
    if (p.psi == "hinge") sum += std::max(t + static_cast<long double>(p.margin), 0.0L);
    if (p.psi == "softplus") sum += std::log1p(std::exp(t));
    if (p.psi == "linear") sum += t;
  }
  if (p.over == "mean") sum /= static_cast<long double>(negatives.size());
  return p.psi == "info-nce" ? std::log(static_cast<long double>(p.alpha) + sum) : sum;
}

kernels::GeneralizedLoss kernel_loss(const EstimateProblem& p) {
  using Loss = kernels::GeneralizedLoss;
  Loss l{Loss::Psi::info_nce, p.over == "mean" ? Loss::Over::mean : Loss::Over::sum, p.alpha,
         p.margin, p.inv_tau};
  if (p.psi == "hinge") l.psi = Loss::Psi::hinge;
  if (p.psi == "softplus") l.psi = Loss::Psi::softplus;
  if (p.psi == "linear") l.psi = Loss::Psi::linear;
  return l;
}

Compared compare(const EstimateProblem& p, int tuples) {
  engine::Random random(7, "tuples", 0);
  const double bound = loss_error_bound(p, estimate_arithmetic("generalized"));
  Compared c;
  for (int i = 0; i < tuples; ++i) {
    std::vector<std::int64_t> pair, negatives;
    for (std::int64_t j = 0; j < p.k; ++j)
      negatives.push_back(
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(p.count()))));
    pair.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(p.count()))));
    do
      pair.resize(1), pair.push_back(static_cast<std::int64_t>(
                          random.below(static_cast<std::uint64_t>(p.count()))));
    while (p.labels[static_cast<std::size_t>(pair[0])] !=
           p.labels[static_cast<std::size_t>(pair[1])]);
    float loss = 0;
    kernels::generalized_loss_cpu({p.points.data(), p.count(), p.dimension, pair.data(),
                                   negatives.data(), 1, p.k, kernel_loss(p), &loss});
    const long double truth = exact_loss(p, pair, negatives);
    const auto error = static_cast<double>(std::fabs(static_cast<long double>(loss) - truth));
    c.largest_share = std::max(c.largest_share, error / bound);
    c.smallest = std::min(c.smallest, static_cast<double>(truth));
    c.largest = std::max(c.largest, static_cast<double>(truth));
  }
  return c;
}

TEST(Bounds, HoldForTheKernelAndAreNoFreePass) {
  for (const EstimateInstance& i : estimate_contract_named("estimate/hucl").instances)
    for (const Family& f : estimate_contract_named("estimate/hucl").families) {
      if (!is_meant_for(f.name, i)) continue;
      const EstimateProblem p = problem_of("estimate/hucl", i.name, f.name);
      const Compared c = compare(p, 300);
      const Ends range = range_of_losses(p);
      EXPECT_LE(c.largest_share, 1) << i.name << " " << f.name;
      const bool exact = i.setting.psi == "hinge" && f.name == "collapse";  // arguments 0 and < -1
      EXPECT_GE(c.largest_share, exact ? 0 : 1.0 / 1024) << i.name << " " << f.name;
      EXPECT_GE(c.smallest, range.lo) << i.name << " " << f.name;
      EXPECT_LE(c.largest, range.hi) << i.name << " " << f.name;
      EXPECT_GE((c.largest - c.smallest) * 8, range.hi - range.lo) << i.name << " " << f.name;
      EXPECT_LT(loss_error_bound(p, estimate_arithmetic("generalized")),
                (range.hi - range.lo) * 0x1p-14);
      EXPECT_GE(loss_error_bound(p, estimate_arithmetic("any-order")),
                loss_error_bound(p, estimate_arithmetic("generalized")));
    }
}

// One negative: the integer weights of the kernel, drawn from with 64 bits, against the law.
TEST(Bounds, HoldForTheLawOfOneNegative) {
  using reference::Real;
  const auto arithmetic = reference::Arithmetic::enclosing(reference::engines().front(), 128);
  for (const char* instance : {"info-nce-mean/exponential", "info-nce-mean/polynomial"})
    for (const char* family : {"imbalanced", "ties", "overlap", "large-beta"}) {
      if (!is_meant_for(
              family, estimate_instance_named(estimate_contract_named("estimate/hucl"), instance)))
        continue;
      EstimateProblem p = problem_of("estimate/hucl", instance, family);
      p.k = 1;
      const double bound = total_variation_bound(p, estimate_arithmetic("generalized"));
      EXPECT_LT(bound, 0x1p-36);
      for (std::int64_t x = 0; x < p.count(); x += 5) {
        kernels::sampling::Population q;
        q.rows = 1;
        q.columns = p.count();
        q.dimension = p.dimension;
        q.x = p.point(x);
        q.y = p.points.data();
        q.beta = p.beta;
        q.inv_tau = p.inv_tau;
        q.power = p.power;
        q.tilt = p.tilt == "exponential" ? kernels::sampling::Tilt::exponential
                                         : kernels::sampling::Tilt::polynomial;
        std::vector<Real> base, products;
        for (std::int64_t y = 0; y < p.count(); ++y) {
          base.push_back(Real::ratio(1, p.count()));
          Real s = 0;
          for (std::int64_t a = 0; a < p.dimension; ++a)
            s += Real::exactly(static_cast<double>(p.point(x)[a])) *
                 Real::exactly(static_cast<double>(p.point(y)[a]));
          products.push_back(arithmetic(s * Real::exactly(static_cast<double>(p.inv_tau))));
        }
        const std::vector<Real> law = reference::hardened_law(base, products, hardening_of(p));
        const std::vector<Real> drawn =
            reference::inverse_cdf_law(kernels::sampling::integer_weights(q, 0), 64);
        EXPECT_LE(reference::total_variation(drawn, law).interval().ends().hi, bound)
            << instance << " " << family;
      }
    }
}

}  // namespace
}  // namespace assay::contract
