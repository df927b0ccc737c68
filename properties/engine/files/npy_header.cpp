// SPDX-License-Identifier: Apache-2.0
// The header of an .npy file: a Python dictionary of three entries.
//
// Why a parser of our own: cnpy, the one packaged C++ reader, looks for substrings at fixed
// distances ("descr" + 9), multiplies the extents without a check and reads as many bytes as the
// header claims, so that a malformed header ends in an assertion, an endless allocation or a read
// past the buffer. A file from outside has to end in one line that says what is wrong with it.
#include "properties/engine/files/npy_header.hpp"

#include <charconv>

#include "properties/engine/files/layout.hpp"
#include "properties/engine/files/text.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::engine {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& source, bool long_suffix)
      : text_(text), source_(source), long_suffix_(long_suffix) {}

  NpyHeader header() {
    bool have_descr = false, have_order = false, have_shape = false;
    NpyHeader header;
    expect('{', "a dictionary");
    while (!take('}')) {
      const std::size_t begin = at_;
      const std::string key = string_literal("a key in quotes");
      expect(':', "':' after a key");
      if (key == "descr") {
        once(have_descr, key, begin);
        header.descr = descriptor();
      } else if (key == "fortran_order") {
        once(have_order, key, begin);
        header.fortran_order = truth();
      } else if (key == "shape") {
        once(have_shape, key, begin);
        header.shape = tuple();
      } else {
        fail_at(begin, "unknown key " + in_quotes(key));
      }
      if (!take(',') && peek() != '}') fail("expected ',' or '}'");
    }
    skip_space();
    if (at_ != text_.size()) fail("expected nothing after the dictionary");
    if (!have_descr) fail("the key 'descr' is missing");
    if (!have_order) fail("the key 'fortran_order' is missing");
    if (!have_shape) fail("the key 'shape' is missing");
    return header;
  }

 private:
  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const {
    throw InputError(source_, "header: byte " + std::to_string(at), what);
  }
  [[noreturn]] void fail(const std::string& what) const {
    fail_at(at_, at_ < text_.size() ? what + ", found " + in_quotes(text_.substr(at_, 1))
                                    : what + ", found the end");
  }
  void once(bool& have, const std::string& key, std::size_t at) const {
    if (have) fail_at(at, "the key " + in_quotes(key) + " occurs twice");
    have = true;
  }

  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_digit(char c) { return '0' <= c && c <= '9'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  // The next character that is no white space; NUL at the end (a NUL in the text matches nothing).
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c, const char* what) {
    if (!take(c)) fail(std::string("expected ") + what);
  }

  std::string string_literal(const char* what) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(std::string("expected ") + what);
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' || text_[at_] == '\n') fail("expected a string without escapes");
      ++at_;
    }
    if (at_ == text_.size()) fail_at(begin - 1, "the string does not end");
    return std::string(text_.substr(begin, at_++ - begin));
  }

  std::string descriptor() {
    if (peek() == '[' || peek() == '(')
      fail("structured arrays are not supported: expected a descriptor in quotes");
    return string_literal("a descriptor in quotes");
  }

  bool truth() {
    peek();
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true}, std::pair{std::string_view("False"), false}})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    fail("expected True or False");
  }

  std::int64_t extent() {
    if (!is_digit(peek())) fail("expected an extent, a whole number from 0 on");
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (digits.size() > 1 && digits.front() == '0')
      fail_at(begin, "a number does not begin with 0");
    std::int64_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
      fail_at(begin, "the extent " + in_quotes(digits) + " is too large");
    if (long_suffix_ && at_ < text_.size() && text_[at_] == 'L') ++at_;
    return value;
  }

  // (), (3,), (3, 4), (3, 4,); like Python, "(3)" is a number and no tuple.
  std::vector<std::int64_t> tuple() {
    expect('(', "a tuple of extents");
    std::vector<std::int64_t> shape;
    bool comma = true;
    while (!take(')')) {
      if (!comma) fail("expected ',' or ')'");
      if (shape.size() == max_rank)
        fail("expected at most " + std::to_string(max_rank) + " extents");
      shape.push_back(extent());
      comma = take(',');
    }
    if (shape.size() == 1 && !comma) fail("expected ',' in a tuple of one extent");
    return shape;
  }

  std::string_view text_;
  const std::string& source_;
  bool long_suffix_;
  std::size_t at_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& source, bool long_suffix) {
  return Parser(text, source, long_suffix).header();
}

}  // namespace assay::engine
