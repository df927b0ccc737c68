// SPDX-License-Identifier: Apache-2.0
// Built-in candidates of the sampler contracts: the kernels emulated, on a device, on one core, and
// with planted faults.
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "kernels/loss/info_nce.hpp"
#include "kernels/sampling/sampling.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/sampler/problem.hpp"

namespace assay::contract {
namespace {

namespace sampling = kernels::sampling;
using Draw = std::function<void(const sampling::Request&, std::int64_t*)>;

sampling::Tilt tilt_of(const BuiltinCase& c) {
  const std::string& tilt = c.option("tilt");
  if (tilt == "uniform") return sampling::Tilt::uniform;
  if (tilt == "weights") return sampling::Tilt::weights;
  if (tilt == "exponential") return sampling::Tilt::exponential;
  if (tilt == "polynomial") return sampling::Tilt::polynomial;
  throw Unsupported("tilt = '" + tilt + "'");
}

template <class T>
const T* input_or_null(const BuiltinCase& c, const std::string& name) {
  const PlacedTensor* t = c.find_input(name);
  return t == nullptr ? nullptr : t->as<const T>();
}

sampling::Population population_of(const BuiltinCase& c) {
  const PlacedTensor* const x = c.find_input("x");
  const PlacedTensor& first = x == nullptr ? c.input("scores") : *x;
  if (first.dtype != Dtype::f32) throw Unsupported("'" + first.name + "' is not f32");
  sampling::Population p;
  p.rows = first.shape.at(0);
  if (x == nullptr) {
    p.columns = first.shape.at(1);
    p.scores = first.as<const float>();
    p.score_stride = first.strides.at(0);
  } else {
    const PlacedTensor& y = c.input("y");
    p.dimension = first.shape.at(1);
    p.columns = y.shape.at(0);
    p.x = x->as<const float>();
    p.y = y.as<const float>();
  }
  p.tilt = tilt_of(c);
  p.beta = static_cast<float>(c.scalar("beta"));
  p.inv_tau = static_cast<float>(c.scalar("inv_tau"));
  p.power = static_cast<int>(c.scalar("power"));
  p.self = input_or_null<std::int64_t>(c, "self");
  p.positive = input_or_null<std::int64_t>(c, "positive");
  p.row_labels = input_or_null<std::int32_t>(c, "row_labels");
  p.column_labels = input_or_null<std::int32_t>(c, "column_labels");
  return p;
}

sampling::Request request_of(const BuiltinCase& c) {
  sampling::Request r;
  r.method = sampling::method_named(c.option("method"));
  r.population = population_of(c);
  r.k = static_cast<std::int64_t>(c.scalar("k"));
  r.bits = static_cast<int>(c.scalar("bits"));
  r.joint = c.option("joint") == "sum_plus_one" ? sampling::JointTilt::sum_plus_one
                                                : sampling::JointTilt::max_plus_one;
  r.proposals = static_cast<std::int64_t>(c.scalar("proposals"));
  const auto* stream = c.input("stream").as<const std::uint64_t>();
  r.words.seed = stream[0];
  r.words.call = stream[1];
  if (const PlacedTensor* words = c.find_input("words")) {
    r.words.given = words->as<const std::uint32_t>();
    r.words.given_count = element_count(words->shape);
  }
  return r;
}

template <class T>
void write(const BuiltinCase& c, const std::string& name, const std::vector<T>& values) {
  const PlacedTensor* output = c.output(name);
  if (output == nullptr) return;
  if (element_count(output->shape) != static_cast<std::int64_t>(values.size()))
    throw Unsupported("'" + name + "' has another size than the table");
  std::memcpy(output->data, values.data(), values.size() * sizeof(T));
}

// The tables that the kernels themselves build before they draw.
void write_tables(const BuiltinCase& c, const sampling::Request& r) {
  const std::vector<std::uint64_t> weights = sampling::integer_weights(r.population, 0);
  write(c, "weights", weights);
  if (c.output("accept") == nullptr) return;
  const sampling::AliasTable table = sampling::alias_table(weights);
  write(c, "accept", table.accept);
  write(c, "other", table.other);
}

void run_sampler(const BuiltinCase& c, const Draw& draw) {
  const sampling::Request r = request_of(c);
  const PlacedTensor* indices = c.output("indices");
  if (indices == nullptr) return write_tables(c, r);
  if (element_count(indices->shape) != r.population.rows * sampling::outputs_per_row(r))
    throw Unsupported("'indices' has another size than the draws");
  draw(r, indices->as<std::int64_t>());
}

BuiltinEntry entry(sampling::Method method, std::string name, std::string backend,
                   std::string description) {
  BuiltinEntry e;
  e.info.contract = "sampler/" + std::string(sampling::name_of(method));
  e.info.name = std::move(name);
  e.info.version = "1";
  e.info.algorithm = std::string(sampling::name_of(method));
  e.info.backend = std::move(backend);
  e.info.outputs = {"indices"};
  if (method == sampling::Method::inverse_cdf) e.info.outputs.emplace_back("weights");
  if (method == sampling::Method::alias) {
    e.info.outputs.emplace_back("accept");
    e.info.outputs.emplace_back("other");
  }
  e.info.takes_words = true;
  e.info.stream = "philox";
  e.description = std::move(description);
  return e;
}

/// Two runs under opposite schedules.
std::string schedule_of(const BuiltinCase& c) { return c.run == 0 ? "greedy" : "greedy-reverse"; }

// 2^24 emulated draws take minutes; the width is certified on the other candidates.
bool affordable_for_emulator(const Contract& instance) { return instance.field("bits") != "24"; }

void add_method(std::vector<BuiltinEntry>& entries, sampling::Method method) {
  entries.push_back(entry(method, "emulated", "emulator", "the CUDA kernel on the CPU emulator"));
  entries.back().meant_for = affordable_for_emulator;
  entries.back().run = [](const BuiltinCase& c) {
    run_sampler(c, [&c](const sampling::Request& r, std::int64_t* out) {
      sampling::sample_emulated(r, out, schedule_of(c));
    });
  };
  entries.push_back(entry(method, "cuda", "cuda", "the same kernel on the CUDA device"));
  entries.back().limit_memory = false;
  entries.back().unavailable_reason = kernels::cuda_unavailable_reason;
  entries.back().run = [](const BuiltinCase& c) { run_sampler(c, sampling::sample_cuda); };
  entries.push_back(entry(method, "cpu", "cpu", "the same indices on one core"));
  entries.back().run = [](const BuiltinCase& c) { run_sampler(c, sampling::sample_cpu); };
}

// The remainder of a word is as close to uniform as the multiplied word: both give every column
// floor(2^b / n) words or one more, the least distance that any map of b bits has. It is another
// map with a law as good, which nothing may refute.
bool changes_the_law(sampling::Fault fault) { return fault != sampling::Fault::modulo_biased; }

// Whether the fault changes the law on an instance of a method that it breaks.
bool exists_on(sampling::Fault fault, const Contract& instance) {
  const std::string weights = instance.field("weights"), bits = instance.field("bits");
  switch (fault) {
    // Plain weights have neither a tilt nor a temperature.
    case sampling::Fault::tilt_twice:
    case sampling::Fault::temperature_forgotten: return weights != "weights";
    case sampling::Fault::exponent_saturates: return weights == "exponential";
    // With 32 bits it moves the law by less than n 2^-32, what the grid itself may cost.
    case sampling::Fault::gumbel_of_zero: return bits == "6";
    // Binary32 loses at most 2^-25 of the mass per column: what a grid of 24 bits may cost.
    case sampling::Fault::float_cumulative_sum: return bits == "64";
    // A tuple of one repeats nothing.
    case sampling::Fault::duplicates: return bits != "6";
    // Rows of embeddings have no weight that is 0 but by exclusion.
    case sampling::Fault::zero_mass_reachable: return instance.field("scores") == "f32";
    default: return true;
  }
}

void add_faults(std::vector<BuiltinEntry>& entries, sampling::Method method) {
  for (const sampling::FaultEntry& fault : sampling::fault_catalogue) {
    if (!fault.breaks(sampling::name_of(method))) continue;
    const bool wrong = changes_the_law(fault.fault);
    entries.push_back(entry(method, (wrong ? "planted:" : "variant:") + std::string(fault.name),
                            "cpu", std::string(fault.description)));
    BuiltinEntry& e = entries.back();
    e.role = wrong ? BuiltinRole::planted : BuiltinRole::variant;
    if (wrong) e.operator_class = fault.operators;
    e.meant_for = [&fault](const Contract& instance) { return exists_on(fault.fault, instance); };
    e.run = [&fault](const BuiltinCase& c) {
      run_sampler(c, [&](const sampling::Request& r, std::int64_t* out) {
        sampling::sample_planted_cpu(r, fault.fault, out);
      });
    };
  }
}

}  // namespace

std::vector<BuiltinEntry> sampling_builtins() {
  std::vector<BuiltinEntry> entries;
  for (int m = 0; m < sampling::method_count; ++m)
    add_method(entries, static_cast<sampling::Method>(m));
  for (int m = 0; m < sampling::method_count; ++m)
    add_faults(entries, static_cast<sampling::Method>(m));
  return entries;
}

}  // namespace assay::contract
