#pragma once

#include <string>
#include <vector>

#include "daemon/config/settings.h"

namespace sessync::app {

/// What this process has given up for good: system calls that it has no use for (seccomp), and
/// every file but those that it works with (Landlock), as they are when it starts.
class Sandbox {
 public:
  /// Before the first thread is started. What could not be given up, and why, is logged, and is no
  /// error: the kernel may have nothing of the kind. Makes the directories that rules are needed
  /// for: state, and outputs where the manifest has some. In builds with a sanitizer, which looks
  /// around as a debugger does, nothing is given up.
  static Sandbox enter(const config::Settings& settings);

  /// What is closed to the process although its user may open it, because something else has taken
  /// the place of what was there at the start, and what to do; "": nothing is. `writes_outputs`:
  /// the manifest in force has outputs, so that a directory for them is made. Any thread.
  [[nodiscard]] std::string kept_out(bool writes_outputs) const;

 private:
  Sandbox() = default;

  std::vector<std::string> confined_to_;  ///< what is read; empty: every file can be opened
  std::string outputs_dir_;
};

}  // namespace sessync::app
