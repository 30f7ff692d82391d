#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/daemon_ask.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/status_view.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/thread.h"

namespace sessync {
namespace {

/// A terminal that shows the newest status: drawn anew at most ten times a second, and once a
/// second because times grow old.
class Screen {
 public:
  explicit Screen(FollowedStatus& status) : status_(status) {
    thread_ = start_thread("screen", Duty::kHelper, [this] { run(); });
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// False: nobody can see it any more.
  bool take(const std::string& kind, const std::string& data) {
    const std::lock_guard lock(mutex_);
    status_.take(kind, data);
    return !over_;
  }

 private:
  void run() {
    constexpr std::chrono::milliseconds kPace{500};
    std::unique_lock lock(mutex_);
    while (!over_) {
      if (!print("\x1b[H\x1b[2J" + status_.table(now_anchored()))) {
        over_ = true;
      }
      changed_.wait_for(lock, kPace, [this] { return over_; });
    }
  }

  FollowedStatus& status_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

using Followed = tl::expected<void, std::string>;

Followed follow_on_screen(const DaemonClient& client, const Settings& settings) {
  FollowedStatus status(settings.options.sessions);
  Screen screen(status);
  return client.follow(
      [&](const std::string& kind, const std::string& data) { return screen.take(kind, data); });
}

Followed follow_in_lines(const DaemonClient& client, const Settings& settings) {
  FollowedStatus status(settings.options.sessions);
  return client.follow([&](const std::string& kind, const std::string& data) {
    return print(settings.options.json ? R"({"event":")" + kind + R"(","data":)" + data + "}\n"
                                       : status.take(kind, data));
  });
}

int follow(const DaemonClient& client, const Settings& settings) {
  const bool on_screen = !settings.options.json && ::isatty(STDOUT_FILENO) != 0;
  const auto followed =
      on_screen ? follow_on_screen(client, settings) : follow_in_lines(client, settings);
  return followed ? exit_code::kOk : tell_failure(settings.options, followed.error());
}

int show(const DaemonClient& client, const Settings& settings) {
  const auto answer = client.get("/api/v1/status");
  if (!answer) {
    return tell_failure(settings.options, answer.error());
  }
  if (answer->status != 200) {
    return tell_failure(settings.options, error_of(*answer));
  }
  print(settings.options.json
            ? answer->body
            : status_table(answer->body, {now_anchored(), settings.options.sessions}));
  return exit_code::kOk;
}

}  // namespace

int status_command(const Settings& settings) {
  const auto client = find_daemon(settings);
  if (!client) {
    return tell_failure(settings.options, client.error());
  }
  try {
    return settings.options.watch ? follow(*client, settings) : show(*client, settings);
  } catch (const std::runtime_error& error) {
    return tell_failure(settings.options, foreign_text(error.what()));
  }
}

}  // namespace sessync
