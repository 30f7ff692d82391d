#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The environment of this process. Whoever may look at /proc/PID/environ, and every program that
/// is started, would find secrets there; so those are taken out of it and kept here.
namespace sessync::os {

/// Its value, taken or not; nothing if it is not set, or empty. Any thread.
std::optional<std::string> variable(const std::string& name);

/// The same for a secret. From now on only variable(), this and environment_of() know its value:
/// where it was, it is overwritten. A variable that others need (is_usual_variable(), and those of
/// sessync, systemd and the libraries) is left as it is, whatever a manifest calls it. Any thread.
std::optional<std::string> take_variable(const std::string& name);

/// Takes each, whatever it is called, and unsets it. Before the first thread starts.
void take_and_unset(const std::vector<std::string>& names);

/// The value stays, for libraries and children, but is not where the kernel shows it any more.
/// Before the first thread starts.
void hide_value(const std::string& name);

/// "NAME=value" of each variable whose name is wanted, taken ones included. Any thread.
std::vector<std::string> environment_of(const std::function<bool(const std::string& name)>& wanted);

/// What programs need that has nothing to do with sessync: PATH HOME USER LANG LC_* TZ TMPDIR
/// SSL_CERT_* and the proxies, in upper and lower case.
bool is_usual_variable(const std::string& name);

/// Whether the pattern, in which * and ? stand for others, names it.
bool names_variable(const std::string& pattern, const std::string& name);

/// Whether it is a name, or a pattern of names: letters, digits, _, * and ?.
bool is_variable_pattern(std::string_view text);

}  // namespace sessync::os
