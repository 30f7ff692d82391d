// Loaded into sessync with LD_PRELOAD: lets the N-th call of a kind go wrong.
//
//   CRASH_FAULT=ACTION:KIND:N[+]  at the N-th call of that kind (with "+": from then on)
//       ACTION  kill   the process dies before the call, as from kill -9
//               half   a write or send is cut in the middle, then the process dies
//               stop   the process stops, as from SIGSTOP, and makes the call when it is continued
//               count  nothing goes wrong
//               a name of errno (ENOSPC, EIO, EMFILE): the call fails
//       KIND    write fsync send rename unlink truncate make open socket watch; or
//               curl: every call of libcurl that sets a request up; or
//               change: every call that changes something outside of the process (all but open,
//               socket, watch and curl)
//   CRASH_DIRS=DIR[:DIR...]       files elsewhere do not count
//   CRASH_WHILE=FILE              calls count only while there is such a file
//   CRASH_LOG=FILE                gets a line for each call of the kind: its number, name and file
//
// The count is one of the whole process, whichever thread calls: strace counts for each thread
// alone, so that what a second thread does while a first one is ahead of it is never hit.
//
// It takes the place of C functions, so their signatures and its means are those of C.
// NOLINTBEGIN(*-avoid-c-arrays,readability-function-size,performance-no-int-to-ptr)
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/lib/real_function.h"

namespace {

enum Kind : unsigned {
  kWrite = 1,
  kFsync = 2,
  kSend = 4,
  kRename = 8,
  kUnlink = 16,
  kTruncate = 32,
  kMake = 64,  // of files and directories
  kOpen = 128,
  kSocket = 256,
  kWatch = 512,  // of inotify
  kCurl = 1024,
  kChange = 127,
};
enum class Action { kNone, kKill, kHalf, kStop, kError };

struct Fault {
  Action action = Action::kNone;
  int error = 0;
  unsigned kinds = kChange;
  std::uint64_t at = 0;
  bool onwards = false;
  std::string dirs;
  std::string while_there;
  int log = -1;
};

unsigned kinds_of(std::string_view name) {
  constexpr std::string_view kNames[] = {"write", "fsync", "send",   "rename", "unlink", "truncate",
                                         "make",  "open",  "socket", "watch",  "curl"};
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) {
      return 1U << i;
    }
  }
  return kChange;
}

void read_action(std::string_view name, Fault& fault) {
  fault.action = name == "kill"    ? Action::kKill
                 : name == "half"  ? Action::kHalf
                 : name == "stop"  ? Action::kStop
                 : name == "count" ? Action::kNone
                                   : Action::kError;
  fault.error = name == "ENOSPC" ? ENOSPC : name == "EMFILE" ? EMFILE : EIO;
}

const char* variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

Fault read_fault() {
  Fault fault;
  fault.dirs = variable("CRASH_DIRS");
  fault.while_there = variable("CRASH_WHILE");
  const std::string text = variable("CRASH_FAULT");
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  if (second != std::string::npos) {
    read_action(std::string_view(text).substr(0, first), fault);
    fault.kinds = kinds_of(std::string_view(text).substr(first + 1, second - first - 1));
    fault.at = std::strtoull(text.c_str() + second + 1, nullptr, 10);
    fault.onwards = text.back() == '+';
  }
  if (const std::string log = variable("CRASH_LOG"); !log.empty()) {
    fault.log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, log.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
  return fault;
}

const Fault& the_fault() {
  static const Fault fault = read_fault();
  return fault;
}

bool is_below(std::string_view path, std::string_view dirs) {
  while (!dirs.empty()) {
    const auto dir = dirs.substr(0, dirs.find(':'));
    if (path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/')) {
      return true;
    }
    dirs.remove_prefix(std::min(dirs.size(), dir.size() + 1));
  }
  return false;
}

/// What a descriptor is open for: a path, or "socket:[...]", "anon_inode:[eventfd]" and such.
std::string target_of(int file) {
  char link[32];
  char target[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link, target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

std::string path_at(int directory, const char* path) {
  if (path[0] == '/') {
    return path;
  }
  return (directory == AT_FDCWD ? target_of(-1) : target_of(directory)) + "/" + path;
}

void note(std::uint64_t number, const char* call, const std::string& target) {
  const std::string line = std::to_string(number) + " " + call + " " + target + "\n";
  ::syscall(SYS_write, the_fault().log, line.data(), line.size());
}

[[noreturn]] void die() {
  ::syscall(SYS_kill, ::getpid(), SIGKILL);
  while (true) {
    ::pause();
  }
}

/// Asked of the kernel: the C library's way may be one of those that fail.
bool is_on(const Fault& fault) {
  return fault.while_there.empty() ||
         ::syscall(SYS_faccessat, AT_FDCWD, fault.while_there.c_str(), F_OK) == 0;
}

/// What to do instead of a call.
Action action_at(unsigned kind, const char* call, const std::string& target) {
  static std::atomic<std::uint64_t> count{0};
  const Fault& fault = the_fault();
  const bool counts =
      (fault.kinds & kind) != 0 &&
      ((kind & (kSend | kSocket | kWatch | kCurl)) != 0 || is_below(target, fault.dirs));
  if (!counts || !is_on(fault)) {
    return Action::kNone;
  }
  const std::uint64_t number = ++count;
  if (fault.log >= 0) {
    note(number, call, target);
  }
  const bool hit = fault.onwards ? number >= fault.at : number == fault.at;
  return hit ? fault.action : Action::kNone;
}

/// True: the call fails, errno says how.
bool fails(unsigned kind, const char* call, const std::string& target) {
  const int kept = errno;
  switch (action_at(kind, call, target)) {
    case Action::kKill:
    case Action::kHalf:
      die();
    case Action::kStop:
      // Stops all of them, but this thread at once; another might take what is sent to the process.
      ::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGSTOP);
      break;
    case Action::kError:
      errno = the_fault().error;
      return true;
    case Action::kNone:
      break;
  }
  errno = kept;
  return false;
}

/// Like fails(), for a call that carries bytes; `half` makes the call with half of them.
template <class Half>
bool transfer_fails(int file, const char* call, const Half& half) {
  const std::string target = target_of(file);
  const unsigned kind = target.starts_with("socket:") ? kSend : kWrite;
  if (the_fault().action != Action::kHalf) {
    return fails(kind, call, target);
  }
  const int kept = errno;
  if (action_at(kind, call, target) == Action::kHalf) {
    half();
    die();
  }
  errno = kept;
  return false;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
  REAL(write);
  return transfer_fails(file, "write", [&] { real_write(file, data, size / 2); })
             ? -1
             : real_write(file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  REAL(pwrite);
  return transfer_fails(file, "pwrite64", [&] { real_pwrite(file, data, size / 2, at); })
             ? -1
             : real_pwrite(file, data, size, at);
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t at) {
  REAL(pwrite64);
  return transfer_fails(file, "pwrite64", [&] { real_pwrite64(file, data, size / 2, at); })
             ? -1
             : real_pwrite64(file, data, size, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
  REAL(writev);
  return transfer_fails(file, "writev", [&] { real_writev(file, parts, count / 2); })
             ? -1
             : real_writev(file, parts, count);
}

ssize_t send(int file, const void* data, size_t size, int flags) {
  REAL(send);
  return transfer_fails(file, "sendto", [&] { real_send(file, data, size / 2, flags); })
             ? -1
             : real_send(file, data, size, flags);
}

ssize_t sendto(int file, const void* data, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  REAL(sendto);
  return transfer_fails(file, "sendto",
                        [&] { real_sendto(file, data, size / 2, flags, to, length); })
             ? -1
             : real_sendto(file, data, size, flags, to, length);
}

ssize_t sendmsg(int file, const msghdr* message, int flags) {
  REAL(sendmsg);
  return fails(kSend, "sendmsg", target_of(file)) ? -1 : real_sendmsg(file, message, flags);
}

int fsync(int file) {
  REAL(fsync);
  return fails(kFsync, "fsync", target_of(file)) ? -1 : real_fsync(file);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return fails(kFsync, "fdatasync", target_of(file)) ? -1 : real_fdatasync(file);
}

int ftruncate(int file, off_t size) noexcept {
  REAL(ftruncate);
  return fails(kTruncate, "ftruncate", target_of(file)) ? -1 : real_ftruncate(file, size);
}

int ftruncate64(int file, off64_t size) noexcept {
  REAL(ftruncate64);
  return fails(kTruncate, "ftruncate", target_of(file)) ? -1 : real_ftruncate64(file, size);
}

int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  return fails(kRename, "rename", from) ? -1 : real_rename(from, to);
}

int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) noexcept {
  REAL(linkat);
  return fails(kRename, "linkat", path_at(to_dir, to))
             ? -1
             : real_linkat(from_dir, from, to_dir, to, flags);
}

int unlink(const char* path) noexcept {
  REAL(unlink);
  return fails(kUnlink, "unlink", path) ? -1 : real_unlink(path);
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  REAL(unlinkat);
  return fails(kUnlink, "unlinkat", path_at(directory, path))
             ? -1
             : real_unlinkat(directory, path, flags);
}

int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  return fails(kMake, "mkdir", path) ? -1 : real_mkdir(path, mode);
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  REAL(mkdirat);
  return fails(kMake, "mkdirat", path_at(directory, path)) ? -1
                                                           : real_mkdirat(directory, path, mode);
}

int socket(int domain, int type, int protocol) noexcept {
  REAL(socket);
  return fails(kSocket, "socket", "") ? -1 : real_socket(domain, type, protocol);
}

int inotify_add_watch(int instance, const char* path, uint32_t mask) noexcept {
  REAL(inotify_add_watch);
  return fails(kWatch, "inotify_add_watch", path) ? -1
                                                  : real_inotify_add_watch(instance, path, mask);
}

static int opens(int directory, const char* path, int flags, mode_t mode) {
  const std::string target = path_at(directory, path);
  if (((flags & O_CREAT) != 0 && fails(kMake, "openat", target)) ||
      fails(kOpen, "openat", target)) {
    return -1;
  }
  return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
}

static mode_t mode_of(int flags, va_list rest) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

#define OPENS(directory)                    \
  va_list rest;                             \
  va_start(rest, flags);                    \
  const mode_t mode = mode_of(flags, rest); \
  va_end(rest);                             \
  return opens(directory, path, flags, mode)

int open(const char* path, int flags, ...) { OPENS(AT_FDCWD); }
int open64(const char* path, int flags, ...) { OPENS(AT_FDCWD); }
int openat(int directory, const char* path, int flags, ...) { OPENS(directory); }
int openat64(int directory, const char* path, int flags, ...) { OPENS(directory); }

/// As sessync uses it: to rename without replacing, and for openat2.
long syscall(long number, ...) noexcept {
  static auto* const real_syscall = real<long(long, ...)>("syscall");
  long arguments[6];
  va_list rest;
  va_start(rest, number);
  for (long& argument : arguments) {
    argument = va_arg(rest, long);
  }
  va_end(rest);
  const auto [a, b, c, d, e, f] = arguments;
  if (number == SYS_renameat2 &&
      fails(kRename, "renameat2", path_at(static_cast<int>(c), reinterpret_cast<const char*>(d)))) {
    return -1;
  }
  return real_syscall(number, a, b, c, d, e, f);
}

// Of libcurl, without its headers: codes are int, handles are void*, and every option's value is a
// register wide.
constexpr int kNoMemory = 27;      // CURLE_OUT_OF_MEMORY
constexpr int kMultiNoMemory = 3;  // CURLM_OUT_OF_MEMORY

int curl_easy_setopt(void* easy, int option, ...) {
  static auto* const real_setopt = real<int(void*, int, ...)>("curl_easy_setopt");
  va_list rest;
  va_start(rest, option);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  const bool failed = fails(kCurl, "curl_easy_setopt", std::to_string(option));
  return failed ? kNoMemory : real_setopt(easy, option, argument);
}

void* curl_easy_init() {
  static auto* const real_init = real<void*()>("curl_easy_init");
  return fails(kCurl, "curl_easy_init", "") ? nullptr : real_init();
}

int curl_multi_add_handle(void* multi, void* easy) {
  static auto* const real_add = real<int(void*, void*)>("curl_multi_add_handle");
  return fails(kCurl, "curl_multi_add_handle", "") ? kMultiNoMemory : real_add(multi, easy);
}

void* curl_slist_append(void* list, const char* line) {
  static auto* const real_append = real<void*(void*, const char*)>("curl_slist_append");
  return fails(kCurl, "curl_slist_append", "") ? nullptr : real_append(list, line);
}

void* curl_mime_init(void* easy) {
  static auto* const real_init = real<void*(void*)>("curl_mime_init");
  return fails(kCurl, "curl_mime_init", "") ? nullptr : real_init(easy);
}

void* curl_mime_addpart(void* mime) {
  static auto* const real_addpart = real<void*(void*)>("curl_mime_addpart");
  return fails(kCurl, "curl_mime_addpart", "") ? nullptr : real_addpart(mime);
}

#define OF_A_PART(name)                                                    \
  int name(void* part, const char* text) {                                 \
    static auto* const real_##name = real<int(void*, const char*)>(#name); \
    return fails(kCurl, #name, "") ? kNoMemory : real_##name(part, text);  \
  }

OF_A_PART(curl_mime_name)
OF_A_PART(curl_mime_filename)
OF_A_PART(curl_mime_type)

int curl_mime_data_cb(void* part, std::int64_t size, void* read, void* seek, void* free,
                      void* argument) {
  static auto* const real_data =
      real<int(void*, std::int64_t, void*, void*, void*, void*)>("curl_mime_data_cb");
  return fails(kCurl, "curl_mime_data_cb", "") ? kNoMemory
                                               : real_data(part, size, read, seek, free, argument);
}

int curl_global_init(long flags) {
  static auto* const real_init = real<int(long)>("curl_global_init");
  return fails(kCurl, "curl_global_init", "") ? kNoMemory : real_init(flags);
}

void* curl_multi_init() {
  static auto* const real_init = real<void*()>("curl_multi_init");
  return fails(kCurl, "curl_multi_init", "") ? nullptr : real_init();
}

int curl_multi_setopt(void* multi, int option, ...) {
  static auto* const real_setopt = real<int(void*, int, ...)>("curl_multi_setopt");
  va_list rest;
  va_start(rest, option);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  const bool failed = fails(kCurl, "curl_multi_setopt", std::to_string(option));
  return failed ? kMultiNoMemory : real_setopt(multi, option, argument);
}

}  // extern "C"
// NOLINTEND(*-avoid-c-arrays,readability-function-size,performance-no-int-to-ptr)
