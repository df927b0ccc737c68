// SPDX-License-Identifier: Apache-2.0
// The complaints that docs/files.md shows are the ones that are printed.
#include <gtest/gtest.h>

#include <cstring>

#include "file_testing.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/files/labels.hpp"
#include "properties/engine/files/npy.hpp"
#include "properties/engine/files/safetensors.hpp"

namespace assay::engine {
namespace {

using testing::Bytes;
using testing::counting;

class Documented : public ::testing::Test {
 protected:
  void shows(const std::function<void()>& action) {
    const std::string message = testing::expect_complaint(action, {""});
    EXPECT_NE(page_.find("    " + message + "\n"), std::string::npos) << message;
  }
  const std::string page_ = read_text_file(ASSAY_SOURCE_DIR "/docs/files.md");
};

Bytes frame_with(std::string_view header, std::size_t data) {
  Bytes file(8 + header.size() + data);
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

TEST_F(Documented, ComplaintsAboutArrays) {
  Bytes cut = serialize_npy(counting("", Dtype::f32, {3, 4}));
  cut.resize(cut.size() - 8);
  shows([&] { parse_npy(cut, "embeddings.npy"); });
  shows([] { parse_embeddings(serialize_npy(counting("", Dtype::f32, {3, 1})), "views.npy"); });
  shows([] { parse_embeddings(testing::bytes_of("PK\x03\x04"), "views.npz"); });
}

TEST_F(Documented, ComplaintsAboutLabelsAndMasks) {
  const testing::Scratch scratch;
  const auto shows_in = [&](const Tensor& t, const std::string& name,
                            const std::function<void(const std::string&)>& action) {
    write_npy(scratch / name, t);
    const std::string message = testing::expect_complaint([&] { action(scratch / name); }, {name});
    EXPECT_NE(page_.find("    " + message.substr(scratch.path().size() + 1) + "\n"),
              std::string::npos)
        << message;
  };
  const auto labels = [](const std::string& path) { load_labels(path, 8); };
  shows_in(counting("", Dtype::i64, {7}), "labels.npy", labels);
  shows_in(counting("", Dtype::f64, {8}), "labels.npy", labels);
  shows_in(counting("", Dtype::u8, {8, 8}), "mask.npy",
           [](const std::string& path) { load_mask(path, 16, 16); });
}

TEST_F(Documented, ComplaintsAboutFrames) {
  const SafetensorsFrame strange{
      {}, {counting("x", Dtype::f32, {1, 1}), counting("y", Dtype::f32, {1, 1})}};
  shows([&] { parse_embeddings(serialize_safetensors(strange), "model.safetensors"); });
  shows([] {
    parse_safetensors(frame_with(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                 R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                                 5),
                      "frame");
  });
  shows([] {
    parse_safetensors(frame_with(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],)"
                                 R"("data_offsets":[0,0]}})",
                                 0),
                      "frame");
  });
}

TEST_F(Documented, ComplaintsAboutOutputs) {
  shows([] { check_writable("results/out.json"); });
}

}  // namespace
}  // namespace assay::engine
