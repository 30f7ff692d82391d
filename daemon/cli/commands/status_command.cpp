#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/daemon_ask.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/status_view.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"

namespace sessync::cli {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};
constexpr std::chrono::seconds kLongestPause{8};  ///< while nobody answers

/// The document, or that it is the `known` one still. The daemon is looked for each time: it may
/// have been restarted, at another address.
remote::DaemonClient::Result ask_for_status(const config::Settings& settings,
                                            const std::string& known) {
  const auto client = find_daemon(settings);
  if (!client) {
    return tl::unexpected(client.error());
  }
  auto answer = client->get("/api/v1/status", known);
  if (answer && answer->status != 200 && answer->status != 304) {
    return tl::unexpected(error_of(*answer));
  }
  return answer;
}

/// Shows the status as it goes on: on a terminal one table, drawn again and again because times
/// grow old, else what changed. Both return false when nobody can see it any more.
class Display {
 public:
  explicit Display(const config::Options& options)
      : json_(options.json),
        on_screen_(!options.json && ::isatty(STDOUT_FILENO) != 0),
        status_(options.sessions) {}

  /// `document`: "" if it is still the same.
  bool show(const std::string& document) {
    if (!missing_.empty() && !on_screen_) {
      os::log(os::LogLevel::kInfo, "the daemon answers again");
    }
    missing_.clear();
    std::string news;
    if (!document.empty()) {
      news = json_ ? events_.take(document) : status_.take(document);
    }
    return on_screen_ ? draw() : print(news);
  }

  /// Why nobody answers: said once.
  bool miss(const std::string& why) {
    if (missing_.empty() && !on_screen_) {
      os::log(os::LogLevel::kWarning, kAway, {{"error", why}});
    }
    missing_ = why;
    return !on_screen_ || draw();
  }

 private:
  static constexpr const char* kAway = "the daemon does not answer; waiting until it does";

  [[nodiscard]] bool draw() const {
    const auto note = missing_.empty() ? "" : std::string(kAway) + ": " + missing_ + "\n\n";
    return print("\x1b[H\x1b[2J" + note + status_.table(os::now_anchored()));
  }

  bool json_;
  bool on_screen_;
  FollowedStatus status_;
  StatusEvents events_;
  std::string missing_;  ///< why nobody answers; "": somebody does
};

/// Until it is interrupted, or what it says cannot be written, which close_output() tells.
int follow_status(const config::Settings& settings) {
  Display display(settings.options);
  std::string known;
  auto pause = kBetweenLooks;
  while (true) {
    const auto answer = ask_for_status(settings, known);
    if (!answer && known.empty()) {
      return tell_failure(settings.options, answer.error());
    }
    if (!(answer ? display.show(answer->body) : display.miss(answer.error()))) {
      return config::exit_code::kOk;
    }
    known = answer ? answer->tag : known;
    pause = answer ? kBetweenLooks : std::min(2 * pause, kLongestPause);
    std::this_thread::sleep_for(pause);
  }
}

int show_status(const config::Settings& settings) {
  const auto answer = ask_for_status(settings, {});
  if (!answer) {
    return tell_failure(settings.options, answer.error());
  }
  print(settings.options.json
            ? answer->body
            : status_table(answer->body, {os::now_anchored(), settings.options.sessions}));
  return config::exit_code::kOk;
}

}  // namespace

int status_command(const config::Settings& settings) {
  try {
    return settings.options.watch ? follow_status(settings) : show_status(settings);
  } catch (const std::runtime_error& error) {
    return tell_failure(settings.options, os::foreign_text(error.what()));
  }
}

}  // namespace sessync::cli
