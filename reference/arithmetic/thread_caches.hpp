// SPDX-License-Identifier: Apache-2.0
// The engines keep caches per thread; a thread that ends has to give them back.
#pragma once

namespace assay::reference {

/// Put one at the top of every thread that evaluates enclosures: its destructor frees what MPFR and
/// FLINT keep for this thread (constants, scratch memory). Values computed by the thread stay
/// valid.
class ThreadCaches {
 public:
  ThreadCaches() = default;
  ~ThreadCaches();
  ThreadCaches(const ThreadCaches&) = delete;
  ThreadCaches& operator=(const ThreadCaches&) = delete;
};

}  // namespace assay::reference
