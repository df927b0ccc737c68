// SPDX-License-Identifier: Apache-2.0
// Embeddings of two views, from the files in which people keep them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace assay::engine {

/// Row i of `a` and row i of `b` are the two views of sample i. Both are N x d with N, d >= 1,
/// row-major without padding, of the same dtype: f32, or f64 where the file holds f64.
struct Embeddings {
  Tensor a, b;
};

/// Reads embeddings from one file,
///   safetensors with exactly the tensors a and b (or q and k), each N x d;
///   .npy of shape (2, N, d): two views;
///   .npy of shape (2N, d): the first N rows are view a, the other N view b;
/// or from two files, each with one N x d array (.npy, or safetensors with a single tensor). The
/// kind is told by the first bytes, not by the name. f16 and bf16 are converted to f32, exactly.
/// \throws InputError naming the file and what is wrong: missing, unknown kind, empty, wrong rank,
/// different shapes or dtypes, integers
Embeddings load_embeddings(const std::string& path,
                           const std::optional<std::string>& second_path = std::nullopt);

/// Embeddings with what says which samples belong together.
struct LabelledEmbeddings {
  Embeddings embeddings;
  std::vector<std::int64_t> labels;  ///< one per sample; empty when the file has none
};

/// The same from one file that may also hold the tensor `labels`, i64 of shape (N).
/// \throws InputError also for labels of another dtype or shape
LabelledEmbeddings load_labelled_embeddings(const std::string& path);

/// The same from bytes of a single file.
Embeddings parse_embeddings(std::span<const std::byte> bytes, const std::string& source);

}  // namespace assay::engine
