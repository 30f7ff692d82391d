#include <sstream>

#include "daemon/cli/completion/completion.h"

namespace sessync::cli {
namespace {

constexpr auto kFishHead =
    R"sh(# Completes sessync's command lines in fish; made by "sessync completion fish".

# The sessions of the manifest that the command line names.
function __sessync_sessions
    set -l words (commandline -opc)
    set -l arguments
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -m --manifest
                set -l next (math $i + 1)
                set arguments -m $words[$next]
            case '--manifest=*'
                set arguments -m (string replace -- --manifest= '' $words[$i])
        end
    end
    $words[1] session-names $arguments 2>/dev/null
end

complete -c sessync -f
complete -c sessync -s h -l help -d 'Print help'
)sh";

std::string quoted_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string value_words(const config::OptionWords& option) {
  switch (option.value) {
    case config::OptionWords::Value::kFile:
      return " -r -F";
    case config::OptionWords::Value::kDirectory:
      return " -x -a '(__fish_complete_directories)'";
    case config::OptionWords::Value::kSession:
      return " -x -a '(__sessync_sessions)'";
    case config::OptionWords::Value::kOther:
      return " -x";
    case config::OptionWords::Value::kNone:
      return "";
    case config::OptionWords::Value::kChoice:
      break;
  }
  std::string words = " -x -a '";
  for (const auto& choice : option.choices) words.append(choice).append(" ");
  words.back() = '\'';
  return words;
}

void write_fish_command(const config::CommandWords& command, std::ostream& out) {
  const auto start = "complete -c sessync -n '__fish_seen_subcommand_from " + command.name + "'";
  for (const auto& option : command.options) {
    if (option.long_name == "help") continue;
    out << start;
    if (!option.short_name.empty()) out << " -s " << option.short_name;
    if (!option.long_name.empty()) out << " -l " << option.long_name;
    out << value_words(option) << " -d " << quoted_word(option.help) << "\n";
  }
  for (const auto& positional : command.positionals) {
    out << start << value_words(positional) << "\n";
  }
}

}  // namespace

std::string fish_completion(const std::vector<config::CommandWords>& commands) {
  std::ostringstream out;
  out << kFishHead;
  for (const auto& command : commands) {
    out << "complete -c sessync -n __fish_use_subcommand -a " << command.name << " -d "
        << quoted_word(command.help) << "\n";
  }
  for (const auto& command : commands) write_fish_command(command, out);
  return out.str();
}

}  // namespace sessync::cli
