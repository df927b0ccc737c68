// SPDX-License-Identifier: Apache-2.0
// Which engines there are, and one formula on all four number types.
#include "reference/arithmetic/engine.hpp"

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

TEST(Engine, MpfiIsAlwaysBuiltInAndTheFastestComesFirst) {
  EXPECT_TRUE(built_in(Engine::mpfi));
  EXPECT_EQ(built_in(Engine::arb), ASSAY_HAVE_ARB == 1);
#if ASSAY_HAVE_ARB
  EXPECT_EQ(engines(), (std::vector<Engine>{Engine::arb, Engine::mpfi}));
#else
  EXPECT_EQ(engines(), std::vector<Engine>{Engine::mpfi});
#endif
}

/// Gauss's identity: (a + b)^2 - (a - b)^2 = 4ab, as a formula written once.
template <class Number>
Number four_ab(const Context<Number>& context, double a, double b) {
  const Number x = context.exactly(a), y = context.exactly(b);
  const auto sum = x + y;  // `auto` is a number on every type: no expression templates
  const auto difference = x - y;
  return sum * sum - difference * difference;
}

RC_GTEST_PROP(Engine, OneFormulaRunsOnAllFourNumberTypes, ()) {
  const double a = *rc::gen::inRange(-1000, 1000) / 8.0;
  const double b = *rc::gen::inRange(-1000, 1000) / 8.0;
  const Rational truth = four_ab(Context<Rational>(2), a, b);
  RC_ASSERT(truth == 4 * rational_from(a) * rational_from(b));
  RC_ASSERT(four_ab(Context<double>(53), a, b) == 4 * a * b);
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    RC_ASSERT(holds(to_interval(four_ab(Context<Number>(40), a, b)), truth));
  });
}

}  // namespace
}  // namespace assay::reference
