#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/os/pulse.h"

namespace sessync::os {

/// Starts a thread that lives as long as the process: it has a name (15 characters at most) and a
/// pulse, and takes no signals (they belong to the main thread; and a write to a closed TLS
/// connection raises SIGPIPE). What `body` throws is logged, and `body` begins again after a
/// second; its return ends the thread.
///
/// All of them start when the process does: later there may be none to have. Throws
/// std::runtime_error with words for the operator if this one cannot be had.
std::thread start_thread(const std::string& name, Duty duty, std::function<void()> body);

/// Gives way to everything else that this process does, for the calling thread.
void lower_priority();

/// One thread or a few with the same body, from construction to destruction. To be the last member
/// of its owner: the body uses the rest.
class ThreadGroup {
 public:
  /// They are called `name`, or with more than one `name`-0 and so on. `end` makes every body
  /// return, those that begin later too. Throws as start_thread does, once those that were started
  /// have ended.
  ThreadGroup(const std::string& name, std::size_t count, const std::function<void()>& body,
              std::function<void()> end);
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;
  ~ThreadGroup();

 private:
  void finish();

  std::function<void()> end_;
  std::vector<std::thread> threads_;
};

/// Logs what is being thrown, and `what` it was thrown by. Only in a catch block. Throws nothing:
/// when there is no memory for words, there are none.
void log_exception(std::string_view what) noexcept;

/// What is being thrown, in words. Only in a catch block.
std::string current_exception_text();

/// Runs one piece of a thread's work. What it throws is logged, together with `what` it was, and
/// ends this piece and nothing else: false. Needs no memory of its own.
template <class Work>
bool guarded(std::string_view what, const Work& work) noexcept {
  try {
    work();
    return true;
  } catch (...) {
    log_exception(what);
    return false;
  }
}

}  // namespace sessync::os
