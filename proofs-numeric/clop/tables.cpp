// SPDX-License-Identifier: Apache-2.0
// CLOP, Tables 1 to 5: what the text says about them, against the numbers in them.
#include <algorithm>
#include <array>

#include "proofs-numeric/clop/clop.hpp"

namespace assay::proofs {
namespace {

using namespace engine;

enum Column { cifar_top_1, cifar_top_5, tiny_top_1, tiny_top_5 };

/// Table 1 in thousandths: lambda in tenths, then the four columns.
struct Row {
  int lambda;
  std::array<int, 4> accuracy;
};
constexpr std::array<Row, 4> table_1 = {{
    {1, {745, 935, 616, 868}},
    {5, {740, 931, 695, 909}},
    {10, {754, 938, 696, 900}},
    {15, {760, 937, 696, 893}},
}};
/// Table 2: cosine, Euclidean, Manhattan on CIFAR-100; Top-1, Top-5.
constexpr std::array<std::array<int, 2>, 3> table_2 = {{{754, 938}, {749, 933}, {715, 899}}};
/// Table 3: RandAug, AutoAug-Imagenet, SimCLR; Top-1, Top-5.
constexpr std::array<std::array<int, 2>, 3> table_3 = {{{696, 900}, {546, 776}, {499, 770}}};
/// Table 5 in hundredths of a percent: InfoNCE, DCL, VICreg, BarlowTwins, without and with CLOP.
constexpr std::array<std::array<int, 2>, 4> table_5 = {
    {{6891, 9989}, {8856, 10000}, {9864, 9996}, {8250, 10000}}};

Domain columns(const char* name, int count) {
  Domain d;
  for (int n = 0; n < count; ++n) d.shapes.push_back(Shape{{{name, n}}, {}});
  d.blocks = [](const Shape&) { return std::vector<Block>{}; };
  return d;
}

std::size_t at(const Instance& i, const char* name) {
  return static_cast<std::size_t>(i.integer(name));
}

Claim fact(ClaimKind kind, const char* id, const char* place, const char* statement,
           Relation relation, Domain domain, Evaluate evaluate, const char* remark = "") {
  Claim c = cl_claim(kind, id, place, statement, relation, std::move(domain), std::move(evaluate),
                     remark);
  c.exhaustive = true;
  return c;
}

/// Greatest minus least accuracy of a column over the rows with lambda >= `from` tenths.
int spread(std::size_t column, int from) {
  int least = 1000, most = 0;
  for (const Row& r : table_1)
    if (r.lambda >= from)
      least = std::min(least, r.accuracy[column]), most = std::max(most, r.accuracy[column]);
  return most - least;
}

void add_lambda(ClaimRegistry& registry) {
  constexpr const char* id = "clop/table-1/stable";
  constexpr const char* place = "Section 5, Table 1";
  const auto within = [](int from, int limit) {
    return [=](const Instance& i) {
      return Sides{i.number(spread(at(i, "column"), from), 1000), i.number(limit, 1000)};
    };
  };
  Claim c = fact(ClaimKind::statement, id, place,
                 "the performance remains stable for lambda values ranging from 0.1 to 1.5",
                 Relation::less_or_equal, columns("column", 4), within(0, 39),
                 "Tiny-ImageNet Top-1 rises from 0.616 at lambda 0.1 to 0.696, by 0.080.");
  c.reading =
      "each column varies by at most 0.039, the difference between cosine and Manhattan that "
      "Table 2 counts as an effect";
  registry.add(c);
  c = fact(ClaimKind::correction, "clop/table-1/stable/from-one-half", place,
           "from 0.5 to 1.5 each column varies by at most 0.02", Relation::less_or_equal,
           columns("column", 4), within(5, 20));
  c.parent = id;
  c.strengthened = within(5, 19);
  registry.add(c);
  constexpr const char* best = "lambda = 1.0 and lambda = 1.5 yield the best overall performance";
  const auto mean = [](std::size_t row) {
    int total = 0;
    for (const int a : table_1[row].accuracy) total += a;
    return total;
  };
  c = fact(ClaimKind::statement, "clop/table-1/best/mean", place, best, Relation::greater,
           single_point(), [=](const Instance& i) {
             return Sides{i.number(std::min(mean(2), mean(3)), 4000),
                          i.number(std::max(mean(0), mean(1)), 4000)};
           });
  c.reading = "by the mean over the four columns";
  c.strengthened = [=](const Instance& i) {
    return Sides{i.number(std::min(mean(2), mean(3)), 4000), i.number(mean(2), 4000)};
  };
  registry.add(c);
  c = fact(
      ClaimKind::statement, "clop/table-1/best/every-column", place, best,
      Relation::greater_or_equal, columns("column", 4),
      [](const Instance& i) {
        const std::size_t n = at(i, "column");
        return Sides{i.number(std::max(table_1[2].accuracy[n], table_1[3].accuracy[n]), 1000),
                     i.number(std::max(table_1[0].accuracy[n], table_1[1].accuracy[n]), 1000)};
      },
      "Tiny-ImageNet Top-5 is best at lambda 0.5: 0.909.");
  c.reading = "in every column the best row is one of the two";
  registry.add(c);
}

void add_other_tables(ClaimRegistry& registry) {
  Claim c = fact(ClaimKind::statement, "clop/table-2/cosine-best", "Section 5, Table 2",
                 "cosine similarity achieves the highest performance", Relation::greater,
                 columns("column", 2), [](const Instance& i) {
                   const std::size_t n = at(i, "column");
                   return Sides{i.number(table_2[0][n], 1000),
                                i.number(std::max(table_2[1][n], table_2[2][n]), 1000)};
                 });
  c.strengthened = [](const Instance& i) {
    const std::size_t n = at(i, "column");
    return Sides{i.number(table_2[0][n], 1000), i.number(table_2[1][n] + 5, 1000)};
  };
  registry.add(c);
  registry.add(fact(ClaimKind::statement, "clop/table-2/same-run", "Tables 1 and 2",
                    "cosine similarity with lambda = 1 on CIFAR-100 has the accuracies of Table 1",
                    Relation::equal, columns("column", 2), [](const Instance& i) {
                      const std::size_t n = at(i, "column");
                      return Sides{i.number(table_2[0][n], 1000),
                                   i.number(table_1[2].accuracy[cifar_top_1 + n], 1000)};
                    }));
  registry.add(fact(ClaimKind::statement, "clop/table-3/same-run", "Tables 1 and 3",
                    "RandAug on Tiny-ImageNet has the accuracies of Table 1 at lambda = 1",
                    Relation::equal, columns("column", 2), [](const Instance& i) {
                      const std::size_t n = at(i, "column");
                      return Sides{i.number(table_3[0][n], 1000),
                                   i.number(table_1[2].accuracy[tiny_top_1 + n], 1000)};
                    }));
  registry.add(fact(ClaimKind::statement, "clop/tables/top-1-below-top-5", "Tables 1, 2 and 3",
                    "a Top-1 accuracy is below the Top-5 accuracy beside it", Relation::less,
                    columns("row", 14), [](const Instance& i) {
                      const std::size_t n = at(i, "row");
                      int one = 0, five = 0;
                      if (n < 8)
                        one = table_1[n / 2].accuracy[n % 2 * 2],
                        five = table_1[n / 2].accuracy[n % 2 * 2 + 1];
                      else if (n < 11)
                        one = table_2[n - 8][0], five = table_2[n - 8][1];
                      else
                        one = table_3[n - 11][0], five = table_3[n - 11][1];
                      return Sides{i.number(one, 1000), i.number(five, 1000)};
                    }));
}

/// Table 4, ImageNet Top-1 in tenths of a percent.
constexpr int cpc = 715, moco = 711, simclr = 693, pcl = 676, dcl = 682, rc = 616, hcl = 585,
              infomin = 730, vicreg = 731, barlow_twins = 732;

void add_table_4(ClaimRegistry& registry) {
  const auto compare = [](int left, int right) {
    return [=](const Instance& i) { return Sides{i.number(left, 10), i.number(right, 10)}; };
  };
  registry.add(fact(ClaimKind::statement, "clop/table-4/components", "Section 2.1, Table 4",
                    "component modifications (PCL, DCL, RC) underperform the state of the art",
                    Relation::less, single_point(),
                    compare(std::max({pcl, dcl, rc}), std::min({cpc, moco, simclr}))));
  registry.add(fact(ClaimKind::statement, "clop/table-4/similarities", "Section 2.1, Table 4",
                    "similarity adjustments do not outperform the state of the art (HCL, the only "
                    "one with a number)",
                    Relation::less, single_point(), compare(hcl, std::min({cpc, moco, simclr}))));
  registry.add(fact(ClaimKind::statement, "clop/table-4/innovations", "Section 2.1, Table 4",
                    "novel methods (InfoMin, VICReg, Barlow Twins) achieve competitive performance",
                    Relation::greater, single_point(),
                    compare(std::min({infomin, vicreg, barlow_twins}), cpc)));
  Claim c = fact(
      ClaimKind::statement, "clop/table-4/without-softmax", "Section 2.1, Table 4",
      "the three novel methods work without softmax-crossentropy", Relation::equal, single_point(),
      [](const Instance& i) {
        // Rows "Aff. to Prob.": Softmax, NA, NA
        constexpr std::array<bool, 3> softmax = {true, false, false};
        int without = 0;
        for (const bool s : softmax) without += !s;
        return Sides{i.number(without), i.number(softmax.size())};
      },
      "Table 4 lists InfoMin with Softmax and MinMax CrossEntropy.");
  c.reading = "number of the three whose row in Table 4 names no softmax";
  registry.add(c);
}

/// Distance of a printed percentage to the nearest multiple of 1/samples.
Real distance(const Instance& i, int samples) {
  const int printed = table_5[at(i, "loss")][at(i, "with")];
  const int below = printed * samples / 10000;
  const Real x = i.number(printed, 10000);
  return min(x - i.number(below, samples), abs(i.number(below + 1, samples) - x));
}

void add_table_5(ClaimRegistry& registry) {
  Domain cells;
  for (int loss = 0; loss < 4; ++loss)
    for (int with = 0; with < 2; ++with)
      cells.shapes.push_back(Shape{{{"loss", loss}, {"with", with}}, {}});
  cells.blocks = [](const Shape&) { return std::vector<Block>{}; };
  constexpr const char* id = "clop/table-5/granularity";
  constexpr const char* place = "Table 5; Section 4";
  const auto rounds = [](int samples) {
    return [=](const Instance& i) { return Sides{distance(i, samples), i.number(1, 20000)}; };
  };
  Claim c = fact(ClaimKind::figure, id, place,
                 "the accuracies are those on the remaining unlabelled samples, 450 of 500",
                 Relation::less_or_equal, cells, rounds(450),
                 "68.91 % of 450 is 310.1: 310/450 is 68.89 % and 311/450 is 69.11 %.");
  c.reading = "of one run: a number of samples divided by 450 rounds to the printed percentage";
  registry.add(c);
  c = fact(ClaimKind::correction, "clop/table-5/granularity/runs", place,
           "they are consistent with means over 20 such runs (multiples of 1/9000)",
           Relation::less_or_equal, cells, rounds(9000));
  c.parent = id;
  c.strengthened = rounds(4500);
  registry.add(c);
  const auto gain = [](const Instance& i, std::size_t loss) {
    return i.number(table_5[loss][1] - table_5[loss][0], 100);
  };
  c = fact(ClaimKind::statement, "clop/table-5/improves", place,
           "we observe better learning outcomes when CLOP is applied", Relation::greater,
           columns("loss", 4), [=](const Instance& i) {
             return Sides{gain(i, at(i, "loss")), 0};
           });
  registry.add(c);
  c = fact(ClaimKind::statement, "clop/table-5/vicreg-marginal", place,
           "the accuracy improvement for VICreg is marginal", Relation::less, columns("loss", 4),
           [=](const Instance& i) {
             const std::size_t n = at(i, "loss");
             return Sides{n == 2 ? i.number(0) : gain(i, 2), gain(i, n)};
           });
  c.reading = "less than the improvement of each other loss";
  registry.add(c);
}

}  // namespace

void add_cl_tables(ClaimRegistry& registry) {
  add_lambda(registry);
  add_other_tables(registry);
  add_table_4(registry);
  add_table_5(registry);
}

}  // namespace assay::proofs
