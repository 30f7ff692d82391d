#include "daemon/cli/signals.h"

#include <csignal>
#include <cstdlib>

#include <unistd.h>

#include "daemon/cli/options.h"

namespace sessync {
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
  thread_ = std::thread([this, handlers = std::move(handlers)] { wait(handlers); });
}

void Signals::wait(const Handlers& handlers) {
  const auto set = handled();
  while (!done_) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal == kWake) {
      continue;
    }
    if (signal == SIGCHLD) {
      if (handlers.child) handlers.child();
    } else if (signal == SIGHUP) {
      handlers.reload();
    } else if (stopped_.exchange(true)) {
      std::_Exit(exit_code::kInterrupted);
    } else {
      handlers.stop();
    }
  }
}

}  // namespace sessync
