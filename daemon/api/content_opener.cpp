#include "daemon/api/content_opener.h"

#include <utility>

namespace sessync {

ContentOpener::ContentOpener(ContentSource& source, std::function<void()> wake)
    : source_(source), wake_(std::move(wake)) {}

ContentOpener::~ContentOpener() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void ContentOpener::open(std::uint64_t id, ContentRef content) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({id, std::move(content)});
  }
  changed_.notify_one();
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
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
  if (thread_.joinable()) source_.stop_packing();
}

bool ContentOpener::next(Waiting& waiting) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
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
