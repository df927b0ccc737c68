// SPDX-License-Identifier: Apache-2.0
// Names of schedules, and the options of the calling host thread.
#include "kernels/emulator/options.hpp"

#include <charconv>
#include <stdexcept>

namespace simt {

Schedule parse_schedule(std::string_view text) {
  if (text == "fair") return {Order::fair};
  if (text == "greedy") return {Order::greedy};
  if (text == "greedy-reverse") return {Order::greedy_reverse};
  constexpr std::string_view random = "greedy-random:";
  if (text.substr(0, random.size()) == random) {
    std::uint64_t seed = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + random.size(), end, seed);
    if (error == std::errc{} && stop == end) return {Order::greedy_random, seed};
  }
  throw std::invalid_argument("schedule '" + std::string(text) +
                              "' is none of fair, greedy, greedy-reverse, greedy-random:SEED");
}

std::string to_string(Schedule schedule) {
  switch (schedule.order) {
    case Order::fair: return "fair";
    case Order::greedy: return "greedy";
    case Order::greedy_reverse: return "greedy-reverse";
    case Order::greedy_random: return "greedy-random:" + std::to_string(schedule.seed);
  }
  return "?";
}

Options& current_options() {
  thread_local Options options;
  return options;
}

}  // namespace simt
