#include <sstream>

#include "daemon/cli/completion/completion.h"

namespace sessync::cli {
namespace {

constexpr auto kZshHead = R"sh(#compdef sessync
# Completes sessync's command lines in zsh; made by "sessync completion zsh".

# The sessions of the manifest that the command line names.
_sessync_sessions() {
  local -a names args
  local i=${words[(I)(-m|--manifest|--manifest=*|-m?*)]}
  case ${words[i]} in
    -m|--manifest) args=(-m "${(Q)words[i+1]}") ;;
    --manifest=*) args=(-m "${(Q)words[i]#--manifest=}") ;;
    -m*) args=(-m "${(Q)words[i]#-m}") ;;
  esac
  names=(${(f)"$(${(Q)~sessync_program} session-names "${args[@]}" 2>/dev/null)"})
  compadd -- $names
}

_sessync() {
  local context state line sessync_program=$words[1]
  _arguments -C '(- *)'{-h,--help}'[Print help]' '(- *)--help-all[Help for every command]' \
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands
      commands=(
)sh";

/// `text` inside single quotes, with a backslash before each of `special`.
std::string escaped(const std::string& text, const std::string& special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) out += '\\';
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out;
}

std::string value_action(const config::OptionWords& option) {
  switch (option.value) {
    case config::OptionWords::Value::kFile:
      return ":file:_files";
    case config::OptionWords::Value::kDirectory:
      return ":directory:_files -/";
    case config::OptionWords::Value::kSession:
      return ":session:_sessync_sessions";
    case config::OptionWords::Value::kOther:
      return ":value: ";
    case config::OptionWords::Value::kNone:
      return "";
    case config::OptionWords::Value::kChoice:
      break;
  }
  std::string action = ":value:(";
  for (const auto& choice : option.choices) action.append(choice).append(" ");
  action.back() = ')';
  return action;
}

void write_option(const config::OptionWords& option, std::ostream& out) {
  const bool has_value = option.value != config::OptionWords::Value::kNone;
  const auto text = "[" + escaped(option.help, "[]:\\") + "]" + value_action(option) + "'";
  const auto spec = [&](const std::string& name, const std::string& excluded) {
    out << " \\\n        '" << (option.repeatable ? "*" : "(" + excluded + ")") << name << text;
  };
  const auto short_form = option.short_name.empty() ? "" : "-" + option.short_name;
  const auto long_form = option.long_name.empty() ? "" : "--" + option.long_name;
  const auto both = short_form + (short_form.empty() || long_form.empty() ? "" : " ") + long_form;
  if (!short_form.empty()) spec(short_form + (has_value ? "+" : ""), both);
  if (!long_form.empty()) spec(long_form + (has_value ? "=" : ""), both);
}

void write_zsh_command(const config::CommandWords& command, std::ostream& out) {
  out << "        " << command.name << ")\n          _arguments -S";
  for (const auto& option : command.options) write_option(option, out);
  for (const auto& positional : command.positionals) {
    out << " \\\n        '" << (positional.repeatable ? "*" : "1") << value_action(positional)
        << "'";
  }
  out << " ;;\n";
}

}  // namespace

std::string zsh_completion(const std::vector<config::CommandWords>& commands) {
  std::ostringstream out;
  out << kZshHead;
  for (const auto& command : commands) {
    out << "        '" << command.name << ":" << escaped(command.help, ":\\") << "'\n";
  }
  out << "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const auto& command : commands) write_zsh_command(command, out);
  out << "      esac ;;\n  esac\n}\n\n"
      << "if [[ $funcstack[1] == _sessync ]]; then\n  _sessync \"$@\"\n"
      << "else\n  compdef _sessync sessync\nfi\n";
  return out.str();
}

}  // namespace sessync::cli
