// SPDX-License-Identifier: Apache-2.0
// Damaged files end in an InputError or are still valid; nothing else may happen. The same check as
// the fuzz targets, without a fuzzer: every truncation and many flipped bytes of valid files.
#include "malformed.hpp"

#include <gtest/gtest.h>

#include "file_testing.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/files/npy.hpp"
#include "properties/engine/files/safetensors.hpp"

namespace assay::engine {
namespace {

using testing::Bytes;
using testing::counting;
using testing::survives_damage;

const SafetensorsFrame frame{{{"op", "forward"}, {"params", "{\"temperature\": 0.5}"}},
                             {counting("a", Dtype::f32, {2, 3}), counting("b", Dtype::f32, {2, 3}),
                              counting("n", Dtype::u8, {})}};

TEST(Malformed, SafetensorsFilesAreReadOrRefused) {
  const auto outcome = survives_damage(serialize_safetensors(frame), [](const Bytes& bytes) {
    parse_safetensors(bytes, "damaged");
  });
  EXPECT_EQ(outcome.truncations_accepted, 0u);
  EXPECT_GT(outcome.refused, outcome.accepted);
  EXPECT_GT(outcome.accepted, 0u);  // a flipped byte of data is not damage one can see
}

TEST(Malformed, NpyFilesAreReadOrRefused) {
  for (const Tensor& t : {counting("", Dtype::f32, {2, 3}), counting("", Dtype::u8, {})}) {
    const auto outcome =
        survives_damage(serialize_npy(t), [](const Bytes& bytes) { parse_npy(bytes, "damaged"); });
    EXPECT_EQ(outcome.truncations_accepted, 0u);
    EXPECT_GT(outcome.refused, 0u);
    EXPECT_GT(outcome.accepted, 0u);
  }
}

TEST(Malformed, EmbeddingFilesAreReadOrRefused) {
  const SafetensorsFrame views{
      {}, {counting("a", Dtype::f16, {2, 3}), counting("b", Dtype::f16, {2, 3})}};
  for (const Bytes& file :
       {serialize_safetensors(views), serialize_npy(counting("", Dtype::f16, {2, 2, 3}))}) {
    const auto outcome =
        survives_damage(file, [](const Bytes& bytes) { parse_embeddings(bytes, "damaged"); });
    EXPECT_EQ(outcome.truncations_accepted, 0u);
    EXPECT_GT(outcome.refused, 0u);
  }
}

}  // namespace
}  // namespace assay::engine
