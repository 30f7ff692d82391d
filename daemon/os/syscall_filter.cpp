#include "daemon/os/syscall_filter.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/os/os_error.h"

namespace sessync::os {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

/// The last one that Linux 6.1 has, on every architecture. What is newer has a way to do without,
/// and on x86-64 everything of the x32 interface is above it as well.
constexpr std::uint32_t kNewestKnown = 450;

/// Nobody needs these to read, hash, send and keep files: mounts and namespaces, other processes,
/// the kernel and its keys, the clock. The rest are doors by which kernels were broken into.
constexpr auto kForbidden = std::to_array<std::uint32_t>({
    SYS_acct,
    SYS_add_key,
    SYS_adjtimex,
    SYS_bpf,
    SYS_chroot,
    SYS_clock_adjtime,
    SYS_clock_settime,
    SYS_delete_module,
    SYS_fanotify_init,
    SYS_finit_module,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_init_module,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_uring_setup,
    SYS_kcmp,
    SYS_kexec_file_load,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_lookup_dcookie,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_nfsservctl,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_perf_event_open,
    SYS_pidfd_getfd,
    SYS_pivot_root,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_reboot,
    SYS_request_key,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setns,
    SYS_settimeofday,
    SYS_swapoff,
    SYS_swapon,
    SYS_syslog,
    SYS_umount2,
    SYS_unshare,
    SYS_userfaultfd,
    SYS_vhangup,
#ifdef __x86_64__
    SYS_create_module,
    SYS_ioperm,
    SYS_iopl,
    SYS_modify_ldt,
    SYS_uselib,
#endif
});

/// What only a process needs that runs programs.
constexpr auto kOfPrograms = std::to_array<std::uint32_t>({
    SYS_capset,
    SYS_execve,
    SYS_execveat,
    SYS_setfsgid,
    SYS_setfsuid,
    SYS_setgid,
    SYS_setgroups,
    SYS_setregid,
    SYS_setresgid,
    SYS_setresuid,
    SYS_setreuid,
    SYS_setuid,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
#endif
});

constexpr std::uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

constexpr std::uint32_t refuse_with(int error) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);
/// The half of an argument that holds what is asked of it here; both architectures have it first.
constexpr std::uint32_t argument(std::size_t index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

/// A program for the kernel, which decides over each call. Between two of its parts the number of
/// the call is loaded.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    unless(BPF_JEQ, kArchitecture, refuse_with(EPERM));
    load(kNumber);
    when(BPF_JGT, kNewestKnown, refuse_with(ENOSYS));
  }

  void forbid(std::uint32_t call, int error = EPERM) { when(BPF_JEQ, call, refuse_with(error)); }

  /// Where the argument has one of these bits (`test` is BPF_JSET) or is this value (BPF_JEQ).
  void forbid(std::uint32_t call, std::size_t index, std::uint16_t test, std::uint32_t value) {
    skip_unless(call, 3);
    load(argument(index));
    when(test, value, refuse_with(EPERM));
    load(kNumber);
  }

  /// Unless the argument has one of these bits.
  void demand(std::uint32_t call, std::size_t index, std::uint32_t bits) {
    skip_unless(call, 3);
    load(argument(index));
    unless(BPF_JSET, bits, refuse_with(EPERM));
    load(kNumber);
  }

  /// No other families of addresses: each is a door into the kernel of its own.
  void allow_sockets(const std::vector<std::uint32_t>& families) {
    skip_unless(SYS_socket, static_cast<std::uint8_t>(families.size() + 2));
    load(argument(0));
    for (std::size_t i = 0; i < families.size(); ++i) {
      const auto to_end = static_cast<std::uint8_t>(families.size() - i);
      program_.push_back({BPF_JMP | BPF_JEQ | BPF_K, to_end, 0, families[i]});
    }
    answer(refuse_with(EAFNOSUPPORT));
    load(kNumber);
  }

  std::vector<sock_filter> finish() {
    answer(SECCOMP_RET_ALLOW);
    return std::move(program_);
  }

 private:
  void load(std::size_t offset) {
    program_.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)});
  }
  void answer(std::uint32_t what) { program_.push_back({BPF_RET | BPF_K, 0, 0, what}); }
  void when(std::uint16_t test, std::uint32_t value, std::uint32_t what) {
    program_.push_back({static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), 0, 1, value});
    answer(what);
  }
  void unless(std::uint16_t test, std::uint32_t value, std::uint32_t what) {
    program_.push_back({static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), 1, 0, value});
    answer(what);
  }
  /// Over the next `length` instructions and the load of the number after them.
  void skip_unless(std::uint32_t call, std::uint8_t length) {
    program_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(length + 1), call});
  }

  std::vector<sock_filter> program_;
};

std::vector<sock_filter> filter_for(Programs programs) {
  Filter filter;
  for (const auto call : kForbidden) filter.forbid(call);
  // Its flags lie in memory, where no filter can look; without it the C library takes clone.
  filter.forbid(SYS_clone3, ENOSYS);
  filter.forbid(SYS_clone, 0, BPF_JSET, kNewNamespaces);
  // Words that a terminal would take for its user's.
  filter.forbid(SYS_ioctl, 1, BPF_JEQ, TIOCSTI);
  filter.allow_sockets({AF_UNIX, AF_INET, AF_INET6, AF_NETLINK});
  if (programs == Programs::kNone) {
    for (const auto call : kOfPrograms) filter.forbid(call);
    filter.demand(SYS_clone, 0, CLONE_THREAD);
  }
  return filter.finish();
}

}  // namespace

tl::expected<void, std::string> filter_system_calls(Programs programs) {
  if (kArchitecture == 0) {
    return tl::unexpected(std::string("there is no filter of system calls for this processor"));
  }
  auto instructions = filter_for(programs);
  const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &program) != 0) {
    return tl::unexpected("the kernel takes no filter of system calls: " + error_text(errno));
  }
  return {};
}

}  // namespace sessync::os
