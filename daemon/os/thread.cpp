#include "daemon/os/thread.h"

#include <chrono>
#include <csignal>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "daemon/os/os_error.h"

namespace sessync::os {
namespace {

constexpr std::chrono::seconds kPauseAfterException{1};

/// A new thread has the mask of the one that starts it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

void live(const std::string& name, Duty duty, const std::function<void()>& body) {
  ::pthread_setname_np(::pthread_self(), name.c_str());
  const std::string what = "thread " + name;
  const Pulse pulse(name, duty);
  while (!guarded(what, body)) {
    std::this_thread::sleep_for(kPauseAfterException);
  }
}

}  // namespace

std::thread start_thread(const std::string& name, Duty duty, std::function<void()> body) {
  const SignalsBlocked inherited_by_the_thread;
  try {
    return std::thread([name, duty, body = std::move(body)] { live(name, duty, body); });
  } catch (const std::system_error& error) {
    throw std::runtime_error("the thread " + name + " cannot be started (" +
                             error_text(error.code().value()) +
                             "): allow more threads (ulimit -u, TasksMax of the unit, the "
                             "container's limit of pids)");
  }
}

void lower_priority() {
  constexpr int kNicer = 10;
  // Of one thread only: on Linux 0 is the thread that calls.
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + kNicer);
}

ThreadGroup::ThreadGroup(const std::string& name, std::size_t count,
                         const std::function<void()>& body, std::function<void()> end)
    : end_(std::move(end)) {
  threads_.reserve(count);
  try {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = count == 1 ? "" : "-" + std::to_string(i);
      threads_.push_back(start_thread(name + number, Duty::kHelper, body));
    }
  } catch (...) {
    finish();
    throw;
  }
}

ThreadGroup::~ThreadGroup() { finish(); }

void ThreadGroup::finish() {
  end_();
  for (std::thread& thread : threads_) thread.join();
}

void log_exception(std::string_view what) noexcept {
  try {
    log(LogLevel::kError, std::string(what) + " met an error that nothing was prepared for: " +
                              current_exception_text() + "; everything else goes on");
  } catch (...) {  // NOLINT(bugprone-empty-catch): this was the last that could be said
  }
}

std::string current_exception_text() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& error) {
    return foreign_text(error.what());
  } catch (...) {
    return "an exception of no known type";
  }
}

}  // namespace sessync::os
