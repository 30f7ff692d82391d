#include "daemon/cli/completion/completion.h"

#include <map>
#include <sstream>

namespace sessync::cli {
namespace {

constexpr auto kBashHead =
    R"sh(# Completes sessync's command lines in bash; made by "sessync completion bash".

# A word as typed, without the quoting that file names usually need.
_sessync_plain() {
  local word=${1//\\/}
  printf '%s' "${word/#\~\//$HOME/}"
}

# The sessions of the manifest that the command line names.
_sessync_sessions() {
  local i args=()
  for ((i = 1; i < COMP_CWORD - 1; i++)); do
    if [[ ${COMP_WORDS[i]} == -m || ${COMP_WORDS[i]} == --manifest ]]; then
      [[ ${COMP_WORDS[i + 1]} == = ]] && i=$((i + 1))
      args=(-m "$(_sessync_plain "${COMP_WORDS[i + 1]}")")
    fi
  done
  "$(_sessync_plain "${COMP_WORDS[0]}")" session-names "${args[@]}" 2>/dev/null
}

_sessync_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$(_sessync_plain "$2")")
}

_sessync() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' options='' i
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} != -* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
)sh";

constexpr auto kBashTail = R"sh(  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sessync sessync
)sh";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> spellings(const config::OptionWords& option) {
  std::vector<std::string> names;
  if (!option.short_name.empty()) names.push_back("-" + option.short_name);
  if (!option.long_name.empty()) names.push_back("--" + option.long_name);
  return names;
}

/// The shell's commands that complete the value of `option`.
std::string value_commands(const config::OptionWords& option) {
  switch (option.value) {
    case config::OptionWords::Value::kFile:
      return "_sessync_files -f \"$cur\"; return";
    case config::OptionWords::Value::kDirectory:
      return "_sessync_files -d \"$cur\"; return";
    case config::OptionWords::Value::kSession:
      return "words=$(_sessync_sessions)";
    case config::OptionWords::Value::kChoice:
      return "words='" + joined(option.choices) + "'";
    case config::OptionWords::Value::kNone:
    case config::OptionWords::Value::kOther:
      break;
  }
  return "return";
}

/// An option means the same in every command, so its value is completed by its name alone.
void write_values(const std::vector<config::CommandWords>& commands, std::ostream& out) {
  std::map<std::string, std::string> cases;
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (option.value == config::OptionWords::Value::kNone) continue;
      for (const auto& name : spellings(option)) cases.emplace(name, value_commands(option));
    }
  }
  out << "  case $command:$prev in\n    :*) options=yes ;;\n";
  for (const auto& [name, action] : cases) out << "    *:" << name << ") " << action << " ;;\n";
  out << "    *) options=yes ;;\n  esac\n";
}

void write_options(const config::CommandWords& command, std::ostream& out) {
  std::vector<std::string> names;
  for (const auto& option : command.options) {
    for (auto& name : spellings(option)) names.push_back(std::move(name));
  }
  if (!command.positionals.empty()) {
    out << "      " << command.name << ":[!-]* | " << command.name << ":) "
        << value_commands(command.positionals.front()) << " ;;\n";
  }
  out << "      " << command.name << ":*) words='" << joined(names) << "' ;;\n";
}

}  // namespace

std::string bash_completion(const std::vector<config::CommandWords>& commands) {
  std::ostringstream out;
  out << kBashHead;
  write_values(commands, out);
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& command : commands) names.push_back(command.name);
  out << "  if [[ -n $options ]]; then\n    case $command:$cur in\n"
      << "      :-*) words='-h --help --help-all' ;;\n"
      << "      :*) words='" << joined(names) << "' ;;\n";
  for (const auto& command : commands) write_options(command, out);
  out << "    esac\n  fi\n" << kBashTail;
  return out.str();
}

std::string completion_script(const std::string& shell,
                              const std::vector<config::CommandWords>& commands) {
  if (shell == "zsh") return zsh_completion(commands);
  if (shell == "fish") return fish_completion(commands);
  return bash_completion(commands);
}

}  // namespace sessync::cli
