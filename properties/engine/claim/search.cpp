// SPDX-License-Identifier: Apache-2.0
// The search for an instance that decides a claim.
#include "properties/engine/claim/search.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>

#include "properties/engine/claim/ascent.hpp"
#include "properties/engine/claim/simplify.hpp"

namespace assay::engine {
namespace {

constexpr double noise = 0x1p-38;  // of a margin in doubles, relative to the sides
/// Added to the size of the sides, not its least value: where the right side is 0, the margin
/// divided by the size alone would be 1 everywhere, and an ascent blind.
constexpr double least_size = 0x1p-20;
constexpr double clear_enough = 0x1p-6;  // an ascent need not go on beyond so large a violation
constexpr std::int64_t fewest_points = 16, shortest_ascent = 40;
constexpr std::int64_t filtered_per_evaluation = 64;  // cases are that much cheaper, or more
constexpr int outside_per_attempt = 8;
constexpr int exact_attempts = 8;  // per shape, of points that doubles put on the wrong side

/// One point in doubles. `slack` is negative where it would decide the claim.
struct Point {
  std::vector<double> theta;
  double slack = std::numeric_limits<double>::infinity();
};

class ShapeSearch {
 public:
  ShapeSearch(const Claim& claim, const Shape& shape, const SearchOptions& options,
              std::int64_t evaluations, SearchResult& result)
      : claim_(claim),
        shape_(shape),
        options_(options),
        budget_(evaluations),
        chart_(claim.domain, shape),
        random_(options.seed, claim.id + "#" + shape.text(), options.round),
        result_(result) {}

  /// True if the instance decides the claim; it is kept then.
  bool kept(const Instance& exact, const std::string& path) {
    attempt(exact, path);
    return found_;
  }

  /// True if a find was made.
  bool run() {
    ++account().shapes;
    if (options_.round == 0 || chart_.dimension() == 0) specials();
    if (chart_.dimension() == 0 && !found_)
      attempt(Instance{shape_, {}, Arithmetic::plain()}, "shape " + shape_.text());
    if (chart_.dimension() > 0 && !done()) points();
    if (chart_.dimension() > 0 && !done()) ascents();
    return found_;
  }

 private:
  SearchAccount& account() { return result_.account; }
  bool done() const { return (found_ && options_.stop_at_first) || options_.cancelled(); }
  bool seeks_violation() const { return claim_.quantifier == Quantifier::every; }

  std::optional<TrialReport> decides(const Instance& exact) {
    ++account().trials;
    TrialReport report = try_instance(claim_, exact);
    if (report.sign == Sign::holds) ++account().held;
    if (report.sign == Sign::open) ++account().open;
    if (report.sign == Sign::outside) ++account().outside;
    if (report.sign == Sign::failed) failed(report.why);
    const Sign wanted = seeks_violation() ? Sign::violated : Sign::holds;
    if (report.sign != wanted) return std::nullopt;
    return report;
  }

  void failed(const std::string& why) {
    if (account().failed++ == 0) account().first_failure = why;
  }

  double slack(const std::vector<double>& theta) {
    ++account().evaluations;
    try {
      const Sides s = claim_.evaluate(chart_.at(theta));
      const double l = std::abs(s.left.approximate()), r = std::abs(s.right.approximate());
      const double margin =
          margin_of(claim_.relation, s).approximate() / (std::max(l, r) + least_size);
      if (std::isnan(margin)) {
        failed("the margin is no number");
        return std::numeric_limits<double>::infinity();
      }
      return seeks_violation() ? margin : -margin;
    } catch (const std::exception& error) {
      failed(error.what());
      return std::numeric_limits<double>::infinity();
    }
  }

  void keep(Find find, const std::string& path) {
    const Decides again = [this](const Instance& i) -> std::optional<TrialReport> {
      if (options_.cancelled()) return std::nullopt;  // as simple as it is by now
      return decides(i);
    };
    find.path = path;
    found_ = true;
    Find clear = simplified(chart_, find, 0.5, again);
    add_to_front(result_.front, simplified(chart_, clear, 0, again));
    add_to_front(result_.front, std::move(clear));
  }

  void attempt(const Instance& exact, const std::string& path) {
    if (auto report = decides(exact)) keep({exact, std::move(*report), path}, path);
  }

  void specials() {
    for (const Domain::Special& special : claim_.domain.specials) {
      std::vector<Instance> instances;
      try {
        instances = special.make(shape_);
      } catch (const std::exception& error) {
        failed(error.what());
      }
      for (const Instance& i : instances) {
        if (done()) return;
        attempt(i, "special " + special.name);
        if (chart_.dimension() > 0 && !found_) consider({chart_.coordinates(i), 0}, true);
      }
    }
  }

  /// Keeps the best points as starts of ascents, and tries those that look decisive.
  void consider(Point point, bool start) {
    point.slack = slack(point.theta);
    if (point.slack < account().closest || account().closest_at.empty()) {
      account().closest = point.slack;
      account().closest_at = shape_.text();
    }
    const bool strict = claim_.relation == Relation::greater || claim_.relation == Relation::less;
    if (point.slack < (strict ? noise : -noise)) candidate(point, "point");
    if (start || starts_.size() < 4 || point.slack < starts_.back().slack) {
      starts_.push_back(std::move(point));
      std::stable_sort(starts_.begin(), starts_.end(),
                       [](const Point& a, const Point& b) { return a.slack < b.slack; });
      if (starts_.size() > 6) starts_.pop_back();
    }
  }

  void candidate(const Point& point, const char* how) {
    if (attempts_ >= exact_attempts * outside_per_attempt || (found_ && options_.stop_at_first))
      return;
    const std::int64_t trials = account().trials, outside = account().outside;
    // A grid point that doubles put clearly on the right side is not worth a trial.
    const Decides cheap_first = [this](const Instance& i) -> std::optional<TrialReport> {
      if (slack(chart_.coordinates(i)) > 16 * noise) return std::nullopt;
      return decides(i);
    };
    if (auto find = made_exact(chart_, chart_.at(point.theta), cheap_first))
      return keep(std::move(*find), std::string(how) + " of " + shape_.text());
    // A point that breaks a hypothesis on every grid costs less than one that was evaluated.
    const bool nowhere_inside = account().trials - trials == account().outside - outside;
    attempts_ += nowhere_inside ? 1 : outside_per_attempt;
  }

  void points() {
    const std::int64_t count = std::max<std::int64_t>(budget_ / 2, fewest_points);
    for (std::int64_t n = 0; n < count && !done(); ++n) {
      ++account().points;
      consider({n % 5 < 3 ? chart_.structured(random_) : chart_.random(random_), 0}, false);
    }
  }

  void ascents() {
    const std::vector<Point> starts = starts_;
    attempts_ = std::min(attempts_, exact_attempts * outside_per_attempt / 2);
    const std::int64_t each =
        std::max(shortest_ascent, budget_ / (2 * static_cast<std::int64_t>(starts.size() + 1)));
    const std::int64_t count =
        std::clamp<std::int64_t>(budget_ / (2 * each), 1, static_cast<std::int64_t>(starts.size()));
    for (std::int64_t n = 0; n < count && !done(); ++n) {
      ++account().ascents;
      const auto value = [this](const std::vector<double>& theta) { return slack(theta); };
      const Descent d = descend(value, starts[static_cast<std::size_t>(n)].theta, each,
                                -clear_enough, options_.cancelled);
      Point reached{d.at, d.value};
      if (d.value < account().closest) account().closest = d.value;
      if (d.value < noise) candidate(reached, "ascent");
    }
  }

  const Claim& claim_;
  const Shape& shape_;
  const SearchOptions& options_;
  std::int64_t budget_;
  Chart chart_;
  Random random_;
  SearchResult& result_;
  std::vector<Point> starts_;
  int attempts_ = 0;
  bool found_ = false;
};

/// The claim's fast cases. True if one of them decides the claim.
bool filter(const Claim& claim, const SearchOptions& options, SearchResult& result) {
  if (!claim.filter) return false;
  const Filtered filtered =
      claim.filter(options.seed, options.round, filtered_per_evaluation * options.evaluations);
  result.account.filtered += filtered.cases;
  bool found = false;
  for (const Instance& i : filtered.worth) {
    if (options.cancelled() || (found && options.stop_at_first)) break;
    found = ShapeSearch(claim, i.shape, options, 0, result).kept(i, "filter") || found;
  }
  return found;
}

}  // namespace

void SearchAccount::add(const SearchAccount& o) {
  if (closest_at.empty() || (!o.closest_at.empty() && o.closest < closest))
    closest = o.closest, closest_at = o.closest_at;
  if (first_failure.empty()) first_failure = o.first_failure;
  evaluations += o.evaluations, filtered += o.filtered, points += o.points, ascents += o.ascents,
      trials += o.trials;
  held += o.held, open += o.open, failed += o.failed, outside += o.outside, shapes += o.shapes;
}

void add_to_front(std::vector<Find>& front, Find find) {
  const auto beats = [](const Find& a, const Find& b) {
    return a.instance.complexity() <= b.instance.complexity() &&
           clarity(a.trial) >= clarity(b.trial);
  };
  for (const Find& f : front)
    if (beats(f, find)) return;
  std::erase_if(front, [&](const Find& f) { return beats(find, f); });
  front.push_back(std::move(find));
}

const Find& smallest(const std::vector<Find>& front) {
  return *std::min_element(front.begin(), front.end(), [](const Find& a, const Find& b) {
    return a.instance.complexity() < b.instance.complexity();
  });
}

const Find& clearest(const std::vector<Find>& front) {
  return *std::max_element(front.begin(), front.end(), [](const Find& a, const Find& b) {
    return clarity(a.trial) < clarity(b.trial);
  });
}

SearchResult search(const Claim& claim, const SearchOptions& options) {
  SearchResult result;
  for (const Instance& i : options.start) {
    ++result.account.trials;
    TrialReport report = try_instance(claim, i);
    const Sign wanted = claim.quantifier == Quantifier::every ? Sign::violated : Sign::holds;
    if (report.sign == wanted) add_to_front(result.front, {i, std::move(report), "kept"});
  }
  if (filter(claim, options, result) && options.stop_at_first) return result;
  const auto shapes = static_cast<std::int64_t>(claim.domain.shapes.size());
  for (const Shape& shape : claim.domain.shapes) {
    if (options.cancelled()) break;
    const bool found =
        ShapeSearch(claim, shape, options, options.evaluations / shapes, result).run();
    if (found && options.stop_at_first) break;
  }
  return result;
}

}  // namespace assay::engine
