#include "daemon/os/log_writer.h"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "daemon/os/pulse.h"

namespace sessync::os {
namespace {

/// False: it cannot be written, and never will be.
bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      // Somebody who shares the descriptor made it so that it does not wait.
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct LogWriter::State {
  State(int to, Options with) : fd(to), options(std::move(with)) {}

  void run();
  void write_next(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool has_work() const { return !waiting.empty() || lost_untold > 0; }

  const int fd;
  const Options options;
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable idle;
  std::deque<std::string> waiting;
  std::size_t bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_untold = 0;
  bool writing = false;
  bool over = false;
};

void LogWriter::State::run() {
  const Pulse pulse("log", Duty::kHelper);
  std::unique_lock lock(mutex);
  while (!over || has_work()) {
    if (!has_work()) {
      work.wait_for(lock, kLongestTurn);
      beat();
      continue;
    }
    writing = true;
    write_next(lock);
    writing = false;
    if (!has_work()) {
      idle.notify_all();
    }
  }
}

/// The lines that were lost came after those that wait.
void LogWriter::State::write_next(std::unique_lock<std::mutex>& lock) {
  std::string text;
  const bool tells_loss = waiting.empty();
  const auto told = lost_untold;
  if (tells_loss) {
    lost_untold = 0;
    text = options.lost_line(told);
  } else {
    text = std::move(waiting.front());
    waiting.pop_front();
    bytes -= text.size();
  }
  lock.unlock();
  busy_with("writing to standard error, which nobody may be reading");
  const bool written = write_whole(fd, text);
  busy_with("");
  lock.lock();
  // A loss that cannot be told is not told again at once: that would never end.
  lost += written || tells_loss ? 0 : 1;
}

LogWriter::LogWriter(int fd, Options options)
    : state_(std::make_shared<State>(fd, std::move(options))) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread([state = state_] { state->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread.native_handle(), "log");
  thread.detach();
}

LogWriter::~LogWriter() {
  const std::lock_guard lock(state_->mutex);
  state_->over = true;
  state_->work.notify_all();
}

void LogWriter::write(std::string line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->bytes + line.size() > state_->options.most_bytes) {
    ++state_->lost;
    ++state_->lost_untold;
    return;
  }
  if (state_->lost_untold > 0) {
    auto told = state_->options.lost_line(std::exchange(state_->lost_untold, 0));
    state_->bytes += told.size();
    state_->waiting.push_back(std::move(told));
  }
  state_->bytes += line.size();
  state_->waiting.push_back(std::move(line));
  state_->work.notify_one();
}

bool LogWriter::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->idle.wait_for(lock, limit,
                               [this] { return !state_->has_work() && !state_->writing; });
}

std::uint64_t LogWriter::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost;
}

}  // namespace sessync::os
