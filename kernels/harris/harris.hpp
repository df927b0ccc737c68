// SPDX-License-Identifier: Apache-2.0
// The sums of the Harris inequality for batches of finite instances, exact, on three kinds of
// machine.
#pragma once

#include <cstdint>
#include <string>

namespace assay::kernels {

/// Exact on the host (g++, clang++) and on the device (nvcc).
using Int128 = __int128;
using Unsigned128 = unsigned __int128;

/// The joint law of the arguments; as reference::HarrisLaw.
enum class HarrisLaw : unsigned char { iid, independent, joint };

/// `count` instances of one shape, one after the other. All pointers are host memory; the CUDA
/// entry copies. A table is row-major, axis 0 slowest, n^k numbers.
struct HarrisBatch {
  int axes = 1;     ///< k, 1 to 4
  int support = 1;  ///< n, 1 to 8
  HarrisLaw law = HarrisLaw::iid;
  std::int64_t count = 0;
  const std::int64_t* weights =
      nullptr;                      ///< per instance n (iid), k x n (independent), n^k (joint)
  const std::int64_t* g = nullptr;  ///< per instance n^k
  const std::int64_t* h = nullptr;  ///< per instance n^k

  /// n^k
  std::int64_t cells() const;
  /// Weights per instance.
  std::int64_t weight_count() const;
};

/// How E[g h] compares with E[g] E[h], or why that is not known.
enum class HarrisOrder : signed char {
  less = -1,
  equal = 0,
  greater = 1,
  too_large = 2,  ///< not (W max|g|)(W max|h|) < 2^126, maxima of at least 1: for the reference
  no_law = 3,     ///< a negative weight, or weights that sum to zero
};

/// Of one instance: sum(w g h), sum(w g), sum(w h), W = sum(w) over all cells with unnormalised
/// weights; numerator = gh * total - g * h, whose sign is `order`. All zero for the last two
/// orders.
struct HarrisSums {
  Int128 gh = 0, g = 0, h = 0, total = 0, numerator = 0;
  HarrisOrder order = HarrisOrder::no_law;
};

/// What every entry asks for. \throws std::invalid_argument naming the field: axes not 1 to 4,
/// support not 1 to 8, an unknown law, a negative or absurd count, a null pointer with count > 0
void check_harris_batch(const HarrisBatch& batch, const void* sums);

/// sums[i] of instance i, on one core: axis by axis, in the narrowest integers that the sizes of an
/// instance allow. The filter of a search. \throws as check_harris_batch
void harris_cpu(const HarrisBatch& batch, HarrisSums* sums);
/// The CUDA kernel under the emulator, with a schedule (kernels/emulator/options.hpp).
/// \throws as check_harris_batch; simt::Error; std::invalid_argument for an unknown schedule
void harris_emulated(const HarrisBatch& batch, HarrisSums* sums, const std::string& schedule);
/// The same source on the current CUDA device. \throws as check_harris_batch; std::runtime_error
/// with the CUDA message, or with the reason why there is no device (cuda_unavailable_reason)
void harris_cuda(const HarrisBatch& batch, HarrisSums* sums);

}  // namespace assay::kernels
