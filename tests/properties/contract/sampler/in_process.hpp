// SPDX-License-Identifier: Apache-2.0
// A built-in, or a function, as a candidate in this very process: no isolation, no cost.
#pragma once

#include <functional>
#include <utility>

#include "properties/contract/builtin.hpp"
#include "properties/contract/candidate.hpp"

namespace assay::contract::testing {

class InProcess : public Candidate {
 public:
  using Run = std::function<void(const BuiltinCase&)>;
  InProcess(CandidateInfo info, Run run) : info_(std::move(info)), run_(std::move(run)) {}
  explicit InProcess(const BuiltinEntry& entry) : info_(entry.info), run_(entry.run) {}

  const CandidateInfo& info() const override { return info_; }
  Observation observe(const engine::Case& c,
                      const std::vector<engine::OutputSpec>& outputs) override {
    Observation o;
    BuiltinCase call;
    call.scalars = c.scalars;
    call.options = c.options;
    for (const Tensor& t : c.inputs)
      call.tensors.push_back(
          {t.name, t.dtype, t.shape, t.strides, const_cast<std::byte*>(t.bytes.data()), false});
    for (const engine::OutputSpec& spec : outputs)
      o.outputs.push_back(Tensor::contiguous(spec.name, spec.dtype, spec.shape));
    for (Tensor& t : o.outputs)
      call.tensors.push_back({t.name, t.dtype, t.shape, t.strides, t.bytes.data(), true});
    try {
      run_(call);
      o.conduct = Conduct::returned;
    } catch (const Unsupported& e) {
      o.conduct = Conduct::unsupported;
      o.detail = e.what();
    } catch (const std::exception& e) {
      o.conduct = Conduct::failed;
      o.detail = e.what();
    }
    return o;
  }

 private:
  CandidateInfo info_;
  Run run_;
};

}  // namespace assay::contract::testing
