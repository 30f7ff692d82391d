#include "daemon/api/send/content_opener.h"

#include <utility>

#include "daemon/os/thread.h"

namespace sessync {

ContentOpener::ContentOpener(ContentSource& source, std::function<void()> wake)
    : source_(source), wake_(std::move(wake)) {
  thread_ = start_thread("open", Duty::kHelper, [this] { loop(); });
}

ContentOpener::~ContentOpener() {
  stop();
  thread_.join();
}

void ContentOpener::open(std::uint64_t id, ContentRef content) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({id, std::move(content)});
  }
  changed_.notify_one();
}

std::vector<ContentOpener::Opened> ContentOpener::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(opened_, {});
}

void ContentOpener::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  changed_.notify_one();
  source_.stop_packing();
}

bool ContentOpener::next(Waiting& waiting) {
  std::unique_lock lock(mutex_);
  while (
      !changed_.wait_for(lock, kLongestTurn, [this] { return stopping_ || !waiting_.empty(); })) {
    beat();
  }
  if (stopping_) return false;
  waiting = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void ContentOpener::loop() {
  Waiting waiting;
  while (next(waiting)) {
    Opened opened{waiting.id, source_.open(waiting.content)};
    {
      const std::lock_guard lock(mutex_);
      opened_.push_back(std::move(opened));
    }
    wake_();
  }
}

}  // namespace sessync
