// SPDX-License-Identifier: Apache-2.0
// The wiring, right and wrong.
#include "properties/contract/estimate/pipeline.hpp"

#include <algorithm>
#include <string>

namespace assay::contract {
namespace {

namespace sampling = kernels::sampling;
using Fault = PipelineFault;

/// Calls of the stream that belong to one case: the first for everything, the others for rows whose
/// rejection has to be drawn again.
constexpr std::uint64_t rounds = 64;

class Pipeline {
 public:
  Pipeline(const BuiltinCase& c, const PipelineBackend& backend, Fault fault)
      : c_(c),
        backend_(backend),
        fault_(fault),
        points_(c.input("points").as<const float>()),
        labels_(c.input("labels").as<const std::int32_t>()),
        stream_(c.input("stream").as<const std::uint64_t>()),
        count_(c.input("points").shape.at(0)),
        dimension_(c.input("points").shape.at(1)),
        draws_(static_cast<std::int64_t>(c.scalar("draws"))),
        k_(static_cast<std::int64_t>(c.scalar("k"))) {}

  void run(float* row_loss) {
    draw_pairs();
    draw_negatives();
    leak();
    kernels::TupleArguments a{points_, count_, dimension_, pairs_.data(), negatives_.data(),
                              draws_,  k_,     loss(),     row_loss};
    std::vector<std::int64_t> fewer;
    if (fault_ == Fault::last_negative_lost) {
      a.k = k_ - 1;
      for (std::int64_t i = 0; i < draws_ * k_; ++i)
        if (i % k_ != k_ - 1) fewer.push_back(negatives_[static_cast<std::size_t>(i)]);
      a.negatives = fewer.data();
    }
    backend_.loss(a);
  }

 private:
  float scalar(const char* name) const { return static_cast<float>(c_.scalar(name)); }
  std::int64_t anchor(std::int64_t i) const { return pairs_[static_cast<std::size_t>(2 * i)]; }
  std::int64_t& positive(std::int64_t i) { return pairs_[static_cast<std::size_t>(2 * i + 1)]; }

  sampling::WordSource words(std::uint64_t round) const {
    sampling::WordSource w;
    w.seed = stream_[0];
    w.call = stream_[1] * rounds + round;
    return w;
  }

  void draw_pairs() {
    sampling::Request r;
    r.method = sampling::Method::anchor_positive;
    r.population.rows = 1;
    r.population.columns = count_;
    const std::vector<std::int32_t> one_class(static_cast<std::size_t>(count_), 0);
    const bool any = fault_ == Fault::positives_of_all_classes;
    r.population.column_labels = any ? one_class.data() : labels_;
    r.k = draws_;
    r.words = words(0);
    pairs_.resize(static_cast<std::size_t>(2 * draws_));
    if (fault_ == Fault::anchors_by_class)
      sample_planted(r, sampling::Fault::anchor_by_class, pairs_.data());
    else
      backend_.sample(r, pairs_.data());
    for (std::int64_t i = 0; fault_ == Fault::anchor_as_positive && i < draws_; ++i)
      positive(i) = anchor(i);
  }

  // The row of the population that draws the negatives of tuple i.
  std::int64_t row_of(std::int64_t i) {
    return fault_ == Fault::tilt_by_positive ? positive(i) : anchor(i);
  }

  // One row per point: its weights are formed once for all tuples whose anchor it is.
  void fill_population(sampling::Population& p) {
    const bool supervised = c_.option("law") == "hscl";
    const bool labelled =
        supervised ? fault_ != Fault::own_class_leaks : fault_ == Fault::own_class_left_out;
    shifted_.assign(points_, points_ + count_ * dimension_);
    std::rotate(shifted_.begin(), shifted_.begin() + dimension_, shifted_.end());
    p.rows = p.columns = count_;
    p.dimension = dimension_;
    p.x = fault_ == Fault::weights_of_next_anchor ? shifted_.data() : points_;
    p.y = fault_ == Fault::weights_shifted ? shifted_.data() : points_;
    p.row_labels = p.column_labels = labelled ? labels_ : nullptr;
    p.inv_tau = fault_ == Fault::temperature_forgotten_in_tilt ? 1 : scalar("inv_tau");
  }

  void set_tilt(sampling::Request& r) const {
    sampling::Population& p = r.population;
    const std::string& tilt = c_.option("tilt");
    r.k = k_;
    r.method = sampling::Method::inverse_cdf;
    p.power = static_cast<int>(c_.scalar("power"));
    p.beta = scalar("beta");
    const bool twice = fault_ == Fault::tilt_twice;
    if (twice) p.power *= 2;
    if (twice) p.beta *= 2;
    if (tilt == "exponential") {
      p.tilt = sampling::Tilt::exponential;
    } else if (tilt == "polynomial") {
      p.tilt = sampling::Tilt::polynomial;
    } else if (tilt != "uniform") {
      r.method = sampling::Method::rejection;
      r.joint = tilt == "sum_plus_one" ? sampling::JointTilt::sum_plus_one
                                       : sampling::JointTilt::max_plus_one;
      r.proposals = static_cast<std::int64_t>(c_.scalar("proposals"));
      if (twice) p.inv_tau *= 2;
    }
    if (fault_ == Fault::hardest_negative) {
      r.method = sampling::Method::inverse_cdf;
      p.tilt = sampling::Tilt::exponential;
      p.beta = 0x1p20F;
    }
    if (fault_ == Fault::beta_ignored) {
      r.method = sampling::Method::inverse_cdf;
      p.tilt = sampling::Tilt::uniform;
    }
  }

  void draw_negatives() {
    sampling::Request r;
    fill_population(r.population);
    set_tilt(r);
    r.words = words(0);
    negatives_.resize(static_cast<std::size_t>(draws_ * k_));
    r.method == sampling::Method::rejection ? draw_jointly(r) : draw_independently(r);
  }

  // Trials with replacement: the j-th tuple of a row has the trials j k to j k + k - 1.
  void draw_independently(sampling::Request& r) {
    std::vector<std::int64_t> tuples(static_cast<std::size_t>(count_), 0), number;
    for (std::int64_t i = 0; i < draws_; ++i)
      number.push_back(tuples[static_cast<std::size_t>(row_of(i))]++);
    r.k = k_ * *std::max_element(tuples.begin(), tuples.end());
    std::vector<std::int64_t> drawn(static_cast<std::size_t>(count_ * r.k));
    backend_.sample(r, drawn.data());
    for (std::int64_t i = 0; i < draws_; ++i)
      std::copy_n(drawn.begin() + row_of(i) * r.k + number[static_cast<std::size_t>(i)] * k_, k_,
                  negatives_.begin() + i * k_);
  }

  // One tuple per row of a population of all anchors. A row of -1 is no draw: the same anchor draws
  // again, so that its law is the conditional one.
  void draw_jointly(sampling::Request& r) {
    std::vector<float> x;
    std::vector<std::int32_t> row_labels;
    for (std::int64_t i = 0; i < draws_; ++i) {
      const float* const z = r.population.x + row_of(i) * dimension_;
      x.insert(x.end(), z, z + dimension_);
      row_labels.push_back(labels_[anchor(i)]);
    }
    r.population.rows = draws_;
    r.population.x = x.data();
    if (r.population.row_labels != nullptr) r.population.row_labels = row_labels.data();
    std::vector<std::int64_t> again(negatives_.size());
    std::fill(negatives_.begin(), negatives_.end(), -1);
    for (std::uint64_t round = 0; missing(); ++round) {
      if (round == rounds)
        throw Unsupported("a rejection accepted nothing in " + std::to_string(rounds) + " calls");
      r.words = words(round);
      if (fault_ == Fault::first_proposal_accepted)
        sample_planted(r, sampling::Fault::first_proposal_accepted, again.data());
      else
        backend_.sample(r, again.data());
      for (std::size_t i = 0; i < negatives_.size(); ++i)
        if (negatives_[i] < 0) negatives_[i] = again[i];
    }
  }
  bool missing() const {
    return std::find(negatives_.begin(), negatives_.end(), -1) != negatives_.end();
  }

  void leak() {
    for (std::int64_t i = 0; i < draws_; ++i) {
      std::int64_t* const mine = negatives_.data() + i * k_;
      if (fault_ == Fault::positive_leaks) mine[0] = positive(i);
      if (fault_ == Fault::anchor_leaks) mine[0] = anchor(i);
      if (fault_ == Fault::one_negative_repeated) std::fill_n(mine, k_, mine[0]);
    }
  }

  kernels::GeneralizedLoss loss() const {
    kernels::GeneralizedLoss l;
    const std::string &psi = c_.option("psi"), &over = c_.option("over");
    if (psi == "info-nce")
      l.psi = kernels::GeneralizedLoss::Psi::info_nce;
    else if (psi == "hinge")
      l.psi = kernels::GeneralizedLoss::Psi::hinge;
    else if (psi == "softplus")
      l.psi = kernels::GeneralizedLoss::Psi::softplus;
    else if (psi == "linear")
      l.psi = kernels::GeneralizedLoss::Psi::linear;
    else
      throw Unsupported("psi = '" + psi + "'");
    bool mean = over == "mean";
    if (fault_ == Fault::sum_for_mean || fault_ == Fault::mean_for_sum) mean = !mean;
    l.over = mean ? kernels::GeneralizedLoss::Over::mean : kernels::GeneralizedLoss::Over::sum;
    l.alpha = fault_ == Fault::constant_forgotten ? 0 : scalar("alpha");
    l.margin = scalar("margin") * (fault_ == Fault::margin_doubled ? 2 : 1);
    l.inv_tau = fault_ == Fault::temperature_forgotten_in_loss ? 1 : scalar("inv_tau");
    if (fault_ == Fault::temperature_twice_in_loss) l.inv_tau *= l.inv_tau;
    return l;
  }

  const BuiltinCase& c_;
  const PipelineBackend& backend_;
  Fault fault_;
  const float* points_;
  const std::int32_t* labels_;
  const std::uint64_t* stream_;
  std::int64_t count_, dimension_, draws_, k_;
  std::vector<std::int64_t> pairs_, negatives_;
  std::vector<float> shifted_;
};

}  // namespace

const std::vector<PipelineFaultEntry>& pipeline_faults() {
#define ASSAY_PIPELINE_FAULT_ENTRY(name, operators, description) \
  {PipelineFault::name, #name, operators, description},
  static const std::vector<PipelineFaultEntry> all = {
      ASSAY_PIPELINE_FAULTS(ASSAY_PIPELINE_FAULT_ENTRY)};
#undef ASSAY_PIPELINE_FAULT_ENTRY
  return all;
}

bool fault_applies(PipelineFault fault, const EstimateProblem& p) {
  const bool scaled = p.tilt == "exponential";  // elsewhere tau = 1
  switch (fault) {
    case Fault::own_class_leaks: return p.supervised;
    case Fault::own_class_left_out: return !p.supervised;
    case Fault::temperature_forgotten_in_tilt:
    case Fault::temperature_forgotten_in_loss:
    case Fault::temperature_twice_in_loss: return scaled;
    // The mean of sums of terms does not see how the negatives hang together.
    case Fault::one_negative_repeated: return p.psi == "info-nce";
    case Fault::first_proposal_accepted: return p.is_joint();
    case Fault::hardest_negative:
    case Fault::beta_ignored: return !p.is_joint();
    case Fault::sum_for_mean: return p.over == "mean";
    case Fault::mean_for_sum: return p.over == "sum";
    case Fault::constant_forgotten: return p.psi == "info-nce";
    case Fault::margin_doubled: return p.psi == "hinge";
    case Fault::last_negative_lost: return p.over == "sum";
    default: return true;
  }
}

void run_pipeline(const BuiltinCase& c, const PipelineBackend& backend, PipelineFault fault) {
  const PlacedTensor* const out = c.output("row_loss");
  if (out == nullptr) throw Unsupported("only row_loss is computed");
  Pipeline(c, backend, fault).run(out->as<float>());
}

}  // namespace assay::contract
