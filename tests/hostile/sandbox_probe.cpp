// What foreign code could do inside of sessync: loaded with LD_PRELOAD, it tries when the first
// epoll instance is made, which is after everything was given up, on the main thread and on one of
// its own. Each attempt is a line on standard error, "probe: THREAD NAME ERRNO". $PROBE is the
// directory of the test.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void tell(const char* thread, const std::string& name, long result) {
  const int error = result < 0 ? errno : 0;
  dprintf(STDERR_FILENO, "probe: %s %s %d\n", thread, name.c_str(), error);
}

long opened(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd;
}

void try_files(const char* thread, const std::string& dir) {
  for (const std::string where : {"outside", "workspace", "state", "outputs", "etc"}) {
    const auto at = dir + "/" + (where == "workspace" ? "data/workspace" : where);
    const auto made = at + "/" + thread;
    tell(thread, where + ".list", opened(at, O_RDONLY | O_DIRECTORY));
    tell(thread, where + ".read", opened(at + "/file", O_RDONLY));
    tell(thread, where + ".write", opened(at + "/file", O_WRONLY));
    tell(thread, where + ".make", opened(made, O_WRONLY | O_CREAT | O_EXCL));
    tell(thread, where + ".rename", ::rename(made.c_str(), (made + ".2").c_str()));
    tell(thread, where + ".remove", ::unlink((made + ".2").c_str()));
    tell(thread, where + ".mkdir", ::mkdir(made.c_str(), 0700));
    tell(thread, where + ".rmdir", ::rmdir(made.c_str()));
    tell(thread, where + ".symlink", ::symlink("/", made.c_str()));
    ::unlink(made.c_str());
  }
}

long forked() {
  const auto child = ::fork();
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return child;
}

void try_calls(const char* thread) {
  char* const none[] = {nullptr};
  tell(thread, "execve", ::execve("/nonexistent", none, none));
  tell(thread, "fork", forked());
  tell(thread, "clone3", ::syscall(SYS_clone3, nullptr, 0));
  tell(thread, "ptrace", ::ptrace(PTRACE_PEEKDATA, ::getpid(), nullptr, nullptr));
  tell(thread, "process_vm_readv", ::process_vm_readv(::getpid(), nullptr, 0, nullptr, 0, 0));
  tell(thread, "unshare", ::unshare(0));
  tell(thread, "setns", ::setns(-1, 0));
  tell(thread, "setuid", ::setuid(::getuid()));
  tell(thread, "bpf", ::syscall(SYS_bpf, -1, nullptr, 0));
  tell(thread, "tiocsti", ::ioctl(-1, TIOCSTI, "x"));
  tell(thread, "newer", ::syscall(100'000));
  tell(thread, "packet", ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    tell(thread, "socket." + std::to_string(family),
         ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
}

void probe(const char* thread) {
  const char* const dir = std::getenv("PROBE");
  if (dir == nullptr) return;
  try_files(thread, dir);
  try_calls(thread);
  dprintf(STDERR_FILENO, "probe: %s done\n", thread);
}

/// Before anything was given up.
__attribute__((constructor)) void tell_kernel() {
  if (std::getenv("PROBE") == nullptr) return;
  dprintf(STDERR_FILENO, "probe: landlock %ld\n", ::syscall(444, nullptr, 0, 1));
}

}  // namespace

extern "C" int epoll_create1(int flags) {
  using Real = int (*)(int);
  static const auto real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "epoll_create1"));
  static const bool once = [] {
    probe("main");
    std::thread([] { probe("other"); }).join();
    return true;
  }();
  return once ? real(flags) : -1;
}
