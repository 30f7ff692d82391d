// Loaded into sessync with LD_PRELOAD: lets time pass.
//
//   CLOCK_AHEAD=FILE  of 8 bytes, a number (little-endian) that is read again and again: by so many
//       seconds every clock is ahead
//
// libfaketime does as much for the clock on the wall. It does not know pthread_cond_clockwait, so
// that with a monotonic clock that is ahead no wait of C++ would end.
//
// It takes the place of C functions, so their signatures and its means are those of C.
// NOLINTBEGIN(*-avoid-c-arrays)
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/real_function.h"

namespace {

const volatile std::int64_t* map_seconds() {
  static const std::int64_t none = 0;
  const char* const file = std::getenv("CLOCK_AHEAD");  // NOLINT(concurrency-mt-unsafe)
  const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  void* const mapped =
      fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
  if (fd >= 0) {
    ::close(fd);
  }
  return mapped == MAP_FAILED ? &none : static_cast<const volatile std::int64_t*>(mapped);
}

std::int64_t seconds_ahead() {
  static const volatile std::int64_t* const mapped = map_seconds();
  return *mapped;
}

bool is_moved(clockid_t clock) {
  return clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID;
}

timespec in_the_kernel(const timespec* until) {
  timespec real = *until;
  real.tv_sec -= seconds_ahead();
  return real;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  REAL(clock_gettime);
  const int result = real_clock_gettime(clock, now);
  if (result == 0 && is_moved(clock)) {
    now->tv_sec += seconds_ahead();
  }
  return result;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) {
    *result = now.tv_sec;
  }
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  REAL(pthread_cond_timedwait);
  const timespec real_until = in_the_kernel(until);
  return real_pthread_cond_timedwait(condition, mutex, &real_until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  REAL(pthread_cond_clockwait);
  const timespec real_until = in_the_kernel(until);
  return real_pthread_cond_clockwait(condition, mutex, clock, &real_until);
}

}  // extern "C"
// NOLINTEND(*-avoid-c-arrays)
