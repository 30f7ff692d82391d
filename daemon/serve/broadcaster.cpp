#include "daemon/serve/broadcaster.h"

#include <algorithm>
#include <utility>

#include "daemon/os/thread.h"

namespace sessync::serve {

Broadcaster::Broadcaster(status::StatusBoard& board, Documents& documents,
                         std::function<void(http::Publication)> publish, Pace pace)
    : board_(board), documents_(documents), publish_(std::move(publish)), pace_(pace) {
  thread_ = os::start_thread("status-events", os::Duty::kHelper, [this] { run(); });
}

void Broadcaster::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  board_.close();
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Broadcaster::set_followers(std::size_t count) {
  const std::lock_guard lock(mutex_);
  followers_ = count;
  changed_.notify_all();
}

bool Broadcaster::await_followers(std::unique_lock<std::mutex>& lock) {
  while (
      !changed_.wait_for(lock, os::kLongestTurn, [this] { return stopping_ || followers_ > 0; })) {
    os::beat();
  }
  return !stopping_;
}

bool Broadcaster::pause(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, pace_.batch, [this] { return stopping_; });
  return !stopping_;
}

/// Or the time to say that all is still the same.
bool Broadcaster::await_news() {
  const auto until = os::Pulse::Clock::now() + pace_.heartbeat;
  for (auto left = until - os::Pulse::Clock::now(); left > left.zero();
       left = until - os::Pulse::Clock::now()) {
    const auto turn = std::min<os::Pulse::Clock::duration>(left, os::kLongestTurn);
    if (!board_.wait(told_, std::chrono::ceil<std::chrono::milliseconds>(turn))) {
      return false;
    }
    os::beat();
    if (board_.revision() > told_) {
      break;
    }
  }
  return true;
}

void Broadcaster::run() {
  os::lower_priority();
  std::unique_lock lock(mutex_);
  while (await_followers(lock)) {
    lock.unlock();
    if (!await_news()) {
      return;
    }
    tell();
    os::beat();
    lock.lock();
    if (!pause(lock)) {
      return;
    }
  }
}

void Broadcaster::tell() {
  static const auto heartbeat = std::make_shared<const std::string>(": still here\n\n");
  const auto changes = documents_.changes(told_);
  const bool is_news = changes.revision > told_;
  if (is_news && changes.text != nullptr) {
    publish_({changes.revision, changes.text});
  } else if (!is_news) {
    publish_({std::nullopt, heartbeat});
  }
  told_ = changes.revision;
}

}  // namespace sessync::serve
