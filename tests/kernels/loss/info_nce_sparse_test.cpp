// SPDX-License-Identifier: Apache-2.0
// Row strides beyond 2^31 elements: indices have to be 64 bits wide. The rows lie in address space
// that is reserved but hardly used: a page for each row, and a page where a 32-bit index would
// look.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_family.hpp"
#include "tests/kernels/loss/info_nce_narrow.hpp"
#include "tests/kernels/sanitizers.hpp"

namespace assay::kernels::testing {
namespace {

/// Address space without memory behind it until it is written.
class Reserved {
 public:
  explicit Reserved(std::size_t bytes) : bytes_(bytes) {
    memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) reason_ = std::strerror(errno);
  }
  ~Reserved() {
    if (reason_.empty()) munmap(memory_, bytes_);
  }
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;
  /// Why there is none; empty when there is.
  const std::string& reason() const { return reason_; }
  void* data() const { return memory_; }

 private:
  std::size_t bytes_;
  void* memory_ = nullptr;
  std::string reason_;
};

constexpr std::int64_t two_31 = std::int64_t{1} << 31, two_32 = std::int64_t{1} << 32;

/// Where a signed and an unsigned 32-bit index would look for an element.
std::int64_t wrapped_signed(std::int64_t i) { return static_cast<std::int32_t>(i); }
std::int64_t wrapped_unsigned(std::int64_t i) { return static_cast<std::uint32_t>(i); }

/// A matrix whose last row starts at an element beyond 2^31, or beyond 2^32. All addresses at which
/// an index of 32 bits would look for it exist, too, and hold NaN: the matrix starts 2^31 elements
/// after the beginning of the reserved space, because a signed index may go that far back.
template <class Element>
class Sparse {
 public:
  Sparse(const std::vector<Element>& dense, std::int64_t n, std::int64_t d, std::int64_t stride,
         Element nan)
      : n_(n),
        d_(d),
        stride_(stride),
        space_(static_cast<std::size_t>(two_31 + (n - 1) * stride + d) * sizeof(Element)) {
    if (!space_.reason().empty()) return;
    for (std::int64_t e = 0; e < n * d; ++e) {  // first, so that no number is overwritten
      const std::int64_t i = index(e / d, e % d);
      for (std::int64_t w : {wrapped_signed(i), wrapped_unsigned(i)})
        if (w != i) matrix()[w] = nan, ++decoys_;
    }
    for (std::int64_t e = 0; e < n * d; ++e)
      matrix()[index(e / d, e % d)] = dense[static_cast<std::size_t>(e)];
  }
  const std::string& reason() const { return space_.reason(); }
  Element* matrix() const { return static_cast<Element*>(space_.data()) + two_31; }
  std::int64_t stride() const { return stride_; }
  std::int64_t index(std::int64_t row, std::int64_t k) const { return row * stride_ + k; }
  std::int64_t decoys() const { return decoys_; }
  /// Row by row and element by element, as an index function finds it.
  std::vector<Element> gathered(std::int64_t (*place)(std::int64_t)) const {
    std::vector<Element> found;
    for (std::int64_t e = 0; e < n_ * d_; ++e)
      found.push_back(matrix()[place(index(e / d_, e % d_))]);
    return found;
  }

 private:
  std::int64_t n_, d_, stride_, decoys_ = 0;
  Reserved space_;
};

/// One implementation, both operations.
struct Implementation {
  std::string name;
  std::function<void(const InfoNceArguments&)> forward;
  std::function<void(const InfoNceBackwardArguments&)> backward;
};

/// What the kernels for the whole family are told of one of the two forms.
template <class Family>
Family as_family(const InfoNceInputs& q) {
  Family f;
  f.setting.directions = q.form == InfoNceForm::joint_block ? FamilySetting::Directions::joint_block
                                                            : FamilySetting::Directions::one;
  f.a = q.a, f.b = q.b, f.input = q.input;
  f.n = q.n, f.d = q.d, f.a_stride = q.a_stride, f.b_stride = q.b_stride;
  f.parameter = q.temperature;
  return f;
}
void family_forward(const InfoNceArguments& q) {
  FamilyArguments f = as_family<FamilyArguments>(q);
  f.row_loss = q.row_loss, f.loss = q.loss;
  info_nce_family_forward_emulated(f, "greedy");
}
void family_backward(const InfoNceBackwardArguments& q) {
  FamilyBackwardArguments f = as_family<FamilyBackwardArguments>(q);
  f.grad_row_loss = q.grad_row_loss, f.grad_row_loss_stride = q.grad_row_loss_stride;
  f.grad_loss = q.grad_loss;
  f.grad_a = q.grad_a, f.grad_b = q.grad_b, f.grad_parameter = q.grad_temperature;
  info_nce_family_backward_emulated(f, "greedy");
}

std::vector<Implementation> implementations(bool narrow) {
  std::vector<Implementation> all = {
      {"emulated", [](const InfoNceArguments& q) { info_nce_forward_emulated(q, "greedy"); },
       [](const InfoNceBackwardArguments& q) { info_nce_backward_emulated(q, "greedy"); }},
      {"family", family_forward, family_backward}};
  if (narrow) {
    all.push_back({"emulated tensor cores",
                   [](const InfoNceArguments& q) { info_nce_forward_tensor_emulated(q, "greedy"); },
                   [](const InfoNceBackwardArguments& q) {
                     info_nce_backward_tensor_emulated(q, "greedy");
                   }});
    return all;
  }
  for (const char* isa : {"", "generic"})
    all.push_back(
        {std::string("cpu ") + isa,
         [isa](const InfoNceArguments& q) { info_nce_cpu(&q, nullptr, 2, isa); },
         [isa](const InfoNceBackwardArguments& q) { info_nce_cpu(nullptr, &q, 2, isa); }});
  return all;
}

/// Runs both operations with the embeddings at other places than `input` has them.
struct Results {
  Output forward;
  Gradient backward;
};
Results run(const Implementation& f, const Input& input, const UpstreamGradient& upstream,
            const std::function<void(InfoNceInputs&)>& place) {
  return {run_between_sentinels(input,
                                [&](InfoNceArguments q) {
                                  place(q);
                                  f.forward(q);
                                }),
          gradient_between_sentinels(input, upstream, [&](InfoNceBackwardArguments q) {
            place(q);
            f.backward(q);
          })};
}

/// The same matrices dense and far apart give the same bits; found by a 32-bit index they do not.
template <class Element>
void check(const Input& input, const std::vector<Element>& a, const std::vector<Element>& b,
           Dtype dtype, Element nan, std::int64_t a_stride, std::int64_t b_stride) {
  const std::int64_t n = input.descriptor.n, d = input.descriptor.d;
  const Sparse<Element> far_a(a, n, d, a_stride, nan), far_b(b, n, d, b_stride, nan);
  for (const std::string& reason : {far_a.reason(), far_b.reason()})
    if (!reason.empty()) GTEST_SKIP() << "no address space for the test: mmap says " << reason;
  EXPECT_GE(far_a.decoys() + far_b.decoys(), d);
  ASSERT_EQ(std::memcmp(far_a.gathered([](std::int64_t i) { return i; }).data(), a.data(),
                        a.size() * sizeof(Element)),
            0);

  const UpstreamGradient upstream = make_upstream(input, UpstreamKind::both);
  const auto at = [&](const Element* p, const Element* q, std::int64_t ps, std::int64_t qs) {
    return [=](InfoNceInputs& inputs) {
      inputs.a = p, inputs.b = q, inputs.a_stride = ps, inputs.b_stride = qs, inputs.input = dtype;
    };
  };
  for (const Implementation& f : implementations(dtype == Dtype::bf16)) {
    SCOPED_TRACE(f.name);
    const Results dense = run(f, input, upstream, at(a.data(), b.data(), d, d));
    ASSERT_TRUE(std::isfinite(dense.forward.loss));
    const Results sparse =
        run(f, input, upstream, at(far_a.matrix(), far_b.matrix(), far_a.stride(), far_b.stride()));
    EXPECT_TRUE(same_bits(dense.forward, sparse.forward));
    EXPECT_TRUE(same_bits(dense.backward, sparse.backward));
    for (auto place : {wrapped_signed, wrapped_unsigned}) {
      const std::vector<Element> wrong_a = far_a.gathered(place), wrong_b = far_b.gathered(place);
      if (std::memcmp(wrong_a.data(), a.data(), a.size() * sizeof(Element)) == 0 &&
          std::memcmp(wrong_b.data(), b.data(), b.size() * sizeof(Element)) == 0)
        continue;  // an unsigned index reaches 2^32
      const Results wrong = run(f, input, upstream, at(wrong_a.data(), wrong_b.data(), d, d));
      EXPECT_FALSE(same_bits(dense.forward, wrong.forward));
      EXPECT_FALSE(same_bits(dense.backward, wrong.backward));
      EXPECT_TRUE(std::isnan(wrong.forward.loss));
    }
  }
}

/// Strides such that the last row, or the last two, begin beyond 2^31, or beyond 2^32 elements.
struct Strides {
  std::int64_t n, a, b;
};
const Strides strides[] = {
    {3, two_31 / 2 + 5, 3},           // row 2 of a alone, just beyond 2^31
    {3, 4, two_31 / 2 + 1},           // of b alone
    {5, two_31 / 4 + 7, two_31 / 3},  // both, different
    {3, two_32 / 2 + 9, two_31 + 1},  // beyond 2^32: an unsigned index wraps, too
};

TEST(SparseRows, Binary32BeyondTwoToThe31) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's shadow has no room for such an address space";
  for (const Strides& s : strides)
    for (InfoNceForm form : {InfoNceForm::one_direction, InfoNceForm::joint_block}) {
      const Input input = make_input({s.n, 3, form, 11});
      check<float>(input, input.a, input.b, Dtype::f32, std::nanf(""), s.a, s.b);
    }
}

TEST(SparseRows, Bfloat16BeyondTwoToThe31) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's shadow has no room for such an address space";
  for (const Strides& s : strides)
    for (InfoNceForm form : {InfoNceForm::one_direction, InfoNceForm::joint_block}) {
      Narrow x = make_narrow({s.n, 3, form, 11}, Dtype::bf16, 110);
      // make_narrow leaves room between the rows.
      std::vector<std::uint16_t> a, b;
      for (std::int64_t e = 0; e < s.n * 3; ++e) {
        a.push_back(x.a[static_cast<std::size_t>(e / 3 * x.wide.stride + e % 3)]);
        b.push_back(x.b[static_cast<std::size_t>(e / 3 * x.wide.stride + e % 3)]);
      }
      check<std::uint16_t>(x.wide, a, b, Dtype::bf16, 0x7fc0, s.a, s.b);
    }
}

TEST(SparseRows, MaskBeyondTwoToThe32) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's shadow has no room for such an address space";
  const std::int64_t n = 3, stride = two_32 / 2 + 1;
  const Reserved space(static_cast<std::size_t>(2 * stride + n));
  if (!space.reason().empty()) GTEST_SKIP() << "no address space: " << space.reason();
  const Input input = make_input({n, 3, InfoNceForm::one_direction, 11});
  // Row 2 begins two elements after 2^32: in row 0 for an unsigned index of 32 bits.
  const std::vector<std::uint8_t> dense = {1, 0, 0, 0, 1, 1, 0, 1, 1};
  auto* const sparse = static_cast<std::uint8_t*>(space.data());
  for (std::int64_t i = 0; i < n; ++i)
    std::memcpy(sparse + i * stride, &dense[static_cast<std::size_t>(i * n)], n);
  for (const auto directions : {FamilySetting::Directions::one, FamilySetting::Directions::sum}) {
    std::vector<float> losses;
    for (const bool far : {false, true}) {
      FamilyArguments f;
      f.setting.directions = directions;
      f.setting.positives = FamilySetting::Positives::mask;
      f.a = input.a.data(), f.b = input.b.data();
      f.n = n, f.d = f.a_stride = f.b_stride = 3;
      f.mask = far ? sparse : dense.data();
      f.mask_stride = far ? stride : n;
      float row_loss[6] = {}, loss = 0;
      f.row_loss = row_loss, f.loss = &loss;
      info_nce_family_forward_emulated(f, "greedy");
      losses.push_back(loss);
    }
    EXPECT_EQ(losses[0], losses[1]);
  }
}

}  // namespace
}  // namespace assay::kernels::testing
