// SPDX-License-Identifier: Apache-2.0
// Freeing the engines' caches of one thread.
#include "reference/arithmetic/thread_caches.hpp"

#include <mpfr.h>
#if ASSAY_HAVE_ARB
#include <flint/flint.h>
#endif

namespace assay::reference {

ThreadCaches::~ThreadCaches() {
#if ASSAY_HAVE_ARB
  flint_cleanup();  // frees MPFR's cache as well
#endif
  mpfr_free_cache();
}

}  // namespace assay::reference
