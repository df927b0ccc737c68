// SPDX-License-Identifier: Apache-2.0
// The shipped built-in candidates, run as they are run in a certification.
#include "properties/contract/builtin.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/planted.hpp"
#include "kernels/variant.hpp"
#include "properties/contract/candidate.hpp"
#include "tests/properties/contract/isolation/cases.hpp"

namespace assay::contract {
namespace {

constexpr char info_nce[] = "loss/info_nce";

/// Two views of n vectors in d dimensions; rows padded by three floats that hold NaN.
engine::Case embeddings(std::int64_t n, std::int64_t d, const std::string& directions) {
  engine::Case c;
  c.descriptor.contract = info_nce;
  for (const char* name : {"a", "b"}) {
    Tensor t{name, Dtype::f32, {n, d}, {d + 3, 1}, {}};
    t.bytes.resize(static_cast<std::size_t>((n - 1) * (d + 3) + d) * sizeof(float));
    std::fill_n(t.as<float>(), t.bytes.size() / sizeof(float), std::nanf(""));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t k = 0; k < d; ++k)
        t.as<float>()[i * (d + 3) + k] = static_cast<float>(
            std::sin(0.7 * static_cast<double>((i + 1) * (k + 2)) + (name[0] == 'a' ? 0.0 : 0.1)));
    c.inputs.push_back(t);
  }
  c.scalars["temperature"] = 0.5;
  c.options["directions"] = directions;
  return c;
}

std::vector<engine::OutputSpec> outputs_of(std::int64_t rows) {
  return {{"row_loss", Dtype::f32, {rows}, true},
          {"row_lse", Dtype::f32, {rows}, false},
          {"loss", Dtype::f32, {}, true}};
}

Observation observe(const std::string& name, const engine::Case& c, std::int64_t rows) {
  return make_builtin_candidate(info_nce, name, this_program(), Limits{})
      ->observe(c, outputs_of(rows));
}

TEST(Builtin, ListsTheKernelTheDeviceAndEveryPlantedFault) {
  const std::vector<std::string> names = builtin_candidates(info_nce);
  for (const std::string& name : {std::string("emulated"), std::string("cuda")})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  for (const kernels::PlantedEntry& planted : kernels::planted_catalogue)
    EXPECT_NE(find_builtin(info_nce, "planted:" + std::string(planted.name)), nullptr);
  for (const kernels::PlantedEntry& planted : kernels::family_planted_catalogue)
    EXPECT_NE(find_builtin(info_nce, "planted:" + std::string(planted.name)), nullptr);
  for (const kernels::Variant variant : kernels::correct_variants)
    EXPECT_NE(find_builtin(info_nce, "variant:" + std::string(name_of(variant))), nullptr);
  for (const BuiltinListing& line : list_builtin_candidates(info_nce))
    EXPECT_FALSE(line.description.empty()) << line.name;
}

TEST(Builtin, RefusesUnknownNamesAndDoubleOnes) {
  try {
    make_builtin_candidate(info_nce, "emulate", this_program(), Limits{});
    FAIL() << "no exception";
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("there are emulated, cuda, "), std::string::npos)
        << e.what();
  }
  EXPECT_THROW(register_builtin(*find_builtin(info_nce, "emulated")), std::invalid_argument);
}

TEST(Builtin, EmulatedKernelIsTheSameUnderBothSchedules) {
  for (const char* directions : {"joint-block", "one-direction"})
    for (const auto& [n, d] : {std::pair{2, 1}, {5, 3}, {37, 19}}) {
      const engine::Case c = embeddings(n, d, directions);
      const std::int64_t rows = directions[0] == 'j' ? 2 * n : n;
      const Observation o = observe("emulated", c, rows);
      ASSERT_EQ(o.conduct, Conduct::returned) << o.detail;
      // The mean of the rows is the loss, up to the rounding of a sum: enough to see that the
      // pieces arrive where they belong. The judge's tests are elsewhere.
      const std::vector<float> row_loss = floats_of(o.outputs.at(0));
      double sum = 0, size = 0;
      for (const float x : row_loss) {
        sum += x;
        size += std::fabs(x);
      }
      const double count = static_cast<double>(rows);
      const double roundoff = rounding_of(Dtype::f32).roundoff;
      EXPECT_NEAR(floats_of(o.outputs.at(2)).at(0), sum / count,
                  (count + 1) * 2 * roundoff * size / count);
    }
}

TEST(Builtin, PlantedWriteToAnInputIsCaught) {
  const Observation o = observe("planted:input_written", embeddings(5, 3, "joint-block"), 10);
  EXPECT_EQ(o.conduct, Conduct::input_written) << o.detail;
}

TEST(Builtin, CudaRunsOrSaysWhyNot) {
  const std::string reason = kernels::cuda_unavailable_reason();
  const Observation o = observe("cuda", embeddings(5, 3, "joint-block"), 10);
  EXPECT_EQ(o.conduct, reason.empty() ? Conduct::returned : Conduct::unavailable) << o.detail;
  if (!reason.empty()) {
    EXPECT_EQ(o.detail, reason);
  }
}

TEST(Builtin, DeclinesWhatTheKernelCannotDo) {
  engine::Case c = embeddings(5, 3, "both-directions");
  EXPECT_EQ(observe("emulated", c, 10).conduct, Conduct::unsupported);
  c = embeddings(5, 3, "joint-block");
  EXPECT_EQ(observe("emulated", c, 9).conduct, Conduct::unsupported);
  c.inputs[0].dtype = Dtype::i32;
  EXPECT_EQ(observe("emulated", c, 10).conduct, Conduct::unsupported);
  c = embeddings(5, 3, "joint-block");
  c.scalars.clear();
  const Observation o = observe("emulated", c, 10);
  EXPECT_EQ(o.conduct, Conduct::failed);
  EXPECT_EQ(o.detail, "the case has no parameter 'temperature'");
}

/// A case of the family's setting by labels.
engine::Case labelled(std::int64_t n) {
  engine::Case c = embeddings(n, 3, "joint-block");
  c.options = {{"setting", "supervised-in"}};
  Tensor labels{"labels", Dtype::i64, {n}, {1}, {}};
  labels.bytes.resize(static_cast<std::size_t>(n) * sizeof(std::int64_t));
  for (std::int64_t i = 0; i < n; ++i) labels.as<std::int64_t>()[i] = (i % 2) << 32;
  c.inputs.push_back(labels);
  return c;
}

TEST(Builtin, ServesTheFamilysSettings) {
  const std::vector<engine::OutputSpec> outputs = {{"row_loss", Dtype::f32, {10}, true},
                                                   {"loss", Dtype::f32, {}, true}};
  const auto run = [&](const std::string& name) {
    return make_builtin_candidate(info_nce, name, this_program(), Limits{})
        ->observe(labelled(5), outputs);
  };
  const Observation sound = run("emulated");
  ASSERT_EQ(sound.conduct, Conduct::returned) << sound.detail;
  EXPECT_GT(floats_of(sound.outputs.at(1)).at(0), 0.0f);
  for (const char* name : {"planted:labels_in_32_bits", "planted:outside_for_inside"}) {
    const Observation spoiled = run(name);
    ASSERT_EQ(spoiled.conduct, Conduct::returned) << spoiled.detail;
    EXPECT_NE(spoiled.outputs.at(1).bytes, sound.outputs.at(1).bytes) << name;
  }
  EXPECT_EQ(run("variant:split_accumulators").conduct, Conduct::returned);
  EXPECT_EQ(run("cpu").conduct, Conduct::unsupported);
  EXPECT_EQ(run("planted:input_written").conduct, Conduct::input_written);
  engine::Case c = labelled(5);
  c.inputs.pop_back();
  EXPECT_EQ(make_builtin_candidate(info_nce, "emulated", this_program(), Limits{})
                ->observe(c, outputs)
                .detail,
            "the case has no input 'labels'");
}

}  // namespace
}  // namespace assay::contract
