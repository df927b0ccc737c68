// SPDX-License-Identifier: Apache-2.0
// Layout, poison and canaries of a call in shared memory.
#include "properties/contract/worker_arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace assay::contract {
namespace {

std::uint64_t page_bytes() {
  static const auto bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

void fill_poison(std::byte* to, std::uint64_t bytes, Dtype dtype, int run) {
  const std::size_t step = size_of(dtype);
  const std::uint64_t pattern = poison_of(dtype, run);  // little-endian: the low bytes come first
  for (std::uint64_t i = 0; i + step <= bytes; i += step) std::memcpy(to + i, &pattern, step);
}

/// Offset of the first byte in [from, to) that is not the canary; `to` when all are.
std::uint64_t first_changed(const std::byte* base, std::uint64_t from, std::uint64_t to,
                            std::byte canary) {
  const std::byte* hit =
      std::find_if(base + from, base + to, [canary](std::byte b) { return b != canary; });
  return static_cast<std::uint64_t>(hit - base);
}

std::string name_place(const char* what, std::int64_t byte, const wire::TensorPlace& place) {
  return std::string(what) + " byte " + std::to_string(byte) + " of " +
         (place.is_output ? "output '" : "input '") + place.name + "' (" +
         std::to_string(place.data_bytes) + " bytes)";
}

}  // namespace

std::uint64_t poison_of(Dtype dtype, int run) {
  const bool first = run == 0;
  switch (dtype) {
    case Dtype::f16: return first ? 0x7e5d : 0xff5a;
    case Dtype::bf16: return first ? 0x7fdd : 0xffda;
    case Dtype::f32: return first ? 0x7fc0de1d : 0xffc1a55a;
    case Dtype::f64: return first ? 0x7ff8c0de1d5eed01 : 0xfff81a55ada7a002;
    case Dtype::u8: return first ? 0x5d : 0xa2;
    default: return first ? 0x5eedc0de1d5eed01 : 0xa112375ada7a0023;
  }
}

std::byte canary_of(int run) { return run == 0 ? std::byte{0xc5} : std::byte{0x3a}; }

WorkerArena::~WorkerArena() {
  if (base_ != nullptr) munmap(base_, size_);
}

std::string WorkerArena::reserve(std::size_t bytes) {
  if (!memory_) {
    memory_ = out_of_the_way(Descriptor(memfd_create("assay-case", MFD_CLOEXEC)));
    if (!memory_) return std::string("no shared memory: ") + std::strerror(errno);
  }
  if (bytes <= size_) return {};
  const std::size_t wanted = std::max(bytes, 2 * size_);
  if (ftruncate(memory_.get(), static_cast<off_t>(wanted)) != 0)
    return std::string("no shared memory: ") + std::strerror(errno);
  if (base_ != nullptr) munmap(base_, size_);
  base_ = nullptr;
  size_ = 0;
  void* mapped = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
  if (mapped == MAP_FAILED) return std::string("no shared memory: ") + std::strerror(errno);
  base_ = static_cast<std::byte*>(mapped);
  size_ = wanted;
  return {};
}

std::vector<wire::TensorPlace> WorkerArena::lay_out(const engine::Case& c,
                                                    const std::vector<engine::OutputSpec>& outputs,
                                                    int run) const {
  std::vector<wire::TensorPlace> places;
  for (const Tensor& t : c.inputs)
    places.push_back({t.name, t.dtype, false, t.shape, t.strides, 0, 0, 0, t.bytes.size()});
  for (const engine::OutputSpec& o : outputs)
    places.push_back({o.name, o.dtype, true, o.shape, contiguous_strides(o.shape), 0, 0, 0,
                      static_cast<std::uint64_t>(element_count(o.shape)) * size_of(o.dtype)});
  std::uint64_t offset = 0;
  for (wire::TensorPlace& place : places) {
    const std::uint64_t page = page_bytes();
    place.file_offset = offset;
    place.file_bytes = std::max(page, (place.data_bytes + page - 1) / page * page);
    place.data_offset = run == 0 ? place.file_bytes - place.data_bytes : 0;
    offset += place.file_bytes;
  }
  return places;
}

std::string WorkerArena::fill(const engine::Case& c, const std::vector<wire::TensorPlace>& places,
                              int run) {
  const std::uint64_t bytes =
      places.empty() ? page_bytes() : places.back().file_offset + places.back().file_bytes;
  if (std::string why = reserve(bytes); !why.empty()) return why;
  const int canary = std::to_integer<int>(canary_of(run));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const wire::TensorPlace& place = places[i];
    std::byte* file = at(place);
    const std::uint64_t data_end = place.data_offset + place.data_bytes;
    std::memset(file, canary, place.data_offset);
    std::memset(file + data_end, canary, place.file_bytes - data_end);
    if (place.is_output)
      fill_poison(file + place.data_offset, place.data_bytes, place.dtype, run);
    else if (place.data_bytes > 0)
      std::memcpy(file + place.data_offset, c.inputs[i].bytes.data(), place.data_bytes);
  }
  return {};
}

WorkerArena::Damage WorkerArena::damage(const engine::Case& c,
                                        const std::vector<wire::TensorPlace>& places,
                                        int run) const {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const wire::TensorPlace& place = places[i];
    const std::byte* file = at(place);
    const std::byte* data = file + place.data_offset;
    const auto data_offset = static_cast<std::int64_t>(place.data_offset);
    if (!place.is_output) {
      const std::vector<std::byte>& sent = c.inputs[i].bytes;
      const auto changed = std::mismatch(sent.begin(), sent.end(), data);
      if (changed.first != sent.end())
        return {Conduct::input_written, name_place("changed", changed.first - sent.begin(), place)};
    }
    const std::uint64_t data_end = place.data_offset + place.data_bytes;
    const std::uint64_t before = first_changed(file, 0, place.data_offset, canary_of(run));
    const std::uint64_t after = first_changed(file, data_end, place.file_bytes, canary_of(run));
    if (before != place.data_offset)
      return {Conduct::stray_write,
              name_place("wrote", static_cast<std::int64_t>(before) - data_offset, place)};
    if (after != place.file_bytes)
      return {Conduct::stray_write,
              name_place("wrote", static_cast<std::int64_t>(after) - data_offset, place)};
  }
  return {};
}

std::vector<Tensor> WorkerArena::outputs(const std::vector<wire::TensorPlace>& places) const {
  std::vector<Tensor> result;
  for (const wire::TensorPlace& place : places) {
    if (!place.is_output) continue;
    const std::byte* data = at(place) + place.data_offset;
    result.push_back({place.name, place.dtype, place.shape, place.strides,
                      std::vector<std::byte>(data, data + place.data_bytes)});
  }
  return result;
}

}  // namespace assay::contract
