// SPDX-License-Identifier: Apache-2.0
// Freeing the engines' caches at the end of a thread.
#include "reference/arithmetic/thread_caches.hpp"

#include "reference/arithmetic/number.hpp"

namespace assay::reference {

ThreadCaches::~ThreadCaches() { release_thread_caches(); }

}  // namespace assay::reference
