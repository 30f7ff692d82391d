#include "daemon/app/signals.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <unistd.h>

#include "daemon/config/options.h"
#include "daemon/os/thread.h"

namespace sessync::app {
namespace {

/// SIGUSR2 only wakes the waiting thread when it is to end.
constexpr int kWake = SIGUSR2;

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kWake}) {
    sigaddset(&set, signal);
  }
  if (::getpid() == 1) {
    sigaddset(&set, SIGCHLD);
  }
  return set;
}

}  // namespace

void hold_signals() {
  const auto set = handled();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void release_signals() {
  const auto set = handled();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Signals::finish() {
  if (thread_.joinable()) {
    done_ = true;
    pthread_kill(thread_.native_handle(), kWake);
    thread_.join();
  }
}

void Signals::handle(Handlers handlers) {
  thread_ = os::start_thread("signals", os::Duty::kHelper,
                             [this, handlers = std::move(handlers)] { wait(handlers); });
}

void Signals::wait(const Handlers& handlers) {
  const auto set = handled();
  while (!done_) {
    const auto turn = left();
    const timespec until{.tv_sec = turn.count() / 1'000,
                         .tv_nsec = turn.count() % 1'000 * 1'000'000};
    const int signal = sigtimedwait(&set, nullptr, &until);
    os::beat();
    if (deadline_ && *deadline_ <= os::Pulse::Clock::now()) {
      handlers.overdue();
    }
    if (signal > 0 && signal != kWake) {
      take(signal, handlers);
    }
  }
}

/// Of a turn of the wait.
std::chrono::milliseconds Signals::left() const {
  const auto turn = std::chrono::milliseconds(os::kLongestTurn);
  if (!deadline_) {
    return turn;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - os::Pulse::Clock::now());
  return std::clamp(left, std::chrono::milliseconds{0}, turn);
}

void Signals::take(int signal, const Handlers& handlers) {
  const std::lock_guard lock(calling_);
  if (signal == SIGCHLD) {
    if (handlers.child) handlers.child();
  } else if (signal == SIGHUP) {
    if (!forgotten_) handlers.reload();
  } else if (stopped_.exchange(true)) {
    std::_Exit(config::exit_code::kInterrupted);
  } else if (!forgotten_) {
    if (handlers.overdue) deadline_ = os::Pulse::Clock::now() + handlers.longest;
    handlers.stop();
  }
}

void Signals::forget() {
  const std::lock_guard lock(calling_);
  forgotten_ = true;
}

}  // namespace sessync::app
