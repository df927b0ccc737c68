// SPDX-License-Identifier: Apache-2.0
// Flat encoding of the messages between checker and worker (same program, same machine).
#include "properties/contract/worker_wire.hpp"

#include <stdexcept>

namespace assay::contract::wire {
namespace {

class Writer {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  void extents(const std::vector<std::int64_t>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    for (const std::int64_t v : values) number(v);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const char> bytes) : bytes_(bytes) {}
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() {
    const auto part = take(number<std::uint32_t>());
    return {part.begin(), part.end()};
  }
  std::vector<std::int64_t> extents() {
    std::vector<std::int64_t> values(number<std::uint32_t>());
    for (std::int64_t& v : values) v = number<std::int64_t>();
    return values;
  }
  void finish() const {
    if (!bytes_.empty()) throw std::runtime_error("message between checker and worker too long");
  }

 private:
  std::span<const char> take(std::size_t count) {
    if (count > bytes_.size())
      throw std::runtime_error("message between checker and worker cut short");
    const auto part = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return part;
  }
  std::span<const char> bytes_;
};

void put(Writer& w, const TensorPlace& t) {
  w.text(t.name);
  w.number(static_cast<std::uint8_t>(t.dtype));
  w.number(static_cast<std::uint8_t>(t.is_output));
  w.extents(t.shape);
  w.extents(t.strides);
  for (const std::uint64_t v : {t.file_offset, t.file_bytes, t.data_offset, t.data_bytes})
    w.number(v);
}

TensorPlace get_tensor(Reader& r) {
  TensorPlace t;
  t.name = r.text();
  t.dtype = static_cast<Dtype>(r.number<std::uint8_t>());
  t.is_output = r.number<std::uint8_t>() != 0;
  t.shape = r.extents();
  t.strides = r.extents();
  for (std::uint64_t* v : {&t.file_offset, &t.file_bytes, &t.data_offset, &t.data_bytes})
    *v = r.number<std::uint64_t>();
  return t;
}

}  // namespace

std::string encode(const Hello& hello) {
  Writer w;
  w.text(hello.contract);
  w.text(hello.name);
  w.number(hello.memory_bytes);
  w.number(hello.checker_pid);
  return w.take();
}

Hello decode_hello(std::span<const char> bytes) {
  Reader r(bytes);
  Hello hello;
  hello.contract = r.text();
  hello.name = r.text();
  hello.memory_bytes = r.number<std::uint64_t>();
  hello.checker_pid = r.number<std::int64_t>();
  r.finish();
  return hello;
}

std::string encode(const Call& call) {
  Writer w;
  w.number(call.run);
  w.number(static_cast<std::uint32_t>(call.tensors.size()));
  for (const TensorPlace& t : call.tensors) put(w, t);
  w.number(static_cast<std::uint32_t>(call.scalars.size()));
  for (const auto& [name, value] : call.scalars) {
    w.text(name);
    w.number(value);
  }
  w.number(static_cast<std::uint32_t>(call.options.size()));
  for (const auto& [name, value] : call.options) {
    w.text(name);
    w.text(value);
  }
  return w.take();
}

Call decode_call(std::span<const char> bytes) {
  Reader r(bytes);
  Call call;
  call.run = r.number<std::int32_t>();
  for (auto count = r.number<std::uint32_t>(); count > 0; --count)
    call.tensors.push_back(get_tensor(r));
  for (auto count = r.number<std::uint32_t>(); count > 0; --count) {
    std::string name = r.text();
    call.scalars[name] = r.number<double>();
  }
  for (auto count = r.number<std::uint32_t>(); count > 0; --count) {
    std::string name = r.text();
    call.options[name] = r.text();
  }
  r.finish();
  return call;
}

}  // namespace assay::contract::wire
