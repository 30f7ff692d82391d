#pragma once

#include <string>
#include <vector>

namespace sessync::config {

/// The type names of options whose values a shell can complete.
namespace value_kind {
inline constexpr auto kFile = "FILE";
inline constexpr auto kDirectory = "DIR";
inline constexpr auto kSession = "SESSION";
}  // namespace value_kind

/// An option or a positional argument, as far as completing it goes.
struct OptionWords {
  enum class Value { kNone, kFile, kDirectory, kSession, kChoice, kOther };
  std::string short_name;  ///< "m"; "" if there is none, as of a positional argument
  std::string long_name;   ///< "manifest"; "" if there is none
  std::string help;
  Value value = Value::kNone;
  std::vector<std::string> choices;  ///< of kChoice, in order
  bool repeatable = false;
};

struct CommandWords {
  std::string name;
  std::string help;
  std::vector<OptionWords> options;
  std::vector<OptionWords> positionals;
};

/// An option as the parser has it.
struct ParsedOption {
  std::string short_name;
  std::string long_name;
  std::string help;
  std::string type;     ///< such as "FILE" or "TEXT:{text,json}"
  int most_values = 0;  ///< that it takes
};

OptionWords words_of(const ParsedOption& option);

}  // namespace sessync::config
