#include "manifest/parse/yaml/scalar_type.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace sessync::manifest {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";

bool is_one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

bool is_bool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords = {"true",  "True",  "TRUE",
                                                      "false", "False", "FALSE"};
  return is_one_of(text, kWords);
}

bool is_integer(std::string_view text) {
  if (text.starts_with("0x")) return consists_of(text.substr(2), "0123456789abcdefABCDEF");
  if (text.starts_with("0o")) return consists_of(text.substr(2), "01234567");
  return consists_of(without_sign(text), kDecimalDigits);
}

/// ".5", "1.", "1.5", without an exponent.
bool is_decimal(std::string_view text) {
  const auto point = text.find('.');
  if (point == text.npos) return consists_of(text, kDecimalDigits);
  const auto whole = text.substr(0, point);
  const auto fraction = text.substr(point + 1);
  if (whole.empty()) return consists_of(fraction, kDecimalDigits);
  return consists_of(whole, kDecimalDigits) &&
         (fraction.empty() || consists_of(fraction, kDecimalDigits));
}

bool is_float(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNotNumbers = {".nan", ".NaN", ".NAN"};
  constexpr std::array<std::string_view, 3> kInfinities = {".inf", ".Inf", ".INF"};
  if (is_one_of(text, kNotNumbers)) return true;
  text = without_sign(text);
  if (is_one_of(text, kInfinities)) return true;
  const auto exponent = text.find_first_of("eE");
  if (exponent == text.npos) return is_decimal(text);
  return is_decimal(text.substr(0, exponent)) &&
         consists_of(without_sign(text.substr(exponent + 1)), kDecimalDigits);
}

}  // namespace

ScalarType scalar_type(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kQuoted) return ScalarType::kText;
  if (is_bool(node.text)) return ScalarType::kBool;
  if (is_integer(node.text)) return ScalarType::kInteger;
  if (is_float(node.text)) return ScalarType::kFloat;
  return ScalarType::kText;
}

}  // namespace sessync::manifest
