// SPDX-License-Identifier: Apache-2.0
// The examples of docs/arithmetic.md: the code there is this code, the output there is its output.
#include <fstream>
#include <sstream>
#include <string>

#include "reference/arithmetic/ladder.hpp"
#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

std::string number_example() {
  std::ostringstream out;
  // [number]
  const Context<MpfiNumber> context(128);
  const MpfiNumber tenth = context.from_integer(1) / context.from_integer(10);
  const Interval loss = to_interval(log1p(exp(-tenth)));
  out << loss.to_string(20) << '\n' << loss.agreed_digits() << " digits agree\n";
  out << Interval::exactly(0.1).to_string(20) << '\n';
  // [number]
  return out.str();
}

std::string ladder_example() {
  std::ostringstream out;
  // [ladder]
  // Is e^(1/3) below the double nearest to it?
  const Evaluate root_of_e = [](Engine, int bits) {
    const Context<MpfiNumber> context(bits);
    return to_interval(exp(context.from_integer(1) / context.from_integer(3)));
  };
  const Interval nearest = Interval::exactly(1.3956124250860895);
  Ladder ladder;
  ladder.add_precisions(Engine::mpfi, root_of_e, 48, 512);
  const Account account = ladder.climb([&](const Interval& x) { return x.less(nearest); });
  for (const Step& step : account.steps)
    out << step.rung << ": " << step.enclosure->to_string(18) << '\n';
  out << (account.answer == Truth::yes ? "yes" : "no") << ", by " << account.decided_by() << '\n';
  // [ladder]
  return out.str();
}

std::string contents_of(const std::string& path) {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The lines of this file between two marks "// [name]", without their indentation of two.
std::string code_of(const std::string& name) {
  const std::string source = contents_of("tests/reference/arithmetic/documentation_test.cpp");
  const std::string mark = "  // [" + name + "]\n";
  const std::size_t start = source.find(mark) + mark.size();
  std::istringstream lines(source.substr(start, source.find(mark, start) - start));
  std::string code;
  for (std::string line; std::getline(lines, line);)
    code += (line.size() > 2 ? line.substr(2) : line) + "\n";
  return code;
}

void expect_documented(const std::string& name, const std::string& output) {
  const std::string page = contents_of("docs/arithmetic.md");
  EXPECT_NE(page.find("```cpp\n" + code_of(name) + "```\n"), std::string::npos) << code_of(name);
  EXPECT_NE(page.find("```\n" + output + "```\n"), std::string::npos) << output;
}

TEST(Documentation, TheExamplesOfTheArithmeticPageAreTheseAndPrintThis) {
  expect_documented("number", number_example());
  expect_documented("ladder", ladder_example());
}

}  // namespace
}  // namespace assay::reference
