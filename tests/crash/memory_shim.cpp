// Loaded into sessync with LD_PRELOAD: lets one request for memory of C++ fail.
//
//   MEMORY_FAULT=N   the N-th one of the main thread, which works on the first session, counted
//                    from the first thread that is started: what is before has nothing to lose
//   MEMORY_IN_COMMIT=1  only those count that are made while a commit is under way
//   MEMORY_LOG=FILE  gets a line when it ends: how many there were
//
// It takes the place of C functions, so their signatures and its means are those of C; and it must
// not ask for memory itself.
// NOLINTBEGIN(*-avoid-c-arrays,*-no-malloc,*-owning-memory)
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <pthread.h>
#include <unistd.h>

#include "tests/lib/real_function.h"

namespace {

std::atomic<bool> begun{false};
std::atomic<int> commits{0};
std::uint64_t count = 0;  // of one thread only

const char* variable(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

std::uint64_t number_that_fails() {
  const char* const text = variable("MEMORY_FAULT");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

bool fails() {
  static const std::uint64_t wanted = number_that_fails();
  static const bool always = variable("MEMORY_IN_COMMIT") == nullptr;
  return begun && (always || commits > 0) && ::gettid() == ::getpid() && ++count == wanted;
}

[[gnu::destructor]] void say_how_many() {
  const char* const file = variable("MEMORY_LOG");
  std::FILE* const log = file == nullptr ? nullptr : std::fopen(file, "we");
  if (log != nullptr) {
    std::fprintf(log, "%llu\n", static_cast<unsigned long long>(count));
    std::fclose(log);
  }
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

/// A disk as slow as they are: who gives up a pass gives up commits that are under way.
extern "C" int fdatasync(int file) {
  REAL(fdatasync);
  constexpr useconds_t kSlow = 20'000;
  ++commits;
  ::usleep(kSlow);
  const int result = real_fdatasync(file);
  --commits;
  return result;
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) noexcept {
  REAL(pthread_create);
  begun = true;
  return real_pthread_create(thread, attributes, start, argument);
}
// NOLINTEND(*-avoid-c-arrays,*-no-malloc,*-owning-memory)
