// SPDX-License-Identifier: Apache-2.0
// The InfoNCE forward kernel under the emulator.
#include "kernels/loss/info_nce.cuh"
#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"

namespace assay::kernels {

namespace {

template <Planted fault>
void launch_form(InfoNceForm form, const InfoNceProblem& problem, float* loss) {
  if (form == InfoNceForm::joint_block)
    info_nce::launch_forward<true, fault>(problem, loss);
  else
    info_nce::launch_forward<false, fault>(problem, loss);
}

using Launcher = void (*)(InfoNceForm, const InfoNceProblem&, float*);

Launcher launcher_for(Planted fault) {
  switch (fault) {
    case Planted::none: return launch_form<Planted::none>;
    case Planted::diagonal_mask_dropped: return launch_form<Planted::diagonal_mask_dropped>;
    case Planted::tail_tile_skipped: return launch_form<Planted::tail_tile_skipped>;
    case Planted::barrier_removed: return launch_form<Planted::barrier_removed>;
    case Planted::maximum_not_subtracted: return launch_form<Planted::maximum_not_subtracted>;
    case Planted::temperature_off: return launch_form<Planted::temperature_off>;
    case Planted::row_sum_in_half: return launch_form<Planted::row_sum_in_half>;
    case Planted::last_column_twice: return launch_form<Planted::last_column_twice>;
    case Planted::input_written: return launch_form<Planted::input_written>;
  }
  throw std::invalid_argument("info_nce: unknown planted fault");
}

}  // namespace

void info_nce_forward_emulated(const InfoNceArguments& arguments, const std::string& schedule,
                               Planted fault) {
  check_info_nce_arguments(arguments);
  const simt::ScopedOptions scoped(simt::parse_schedule(schedule));
  const InfoNceProblem problem{static_cast<const float*>(arguments.a),
                               static_cast<const float*>(arguments.b),
                               arguments.n,
                               arguments.d,
                               arguments.a_stride,
                               arguments.b_stride,
                               info_nce_inverse_temperature(arguments.temperature),
                               arguments.row_loss,
                               arguments.row_lse};
  launcher_for(fault)(arguments.form, problem, arguments.loss);
}

}  // namespace assay::kernels
