// Loaded into sessync with LD_PRELOAD: lets one thread stand still, and threads run out.
//
//   THREAD_CONTROL=FILE  of 64 bytes, read again and again:
//       the first 32     the name of a thread, or its beginning and "*": for as long as this stands
//                        here it stands still in its next wait, without a lock
//       the 33rd, if '1' no new thread can be had
//       the 34th         written: '1' once a thread stands still, '0' when one goes on
//
// It takes the place of C functions, so their signatures and its means are those of C.
// NOLINTBEGIN(*-avoid-c-arrays)
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/real_function.h"

namespace {

struct Control {
  char stuck[32];
  char no_threads;
  char standing;
};

volatile Control* map_control() {
  static Control none{};  // NOLINT(misc-const-correctness): written by way of what is returned
  const char* const file = std::getenv("THREAD_CONTROL");  // NOLINT(concurrency-mt-unsafe)
  const int fd = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
  void* const mapped =
      fd < 0 ? MAP_FAILED : ::mmap(nullptr, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0) {
    ::close(fd);
  }
  return mapped == MAP_FAILED ? &none : static_cast<volatile Control*>(mapped);
}

volatile Control& control() {
  static volatile Control* const mapped = map_control();
  return *mapped;
}

bool is_meant() {
  if (control().stuck[0] == '\0') {
    return false;
  }
  char name[16] = {};
  ::prctl(PR_GET_NAME, name);
  char wanted[32] = {};
  for (std::size_t i = 0; i + 1 < sizeof wanted; ++i) {
    wanted[i] = control().stuck[i];
  }
  const std::size_t length = std::strlen(wanted);
  return wanted[length - 1] == '*' ? std::strncmp(name, wanted, length - 1) == 0
                                   : std::strcmp(name, wanted) == 0;
}

void stand_still_if_meant() {
  constexpr timespec kMoment{0, 10'000'000};
  if (!is_meant()) {
    return;
  }
  control().standing = '1';
  while (is_meant()) {
    ::nanosleep(&kMoment, nullptr);
  }
  control().standing = '0';
}

bool stood_still(pthread_mutex_t* mutex) {
  if (!is_meant()) {
    return false;
  }
  pthread_mutex_unlock(mutex);
  stand_still_if_meant();
  pthread_mutex_lock(mutex);
  return true;
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  REAL(pthread_create);
  return control().no_threads == '1' ? EAGAIN
                                     : real_pthread_create(thread, attributes, start, argument);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  REAL(pthread_cond_wait);
  if (stood_still(mutex)) {
    return 0;  // woken for no reason, as it may be
  }
  return real_pthread_cond_wait(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  REAL(pthread_cond_timedwait);
  if (stood_still(mutex)) {
    return 0;  // woken for no reason, as it may be
  }
  return real_pthread_cond_timedwait(condition, mutex, until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  REAL(pthread_cond_clockwait);
  if (stood_still(mutex)) {
    return 0;  // woken for no reason, as it may be
  }
  return real_pthread_cond_clockwait(condition, mutex, clock, until);
}

int poll(pollfd* files, nfds_t count, int timeout) {
  REAL(poll);
  stand_still_if_meant();
  return real_poll(files, count, timeout);
}

int epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  REAL(epoll_wait);
  stand_still_if_meant();
  return real_epoll_wait(epoll, events, most, timeout);
}

int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* timeout) {
  REAL(sigtimedwait);
  stand_still_if_meant();
  return real_sigtimedwait(set, info, timeout);
}

}  // extern "C"
// NOLINTEND(*-avoid-c-arrays)
