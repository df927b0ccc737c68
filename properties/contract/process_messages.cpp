// SPDX-License-Identifier: Apache-2.0
// Writing and reading of the pipe protocol's messages.
#include "properties/contract/process_messages.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "properties/contract/process_channel.hpp"
#include "properties/engine/files/safetensors.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::contract::pipe {
namespace {

using engine::InputError;
using engine::SafetensorsFrame;
using nlohmann::json;

const std::string* find(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

std::string text_or(const std::map<std::string, std::string>& metadata, const char* key,
                    const std::string& otherwise) {
  const std::string* found = find(metadata, key);
  return found != nullptr ? *found : otherwise;
}

/// A JSON list of strings in the metadata value of `key`.
std::vector<std::string> list_of(const std::string& text, const std::string& source,
                                 const std::string& key) {
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_array() ||
      std::any_of(parsed.begin(), parsed.end(), [](const json& item) { return !item.is_string(); }))
    throw InputError(source, key, "not a JSON list of strings: " + text);
  return parsed.get<std::vector<std::string>>();
}

/// Finite doubles in the shortest form that reads back to the same bits; JSON has no others.
json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

std::string kind_text(Dtype dtype, const std::vector<std::int64_t>& shape) {
  return std::string(name_of(dtype)) + shape_text(shape);
}

Observation ended(Conduct conduct, std::string detail) {
  Observation o;
  o.conduct = conduct;
  o.detail = std::move(detail);
  return o;
}

/// Takes the wanted outputs out of the frame, or says which is wrong.
Observation take_outputs(SafetensorsFrame frame, const std::vector<engine::OutputSpec>& outputs) {
  Observation o;
  o.conduct = Conduct::returned;
  for (const engine::OutputSpec& spec : outputs) {
    const auto found = std::find_if(frame.tensors.begin(), frame.tensors.end(),
                                    [&](const Tensor& t) { return t.name == spec.name; });
    if (found == frame.tensors.end())
      return ended(Conduct::bad_reply, "output '" + spec.name + "' is missing");
    if (found->dtype != spec.dtype || found->shape != spec.shape)
      return ended(Conduct::bad_reply,
                   "output '" + spec.name + "' is " + kind_text(found->dtype, found->shape) +
                       ", the contract has " + kind_text(spec.dtype, spec.shape));
    o.outputs.push_back(std::move(*found));
    frame.tensors.erase(found);
  }
  if (!frame.tensors.empty())
    return ended(Conduct::bad_reply,
                 "output '" + frame.tensors.front().name + "' was not asked for");
  return o;
}

}  // namespace

CandidateInfo read_greeting(std::span<const std::byte> bytes, const std::string& program) {
  const std::string source = "greeting of '" + program + "'";
  const SafetensorsFrame frame = engine::parse_safetensors(bytes, source);
  const std::string spoken = text_or(frame.metadata, "assay", "nothing");
  if (spoken != protocol)
    throw InputError(source, "assay", "it speaks " + spoken + ", this program " + protocol);
  const std::string* contract = find(frame.metadata, "contract");
  if (contract == nullptr || contract->empty()) throw InputError(source, "contract", "missing");
  const std::string deterministic = text_or(frame.metadata, "deterministic", "true");
  if (deterministic != "true" && deterministic != "false")
    throw InputError(source, "deterministic", "neither true nor false: " + deterministic);
  CandidateInfo info;
  info.contract = *contract;
  info.name = text_or(frame.metadata, "name", program);
  info.version = text_or(frame.metadata, "version", "");
  info.algorithm = text_or(frame.metadata, "algorithm", "any-order");
  info.backend = "process";
  info.outputs = list_of(text_or(frame.metadata, "outputs", "[]"), source, "outputs");
  info.inputs.clear();
  for (const std::string& name :
       list_of(text_or(frame.metadata, "inputs", R"(["f32"])"), source, "inputs")) {
    const std::optional<Dtype> dtype = dtype_named(name);
    if (!dtype || !is_float(*dtype))
      throw InputError(source, "inputs", "'" + name + "' is no floating-point format");
    info.inputs.push_back(*dtype);
  }
  info.deterministic = deterministic == "true";
  // Samplers: explicit words, and how many leading bits of them make one uniform number.
  const std::string words = text_or(frame.metadata, "words", "none");
  if (words != "none") {
    const json bits = json::parse(words, nullptr, false);
    if (!bits.is_number_integer() || bits.get<std::int64_t>() < 1 || bits.get<std::int64_t>() > 64)
      throw InputError(source, "words", "neither none nor a number of bits from 1 to 64: " + words);
    info.takes_words = true;
    info.uniform_bits = bits.get<int>();
  }
  return info;
}

std::vector<std::byte> write_request(const engine::Case& c,
                                     const std::vector<engine::OutputSpec>& outputs,
                                     const std::string& id) {
  json parameters = json::object(), wanted = json::object();
  std::map<std::string, std::string> options = c.options;
  const auto stated = options.extract("operation");
  const std::string operation = stated.empty() ? "forward" : stated.mapped();
  for (const auto& [name, value] : c.scalars) parameters[name] = number(value);
  for (const engine::OutputSpec& spec : outputs)
    wanted[spec.name] = {{"dtype", std::string(name_of(spec.dtype))}, {"shape", spec.shape}};
  SafetensorsFrame frame;
  frame.metadata = {{"assay", protocol},
                    {"contract", c.descriptor.contract},
                    {"op", operation},
                    {"id", id},
                    {"params", parameters.dump()},
                    {"options", json(options).dump()},
                    {"outputs", wanted.dump()}};
  frame.tensors = c.inputs;
  return engine::serialize_safetensors(frame);
}

std::size_t largest_reply(const std::vector<engine::OutputSpec>& outputs) {
  // Twice the data admits outputs in double precision, so that they can be named as wrong.
  std::size_t bytes = std::size_t{1} << 20;
  for (const engine::OutputSpec& spec : outputs)
    bytes += 2 * static_cast<std::size_t>(element_count(spec.shape)) * size_of(spec.dtype);
  return bytes;
}

Observation read_reply(std::span<const std::byte> bytes,
                       const std::vector<engine::OutputSpec>& outputs, const std::string& id) {
  SafetensorsFrame frame;
  try {
    frame = engine::parse_safetensors(bytes, "reply");
  } catch (const InputError& e) {
    return ended(Conduct::bad_reply, std::string(e.what()) + "; " + show_bytes(bytes));
  }
  const std::string* answered = find(frame.metadata, "id");
  if (answered != nullptr && *answered != id)
    return ended(Conduct::bad_reply, "answers request " + *answered + " instead of " + id);
  const std::string status = text_or(frame.metadata, "status", "");
  const std::string why = text_or(frame.metadata, "why", "no reason given");
  if (status == "ok") return take_outputs(std::move(frame), outputs);
  if (status == "unsupported") return ended(Conduct::unsupported, why);
  if (status == "error") return ended(Conduct::failed, why);
  if (status == "input_written") return ended(Conduct::input_written, why);
  return ended(Conduct::bad_reply, "unknown status '" + status + "'");
}

}  // namespace assay::contract::pipe
