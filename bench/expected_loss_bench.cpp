// SPDX-License-Identifier: Apache-2.0
// How long an exact expected loss takes: the integral on both engines and in doubles, against sums
// over counts, and whole small models as a search evaluates them.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "reference/model/expected_log.hpp"
#include "reference/model/expected_loss.hpp"

namespace {

using namespace assay::reference;

/// `atoms` masses and exponents in [-2, 0], all different, temperature 1/2.
struct Drawn {
  explicit Drawn(int atoms) {
    long long total = 0;
    for (int j = 0; j < atoms; ++j) total += 1 + j * 7 % 10;
    for (int j = 0; j < atoms; ++j) {
      masses.push_back(Real::ratio(1 + j * 7 % 10, total));
      t.push_back(Real::ratio(-2000 * ((j * 13LL) % atoms) - j, 1000LL * atoms));
    }
  }
  std::vector<Real> masses, t;
};

Arithmetic arithmetic_of(int index, int bits) {
  return index == 2 ? Arithmetic::plain() : Arithmetic::enclosing(static_cast<Engine>(index), bits);
}

// Arguments: arithmetic (0 mpfi, 1 arb, 2 plain), atoms, bits.
void integral(benchmark::State& state) {
  const Arithmetic arithmetic =
      arithmetic_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(2)));
  const Drawn drawn(static_cast<int>(state.range(1)));
  const LogProblem problem{drawn.masses, drawn.t, 256, 1, 1, Real::ratio(1, 2)};
  Real value;
  for (auto _ : state) benchmark::DoNotOptimize(value = expected_log(arithmetic, problem));
  state.SetLabel(value.text());
}
BENCHMARK(integral)
    ->ArgsProduct({{0, 1, 2}, {3, 10, 200}, {53, 113}})
    ->Unit(benchmark::kMillisecond);

void counts(benchmark::State& state) {
  const Arithmetic arithmetic = arithmetic_of(static_cast<int>(state.range(0)), 113);
  const Drawn drawn(static_cast<int>(state.range(1)));
  std::vector<Real> masses, t;
  for (const Real& x : drawn.masses) masses.push_back(arithmetic(x));
  for (const Real& x : drawn.t) t.push_back(arithmetic(x));
  const LossFunction psi = LossFunction::log_sum({.temperature = Real::ratio(1, 2)});
  const int k = static_cast<int>(state.range(2));
  Real value;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        value = expected_over_negatives(masses, t, 0, psi, Hardening(), k, Way::multinomial));
  state.SetLabel(value.text());
}
BENCHMARK(counts)
    ->Args({0, 2, 256})
    ->Args({1, 2, 256})
    ->Args({2, 2, 256})
    ->Args({0, 3, 16})
    ->Args({1, 3, 16})
    ->Args({2, 3, 16})
    ->Unit(benchmark::kMillisecond);

// A model of 3 classes with 2 points each in the plane. Arguments: arithmetic, loss, negatives.
void whole_model(benchmark::State& state) {
  FiniteModel model = uniform_model(3, 2, 2);
  for (std::size_t i = 0; i < model.embeddings.size(); ++i)
    model.embeddings[i] = Real::ratio(static_cast<long long>(i * 5 % 13) - 6, 13);
  model = model.in(arithmetic_of(static_cast<int>(state.range(0)), 113));
  const char* const losses[] = {"hinge margin=1 over=mean", "max",
                                "info-nce alpha=1 weight=1/k temperature=1"};
  const LossFunction psi = LossFunction::parse(losses[state.range(1)]);
  const Hardening eta = Hardening::polynomial(2);
  Real value;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        value = expected_loss(model, Law::hscl, psi, eta, static_cast<int>(state.range(2))));
  state.SetLabel(psi.text() + ": " + value.text().substr(0, 48));
}
BENCHMARK(whole_model)->ArgsProduct({{0, 1, 2}, {0, 1, 2}, {2, 16}})->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
