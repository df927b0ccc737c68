// SPDX-License-Identifier: Apache-2.0
// Asking a foreign program, and naming what it did.
#include "properties/contract/process_candidate.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "properties/contract/column.hpp"
#include "properties/contract/compare_runs.hpp"
#include "properties/contract/process_messages.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

constexpr std::size_t largest_greeting = std::size_t{1} << 20;

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Observation unavailable(std::string why) {
  Observation o;
  o.conduct = Conduct::unavailable;
  o.detail = std::move(why);
  return o;
}

/// The outputs to ask for: those that the program offers, all when it did not say.
std::vector<engine::OutputSpec> wanted(const CandidateInfo& info,
                                       const std::vector<engine::OutputSpec>& outputs) {
  if (info.outputs.empty()) return outputs;
  std::vector<engine::OutputSpec> chosen;
  for (const engine::OutputSpec& spec : outputs)
    if (contains(info.outputs, spec.name)) chosen.push_back(spec);
  return chosen;
}

/// True when some instance of the contract has an output of that name.
bool of_some_instance(const std::string& contract, const std::string& name) {
  if (contract.starts_with("sampler/"))  // a sampler's draws and tables are asked for one by one
    return name == "indices" || name == "weights" || name == "accept" || name == "other";
  for (const Column* column : columns()) {
    if (column->name() != contract) continue;
    for (const Contract& instance : column->instances())
      if (contains(output_names(instance), name)) return true;
  }
  return false;
}

/// Empty when the offer fits the contract.
std::string misfit(const CandidateInfo& info, const std::vector<engine::OutputSpec>& outputs) {
  if (info.outputs.empty()) return {};
  for (const std::string& name : info.outputs)
    if (std::none_of(outputs.begin(), outputs.end(),
                     [&](const engine::OutputSpec& spec) { return spec.name == name; }) &&
        !of_some_instance(info.contract, name))
      return "its greeting offers an output '" + name + "', which the contract does not have";
  for (const engine::OutputSpec& spec : outputs)
    if (spec.required && !contains(info.outputs, spec.name))
      return "its greeting does not offer the required output '" + spec.name + "'";
  return {};
}

/// Empty when the program takes embeddings of the case's format: that of the first input, after
/// which an instance is named (upstream gradients are binary32 in all of them).
std::string untaken(const CandidateInfo& info, const engine::Case& c) {
  if (c.inputs.empty()) return {};
  const Dtype format = c.inputs.front().dtype;
  if (std::find(info.inputs.begin(), info.inputs.end(), format) != info.inputs.end()) return {};
  return "its greeting does not offer to take " + std::string(name_of(format));
}

bool same_greeting(const CandidateInfo& a, const CandidateInfo& b) {
  return a.name == b.name && a.version == b.version && a.contract == b.contract &&
         a.algorithm == b.algorithm && a.outputs == b.outputs && a.inputs == b.inputs &&
         a.deterministic == b.deterministic && a.takes_words == b.takes_words &&
         a.uniform_bits == b.uniform_bits;
}

}  // namespace

ProcessCandidate::ProcessCandidate(std::vector<std::string> command, ProcessLimits limits)
    : command_(std::move(command)), limits_(limits) {
  info_.name = joined(command_);
  info_.backend = "process";
  unavailable_ = ensure_started();
  if (children_interrupted()) unavailable_.clear();  // says nothing about the program
}

std::string ProcessCandidate::ensure_started() {
  if (!unavailable_.empty()) return unavailable_;
  if (channel_.running()) return {};
  std::string why = channel_.start(command_);
  if (why.empty()) why = greet();
  if (!why.empty()) channel_.stop();
  return why;
}

std::string ProcessCandidate::greet() {
  switch (channel_.exchange({}, largest_greeting, Deadline(limits_.greeting_milliseconds))) {
    case Exchange::complete: break;
    case Exchange::interrupted: return "interrupted";
    case Exchange::timed_out:
      return "no greeting within " + std::to_string(limits_.greeting_milliseconds) + " ms" +
             channel_.detail() + channel_.stderr_detail();
    case Exchange::closed: return "ended before its greeting: " + channel_.detail();
    case Exchange::malformed:
      return "its greeting is " + channel_.detail() + channel_.stderr_detail();
  }
  try {
    CandidateInfo greeting = pipe::read_greeting(channel_.reply(), joined(command_));
    if (greeted_before_ && !same_greeting(greeting, info_))
      return "greeted differently after it was started again";
    info_ = std::move(greeting);
    greeted_before_ = true;
    return {};
  } catch (const engine::InputError& e) {
    return e.what();
  }
}

Observation ProcessCandidate::observe(const engine::Case& c,
                                      const std::vector<engine::OutputSpec>& outputs) {
  if (children_interrupted()) return unavailable("interrupted");
  if (std::string why = ensure_started(); !why.empty()) return unavailable(std::move(why));
  if (!c.descriptor.contract.empty() && c.descriptor.contract != info_.contract)
    return unavailable("speaks for " + info_.contract + ", not for " + c.descriptor.contract);
  if (std::string why = misfit(info_, outputs); !why.empty())
    return violation(Conduct::bad_reply, why);
  if (std::string why = untaken(info_, c); !why.empty()) {
    Observation declined;
    declined.conduct = Conduct::unsupported;
    declined.detail = std::move(why);
    return declined;
  }
  const std::vector<engine::OutputSpec> asked = wanted(info_, outputs);
  Observation first = ask(c, asked);
  if (first.conduct != Conduct::returned || !info_.deterministic) return first;
  Observation second = ask(c, asked);
  if (second.conduct == Conduct::unavailable) return second;
  if (second.conduct != Conduct::returned) {
    first.conduct = second.conduct;
    first.detail = second.detail + " (second run)";
    return first;
  }
  judge_two_runs(first, std::move(second.outputs), true, nullptr);
  return first;
}

Observation ProcessCandidate::ask(const engine::Case& c,
                                  const std::vector<engine::OutputSpec>& outputs) {
  using std::chrono::steady_clock;
  if (std::string why = ensure_started(); !why.empty()) return unavailable(std::move(why));
  const std::string id = std::to_string(++requests_);
  std::vector<std::byte> request;
  try {
    request = pipe::write_request(c, outputs, id);
  } catch (const std::exception& e) {
    return unavailable(std::string("the case cannot be sent: ") + e.what());
  }
  const auto start = steady_clock::now();
  const Exchange ending =
      channel_.exchange(request, pipe::largest_reply(outputs), Deadline(limits_.call_milliseconds));
  Observation o;
  switch (ending) {
    case Exchange::complete: o = pipe::read_reply(channel_.reply(), outputs, id); break;
    case Exchange::interrupted: channel_.stop(); return unavailable("interrupted");
    case Exchange::timed_out:
      if (channel_.stopped()) {
        channel_.stop();
        return unavailable("the program was stopped by a signal");
      }
      o = violation(Conduct::hung, "no answer within " + std::to_string(limits_.call_milliseconds) +
                                       " ms" + channel_.detail());
      break;
    case Exchange::closed: o = violation(Conduct::crashed, channel_.detail()); break;
    case Exchange::malformed: o = violation(Conduct::bad_reply, channel_.detail()); break;
  }
  if (o.conduct == Conduct::bad_reply)
    channel_.stop();  // where its next frame starts is anyone's guess
  o.milliseconds = std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
  return o;
}

Observation ProcessCandidate::violation(Conduct conduct, const std::string& detail) {
  Observation o;
  o.conduct = conduct;
  o.detail = detail;
  if (conduct != Conduct::crashed) o.detail += channel_.stderr_detail();  // already in the detail
  channel_.stop();
  return o;
}

std::unique_ptr<Candidate> make_process_candidate(const std::vector<std::string>& command,
                                                  Limits limits) {
  ProcessLimits process;
  process.call_milliseconds = limits.milliseconds;
  process.greeting_milliseconds = std::max(process.greeting_milliseconds, limits.milliseconds);
  return std::make_unique<ProcessCandidate>(command, process);
}

}  // namespace assay::contract
