// SPDX-License-Identifier: Apache-2.0
// What the judge needs to know about one case of loss/info_nce.
#pragma once

#include <string>
#include <vector>

#include "properties/contract/budget.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// Truth, budget and demand of row_loss, row_lse and loss (docs/loss/info_nce-budget.md).
///
/// Inputs "a", "b" (f32, N x d, last dimension contiguous, N >= 1, d >= 1), scalar "temperature"
/// (> 0, finite), option "directions" = "joint-block" | "one-direction". `algorithm` is one of
/// `info_nce_algorithms()`. Truth comes from the a-priori tier where it reaches, else from the
/// first interval engine.
///
/// Non-finite inputs follow the rule "extended reals": a logit is the extended-real dot product,
/// NaN when an entry is NaN or the products hold 0 * inf or infinities of both signs. A row with a
/// NaN logit must be NaN; else a row with a logit +inf must not be finite; else the loss of a row
/// whose positive is -inf must not be finite (its lse is not judged); else negatives at -inf weigh
/// nothing and the row is judged on the rest. The mean is NaN when a row loss is, not finite when a
/// row loss is not.
///
/// \throws engine::InputError for a missing or misshapen input and for an unknown algorithm
Expectation info_nce_expectation(const engine::Case& c, const std::string& algorithm);

/// Truth, budget and demand of grad_a, grad_b and grad_temperature
/// (docs/loss/info_nce-gradient-budget.md). Further inputs: "grad_row_loss" (f32, one number for
/// each row, any stride; may be absent), scalar "grad_loss" (a binary32 number). Elements that
/// depend on a row that is not judged forward, or on a vector that is not finite, are not judged.
Expectation info_nce_gradient_expectation(const engine::Case& c, const std::string& algorithm);

/// Truth, budget and demand of a case of a setting (option "setting" of `info_nce_settings()`), of
/// either operation (docs/loss/info_nce-family-budget.md). Inputs "a", "b"; "labels" and, where the
/// views differ, "labels_b" (i64, N each) for positives by label; "mask" (u8, N x N) for positives
/// by mask; scalar "temperature": the temperature, scale or log-scale; backward as above, with
/// "grad_row_loss" over rows a, then rows b. "tiled-online-log1p" means "tiled-family" here.
/// Row losses that depend on a NaN are NaN; what depends on an infinity is not judged, nor is a
/// gradient that depends on either. \throws engine::InputError also where the setting refuses a row
Expectation info_nce_family_expectation(const engine::Case& c, const std::string& algorithm);

/// What the modelled column of every algorithm assumes.
inline constexpr const char* info_nce_modelled_hypothesis =
    "rounding errors behave like independent random numbers, uniform between their bounds; the "
    "error stays below the rounded temperature's effect plus 8 standard deviations";

/// The same for the settings; what a stated algorithm makes of known inputs is not random.
inline constexpr const char* info_nce_family_modelled_hypothesis =
    "rounding errors behave like independent random numbers, uniform between their bounds, but for "
    "those that are known from the inputs (the rounded scale, the normalised vectors, the upstream "
    "gradients of the stated kernel): the error stays below their effect plus 8 standard "
    "deviations";

/// "tiled-online-log1p" (the algorithm of the kernel in kernels/loss/info_nce) "any-order" (a
/// stranger's) and "any-order-online" (a stranger's with online sums).
const std::vector<std::string>& info_nce_algorithms();

}  // namespace assay::contract
