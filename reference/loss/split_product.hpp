// SPDX-License-Identifier: Apache-2.0
// The matrix product of the split tier: packed once, multiplied tile by tile.
//
// A tile's rows are used for many tiles of keys and the keys for many panels of rows. A library's
// product packs both anew for every tile, a tenth of its time at these sizes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace assay::reference::split {

inline constexpr std::int64_t rows_packed_together = 12;
inline constexpr std::int64_t keys_packed_together = 4;

/// Components worked on at a time: so many of a tile's rows stay in the second cache.
inline constexpr std::int64_t components_together = 192;

/// Vectors by blocks of components, in groups of `width`: [block][group][component][vector]. Zeros
/// fill up the last group.
class Packed {
 public:
  Packed() = default;
  Packed(std::int64_t d, std::int64_t count, std::int64_t width)
      : d_(d),
        count_(count),
        width_(width),
        padded_((count + width - 1) / width * width),
        data_(static_cast<std::size_t>(padded_ * d)) {}

  std::int64_t d() const { return d_; }
  std::int64_t count() const { return count_; }
  /// Vector i becomes x.
  void put(std::int64_t i, const double* x) {
    for (std::int64_t k0 = 0; k0 < d_; k0 += components_together) {
      const std::int64_t depth = std::min(components_together, d_ - k0);
      double* to = data_.data() + place(k0, depth, i) + i % width_;
      for (std::int64_t k = 0; k < depth; ++k) to[k * width_] = x[k0 + k];
    }
  }
  /// `depth` components from k0, where a block begins, of the group that begins with vector i.
  const double* group(std::int64_t k0, std::int64_t depth, std::int64_t i) const {
    return data_.data() + place(k0, depth, i);
  }

 private:
  std::int64_t place(std::int64_t k0, std::int64_t depth, std::int64_t i) const {
    return k0 * padded_ + i / width_ * width_ * depth;
  }

  std::int64_t d_ = 0, count_ = 0, width_ = 1, padded_ = 0;
  std::vector<double> data_;
};

/// tile[i + j * rows] = <row i, key first + j> for the first `rows` rows and `count` keys from
/// `first`, a multiple of keys_packed_together. The order of summation is not specified, nor
/// whether products are rounded before they are added.
void multiply(const Packed& rows, std::int64_t row_count, const Packed& keys, std::int64_t first,
              std::int64_t count, double* tile);

}  // namespace assay::reference::split
