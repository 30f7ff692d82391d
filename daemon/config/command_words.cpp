#include "daemon/config/command_words.h"

#include <sstream>

namespace sessync::config {
namespace {

/// The values in a type name such as "TEXT:{text,json}".
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string choice; std::getline(list, choice, ',');) {
    choices.push_back(choice);
  }
  return choices;
}

OptionWords::Value value_of(const ParsedOption& option, const OptionWords& words) {
  if (option.most_values == 0) return OptionWords::Value::kNone;
  if (!words.choices.empty()) return OptionWords::Value::kChoice;
  if (option.type.starts_with(value_kind::kFile)) return OptionWords::Value::kFile;
  if (option.type.starts_with(value_kind::kDirectory)) return OptionWords::Value::kDirectory;
  if (option.type.starts_with(value_kind::kSession)) return OptionWords::Value::kSession;
  return OptionWords::Value::kOther;
}

}  // namespace

OptionWords words_of(const ParsedOption& option) {
  OptionWords words;
  words.short_name = option.short_name;
  words.long_name = option.long_name;
  words.help = option.help;
  words.choices = choices_in(option.type);
  words.value = value_of(option, words);
  words.repeatable = option.most_values > 1;
  return words;
}

}  // namespace sessync::config
