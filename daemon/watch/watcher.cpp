#include "daemon/watch/watcher.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/os/thread.h"
#include "daemon/os/unique_fd.h"
#include "daemon/watch/settler.h"
#include "daemon/watch/watch_set.h"

namespace sessync::watch {
namespace {

using Clock = std::chrono::steady_clock;

/// Large enough for thousands of events a read, so that the queue of the kernel stays short.
constexpr std::size_t kEventBytes = 256U << 10U;
/// Between two looks at what is wanted, where nobody can wake the thread up.
constexpr int kDeafMs = 100;
constexpr const char* kStillCrawling =
    "the directories of the workspace are still being gone through, which takes long: until that "
    "is done everything is looked at every few seconds";

int milliseconds_until(Clock::time_point when) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

class Watcher::Thread {
 public:
  Thread(OnChange on_change, const WatcherOptions& options)
      : on_change_(std::move(on_change)),
        options_(options),
        watches_(options.add_watch),
        settler_(options.settle, options.settle_cap) {
    publish();
    thread_ = os::start_thread("watch", os::Duty::kHelper, [this] { run(); });
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  ~Thread() {
    stop_ = true;
    wake();
    thread_.join();
  }

  void set_targets(std::vector<WatchTarget> targets) {
    if (std::this_thread::get_id() == thread_.get_id()) return apply(std::move(targets));
    std::unique_lock lock(mutex_);
    wanted_ = std::move(targets);
    const std::uint64_t mine = ++requested_;
    wake();
    const bool is_late = given_up_ > applied_;
    const auto patience = is_late ? std::chrono::milliseconds{0} : options_.patience;
    if (!applied_changed_.wait_for(lock, patience, [&] { return applied_ >= mine; })) {
      given_up_ = mine;
      degraded_reason_ = kStillCrawling;
    }
  }

  std::string degraded_reason() const {
    const std::lock_guard lock(mutex_);
    return degraded_reason_;
  }

  std::string quiet_reason() const {
    const std::lock_guard lock(mutex_);
    return quiet_reason_;
  }

  WatchStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    // Full means that it is awake already.
    static_cast<void>(::write(wake_.get(), &one, sizeof one) == sizeof one);
  }

  void run() {
    while (!stop_) {
      std::array<pollfd, 3> polled{{{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                                    {.fd = watches_.fd(), .events = POLLIN, .revents = 0},
                                    {.fd = mounts_.get(), .events = POLLPRI, .revents = 0}}};
      ::poll(polled.data(), polled.size(), timeout());
      os::beat();
      if (polled[0].revents != 0 || !wake_) take_targets();
      if (polled[1].revents != 0) drain();
      if ((polled[2].revents & (POLLERR | POLLPRI)) != 0) rescan_soon();
      if (is_due(rescan_at_) || is_due(retry_at_)) rescan();
      if (is_due(look_at_)) look();
      report();
    }
  }

  [[nodiscard]] int timeout() const {
    Clock::time_point next = Clock::now() + os::kLongestTurn;
    if (const auto due = settler_.due()) next = std::min(next, *due);
    for (const auto& other : {rescan_at_, retry_at_, look_at_}) {
      if (other) next = std::min(next, *other);
    }
    return wake_ ? milliseconds_until(next) : std::min(kDeafMs, milliseconds_until(next));
  }

  static bool is_due(const std::optional<Clock::time_point>& when) {
    return when && *when <= Clock::now();
  }

  void take_targets() {
    std::uint64_t count = 0;
    static_cast<void>(::read(wake_.get(), &count, sizeof count) == sizeof count);
    std::unique_lock lock(mutex_);
    if (applied_ == requested_) return;
    const std::uint64_t answered = requested_;
    std::vector<WatchTarget> targets = std::move(wanted_);
    lock.unlock();
    apply(std::move(targets));
    lock.lock();
    const bool was_awaited = given_up_ <= applied_;
    applied_ = answered;
    applied_changed_.notify_all();
    lock.unlock();
    if (was_awaited) return;
    for (const std::string& name : watches_.names()) settler_.note(name, Clock::now());
    publish();
  }

  void apply(std::vector<WatchTarget> targets) {
    watches_.set_targets(std::move(targets));
    settler_.retain([&](const std::string& name) { return watches_.names().contains(name); });
    publish();
  }

  void drain() {
    const ssize_t count = ::read(watches_.fd(), events_.data(), events_.size());
    if (count <= 0) return;
    const auto outcome = watches_.handle({events_.data(), static_cast<std::size_t>(count)});
    const auto now = Clock::now();
    for (const std::string& name : outcome.names) settler_.note(name, now);
    if (outcome.lost_events) rescan_soon();
    publish();
  }

  void rescan_soon() {
    const auto now = Clock::now();
    if (!rescan_at_) rescan_at_ = now + backoff_.next(now);
  }

  /// What happened before the watches stood again was no event, so everything is reported.
  void rescan() {
    rescan_at_.reset();
    retry_at_.reset();
    watches_.rescan();
    for (const std::string& name : watches_.names()) settler_.note(name, Clock::now());
    publish();
  }

  void look() {
    look_at_.reset();
    for (const std::string& name : watches_.look().names) settler_.note(name, Clock::now());
    publish();
  }

  /// What no event tells is looked at after a while, beginning anew with each change of what that
  /// is.
  void plan_ahead() {
    const auto now = Clock::now();
    const EventTrust trust = watches_.trust();
    const auto poll = trust == EventTrust::kNone ? options_.poll : options_.poll_layers;
    if (trust == EventTrust::kAll) {
      look_at_.reset();
    } else {
      look_at_ = std::min(look_at_.value_or(now + poll), now + poll);
    }
    if (degraded_reason_.empty()) {
      retry_at_.reset();
    } else if (!retry_at_) {
      retry_at_ = now + options_.retry_watches;
    }
  }

  void report() {
    const WatchChange change = settler_.take(Clock::now());
    if (!change.names.empty()) on_change_(change);
  }

  void publish() {
    const std::lock_guard lock(mutex_);
    statistics_ = watches_.statistics();
    degraded_reason_ = watches_.degraded_reason();
    quiet_reason_ = watches_.quiet_reason();
    plan_ahead();
  }

  OnChange on_change_;
  WatcherOptions options_;
  os::UniqueFd wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  // A mount over a watched directory is no inotify event.
  os::UniqueFd mounts_{::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)};
  std::vector<char> events_ = std::vector<char>(kEventBytes);
  WatchSet watches_;
  Settler settler_;
  RescanBackoff backoff_;
  std::optional<Clock::time_point> rescan_at_;
  std::optional<Clock::time_point> retry_at_;  // for watches that could not be had
  std::optional<Clock::time_point> look_at_;   // at filesystems that raise no events

  mutable std::mutex mutex_;
  std::condition_variable applied_changed_;
  std::vector<WatchTarget> wanted_;
  std::uint64_t requested_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t given_up_ = 0;  ///< the last request that nobody waits for any more
  WatchStatistics statistics_;
  std::string degraded_reason_;
  std::string quiet_reason_;

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Watcher::Watcher(OnChange on_change, const WatcherOptions& options)
    : thread_(std::make_unique<Thread>(std::move(on_change), options)) {}

Watcher::~Watcher() = default;

void Watcher::set_targets(std::vector<WatchTarget> targets) {
  thread_->set_targets(std::move(targets));
}

std::string Watcher::degraded_reason() const { return thread_->degraded_reason(); }

std::string Watcher::quiet_reason() const { return thread_->quiet_reason(); }

WatchStatistics Watcher::statistics() const { return thread_->statistics(); }

}  // namespace sessync::watch
