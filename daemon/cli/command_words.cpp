#include "daemon/cli/command_words.h"

#include <sstream>

#include <CLI/CLI.hpp>

namespace sessync {
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

OptionWords::Value kind_of(const CLI::Option& option, const OptionWords& words) {
  const auto type = option.get_type_name();
  if (option.get_items_expected_max() == 0) return OptionWords::Value::kNone;
  if (!words.choices.empty()) return OptionWords::Value::kChoice;
  if (type.starts_with(value_kind::kFile)) return OptionWords::Value::kFile;
  if (type.starts_with(value_kind::kDirectory)) return OptionWords::Value::kDirectory;
  if (type.starts_with(value_kind::kSession)) return OptionWords::Value::kSession;
  return OptionWords::Value::kOther;
}

OptionWords words_of_option(const CLI::Option& option) {
  OptionWords words;
  if (!option.get_snames().empty()) words.short_name = option.get_snames().front();
  if (!option.get_lnames().empty()) words.long_name = option.get_lnames().front();
  words.help = option.get_description();
  words.choices = choices_in(option.get_type_name());
  words.value = kind_of(option, words);
  words.repeatable = option.get_items_expected_max() > 1;
  return words;
}

CommandWords words_of_command(const CLI::App& command) {
  CommandWords words{command.get_name(), command.get_description(), {}, {}};
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? words.positionals : words.options)
        .push_back(words_of_option(*option));
  }
  return words;
}

}  // namespace

std::vector<CommandWords> words_of(const CLI::App& app) {
  std::vector<CommandWords> commands;
  for (const auto* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) commands.push_back(words_of_command(*command));
  }
  return commands;
}

}  // namespace sessync
