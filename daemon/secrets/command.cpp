#include "daemon/secrets/command.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/os/environment.h"
#include "daemon/os/pulse.h"
#include "daemon/os/unique_fd.h"
#include "daemon/secrets/orphans.h"
#include "reconciler/ports/secret.h"

namespace sessync::secrets {
namespace {

using End = CommandResult::End;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kKeptErrors = 4096;
constexpr std::array<std::string_view, 3> kOurCredentials = {
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"};

struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Pipe pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

/// What a program gets of our variables.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(const std::vector<std::string>& patterns)
      : texts_(os::environment_of([&](const std::string& name) { return gets(name, patterns); })) {
    pointers_.reserve(texts_.size() + 1);
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  ChildEnvironment(const ChildEnvironment&) = delete;
  ChildEnvironment& operator=(const ChildEnvironment&) = delete;
  ~ChildEnvironment() { std::ranges::for_each(texts_, ports::wipe); }

  [[nodiscard]] char* const* data() const { return pointers_.data(); }

 private:
  static bool gets(const std::string& name, const std::vector<std::string>& patterns) {
    if (std::ranges::find(kOurCredentials, name) != kOurCredentials.end()) return false;
    return os::is_usual_variable(name) ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) {
             return os::names_variable(pattern, name);
           });
  }

  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

/// posix_spawn's two arguments.
class SpawnPlan {
 public:
  SpawnPlan(int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    // Not every library opens its sockets close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// The process id, or an errno.
  [[nodiscard]] std::pair<pid_t, int> spawn(const std::vector<std::string>& argv,
                                            const ChildEnvironment& environment) const {
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_t process = -1;
    const int error = ::posix_spawnp(&process, arguments.front(), &actions_, &attributes_,
                                     arguments.data(), environment.data());
    return {process, error};
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// A started command. It is killed, with its group, and reaped at the latest when this goes.
class Process {
 public:
  explicit Process(pid_t id) : id_(id), descriptor_(open_descriptor(id)) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() { reap(); }

  /// Readable once the process has ended.
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  /// Until it is reaped nobody else can get its id, so the signal meets its group alone.
  std::optional<int> reap() {
    if (id_ < 0) return std::nullopt;
    ::kill(-id_, SIGKILL);
    int status = 0;
    pid_t reaped = -1;
    do {
      reaped = ::waitpid(id_, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    forget_child(id_);
    id_ = -1;
    return reaped < 0 ? std::nullopt : std::optional(status);
  }

 private:
  /// glibc 2.36 declares its own without C linkage.
  static int open_descriptor(pid_t id) {
    return static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
  }

  pid_t id_;
  os::UniqueFd descriptor_;
};

/// Waits for a process and collects what it writes.
class Attendance {
 public:
  Attendance(const CommandLimits& limits, int output, int errors)
      : limits_(limits), deadline_(Steady::now() + limits.time), output_(output), errors_(errors) {}

  /// How it ended: kExited if by itself.
  End attend(int process, int stop_event, CommandResult& result) {
    while (true) {
      std::array<pollfd, 4> events = {pollfd{process, POLLIN, 0}, pollfd{stop_event, POLLIN, 0},
                                      pollfd{output_, POLLIN, 0}, pollfd{errors_, POLLIN, 0}};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Steady::now());
      if (left.count() <= 0) return End::kTimedOut;
      const auto turn = std::min<std::chrono::milliseconds>(left, os::kLongestTurn);
      ::poll(events.data(), events.size(), static_cast<int>(turn.count()));
      os::beat();
      if (!collect(result)) return End::kTooLong;
      if (events[1].revents != 0) return End::kStopped;
      if (events[0].revents != 0) {
        // What it wrote between the last read and its end.
        return collect(result) ? End::kExited : End::kTooLong;
      }
    }
  }

 private:
  /// Takes what is there. False: more than allowed.
  bool collect(CommandResult& result) {
    if (!drain(output_, result.output, limits_.output)) return false;
    while (!drain(errors_, result.errors, 2 * kKeptErrors)) {
      result.errors.erase(0, result.errors.size() - kKeptErrors);
    }
    return true;
  }

  /// Reads until nothing is there. False: `text` has become longer than `most`. A pipe that has
  /// ended is not looked at any more.
  static bool drain(int& pipe, std::string& text, std::size_t most) {
    std::array<char, 4096> buffer{};
    while (pipe >= 0) {
      const auto got = ::read(pipe, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return true;
      if (got <= 0) pipe = -1;
      if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
      if (text.size() > most) return false;
    }
    return true;
  }

  CommandLimits limits_;
  Steady::time_point deadline_;
  int output_;
  int errors_;
};

CommandResult not_started(int error) {
  CommandResult result;
  result.code = error;
  return result;
}

void note_status(const std::optional<int>& status, CommandResult& result) {
  if (!status) {
    result.end = End::kSignalled;  // somebody else reaped it: nothing is known
  } else if (WIFSIGNALED(*status)) {
    result.end = End::kSignalled;
    result.code = WTERMSIG(*status);
  } else {
    result.code = WEXITSTATUS(*status);
  }
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                          const std::stop_token& stop) {
  CommandResult result;
  result.end = End::kStopped;
  if (stop.stop_requested()) return result;
  auto output = make_pipe();
  auto errors = make_pipe();
  const os::UniqueFd stop_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!output || !errors || !stop_event) return not_started(errno);
  int error = 0;
  const ChildEnvironment environment(limits.variables);
  const pid_t id = start_child([&] {
    const auto [child, problem] =
        SpawnPlan(output->write.get(), errors->write.get()).spawn(argv, environment);
    error = problem;
    return problem == 0 ? child : -1;
  });
  if (error != 0) return not_started(error);
  Process process(id);
  if (process.descriptor() < 0) return not_started(errno);
  output->write = os::UniqueFd();
  errors->write = os::UniqueFd();
  const std::stop_callback on_stop(stop, [&stop_event] {
    const std::uint64_t one = 1;
    static_cast<void>(::write(stop_event.get(), &one, sizeof one) == sizeof one);
  });
  result.end = Attendance(limits, output->read.get(), errors->read.get())
                   .attend(process.descriptor(), stop_event.get(), result);
  const auto status = process.reap();
  if (result.end == End::kExited) note_status(status, result);
  return result;
}

}  // namespace sessync::secrets
