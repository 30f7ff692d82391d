#include "daemon/status/broadcaster.h"

#include <utility>

#include "daemon/status/work_lane.h"

namespace sessync {

Broadcaster::Broadcaster(StatusBoard& board, Documents& documents,
                         std::function<void(Publication)> publish, Pace pace)
    : board_(board), documents_(documents), publish_(std::move(publish)), pace_(pace) {}

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
  if (count > 0 && !thread_.joinable() && !stopping_) {
    thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

bool Broadcaster::await_followers(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return stopping_ || followers_ > 0; });
  return !stopping_;
}

bool Broadcaster::pause(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, pace_.batch, [this] { return stopping_; });
  return !stopping_;
}

void Broadcaster::run() {
  lower_priority("status-events");
  std::unique_lock lock(mutex_);
  while (await_followers(lock)) {
    lock.unlock();
    if (!board_.wait(told_, pace_.heartbeat)) {
      return;
    }
    tell();
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

}  // namespace sessync
