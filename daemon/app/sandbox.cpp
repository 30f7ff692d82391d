#include "daemon/app/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include "daemon/app/sandbox_places.h"
#include "daemon/app/secret_places.h"
#include "daemon/os/log.h"
#include "daemon/os/syscall_filter.h"
#include "daemon/os/unique_fd.h"
#include "daemon/state/state_directory.h"
#include "manifest/load.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SESSYNC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SESSYNC_SANITIZED 1
#endif
#endif
#ifndef SESSYNC_SANITIZED
#define SESSYNC_SANITIZED 0
#endif

namespace sessync::app {
namespace {

namespace fs = std::filesystem;
using Right = os::FileRule::Right;

bool declares_outputs(const manifest::Manifest& manifest) {
  return std::ranges::any_of(manifest.sessions(),
                             [](const auto& session) { return session.outputs.has_value(); });
}

/// Whether it could be made is said by whoever needs it.
void make_directories(const config::Settings& settings, const manifest::Manifest& manifest) {
  if (settings.state_dir) {
    static_cast<void>(state::prepare_state_directory(*settings.state_dir, settings.workspace));
  }
  std::error_code ignored;
  if (declares_outputs(manifest)) fs::create_directories(settings.outputs_dir, ignored);
}

/// Where the program's own libraries lie: those that it loads later, for names of hosts and users,
/// lie beside them.
void read_libraries(SandboxPlaces& places) {
  ::dl_iterate_phdr(
      [](dl_phdr_info* loaded, std::size_t, void* all) {
        const fs::path file(loaded->dlpi_name);
        if (file.is_absolute()) {
          static_cast<SandboxPlaces*>(all)->read_system(file.parent_path().string());
        }
        return 0;
      },
      &places);
}

void cover_system(SandboxPlaces& places, const config::Environment& environment) {
  read_libraries(places);
  for (const char* path : {"/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev/urandom",
                           "/dev/random", "/run/systemd/resolve", "/run/NetworkManager",
                           "/run/resolvconf", "/run/nscd", "/var/lib/sss", "/var/run/nscd"}) {
    places.read_system(path);
  }
  places.read_system_file("the file", "/etc/resolv.conf");
  for (const char* path : {"/etc/ssl/certs", "/etc/pki", "/var/lib/ca-certificates"}) {
    places.read_system(path);
  }
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "OPENSSL_CONF"}) {
    const auto path = environment(name);
    if (path && !path->empty()) places.read_system_file("the path of " + std::string(name), *path);
  }
  places.allow(Right::kUse, "the device", "/dev/null");
  const auto temporary = environment("TMPDIR");
  places.allow(Right::kScratch, "the directory for temporary files",
               temporary && !temporary->empty() ? *temporary : "/tmp");
}

std::string absolute(const std::string& path) { return fs::absolute(path).lexically_normal(); }

/// Where nobody named one it is the current one: for a service the root, with all that there is.
bool has_secrets_dir(const config::Settings& settings) {
  return settings.secrets_dir_is_given || settings.secrets_dir != "/";
}

/// What the process reads of the user's.
void cover_inputs(SandboxPlaces& places, const config::Settings& settings,
                  const manifest::Manifest& manifest, const config::Environment& environment) {
  places.read("the manifest", settings.manifest.path());
  if (settings.policy.has_file()) places.read("the policy", settings.policy.path());
  places.read("the workspace", settings.workspace);
  places.read_successors(settings.workspace, environment("HOME").value_or("/"));
  if (has_secrets_dir(settings)) places.read("the directory for secrets", settings.secrets_dir);
  auto files = secret_places(settings, manifest).files;
  if (!settings.options.tls_cert.empty()) files.push_back(settings.options.tls_cert);
  for (const auto& file : files) places.read("the file", absolute(file));
}

void cover_results(SandboxPlaces& places, const config::Settings& settings,
                   const manifest::Manifest& manifest, const config::Environment& environment) {
  if (settings.state_dir) places.allow(Right::kChange, "the state directory", *settings.state_dir);
  if (const auto runtime = environment("RUNTIME_DIRECTORY"); runtime && !runtime->empty()) {
    places.allow(Right::kChange, "the runtime directory", runtime->substr(0, runtime->find(':')));
  }
  std::error_code error;
  if (declares_outputs(manifest) || fs::exists(settings.outputs_dir, error)) {
    places.allow(Right::kChange, "the outputs directory", settings.outputs_dir);
  }
}

tl::expected<void, std::string> confine(const config::Settings& settings,
                                        const manifest::Manifest& manifest) {
  if (settings.options.allow_commands) {
    return tl::unexpected(
        std::string("with --allow-commands, commands need whatever they are made of"));
  }
  const auto environment = config::process_environment();
  SandboxPlaces places;
  cover_system(places, environment);
  cover_inputs(places, settings, manifest, environment);
  cover_results(places, settings, manifest, environment);
  const auto rules = places.rules();
  return rules ? os::confine_files(*rules) : tl::unexpected(rules.error());
}

/// By its mode it could be read.
bool is_closed(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) return false;
  const os::UniqueFd opened(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return !opened && errno == EACCES;
}

/// By the modes of what is there it could be made.
bool cannot_be_made(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error.value() != EACCES) return false;
  auto above = fs::path(directory);
  while (!fs::exists(above, error) && above.has_relative_path()) above = above.parent_path();
  return ::faccessat(AT_FDCWD, above.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

std::string closed_words(const std::string& path) {
  return path +
         " is not what was there when sessync started, and its sandbox (Landlock) opens nothing "
         "else: restart sessync, or start it with --no-sandbox";
}

}  // namespace

Sandbox Sandbox::enter(const config::Settings& settings) {
  Sandbox sandbox;
  if (settings.options.no_sandbox || SESSYNC_SANITIZED != 0) return sandbox;
  const auto manifest = manifest::load_manifest(settings.manifest.read());
  make_directories(settings, manifest);
  if (const auto confined = confine(settings, manifest)) {
    sandbox.confined_to_ = {settings.manifest.path(), settings.workspace};
    if (settings.policy.has_file()) sandbox.confined_to_.push_back(settings.policy.path());
    if (has_secrets_dir(settings)) sandbox.confined_to_.push_back(settings.secrets_dir);
    sandbox.outputs_dir_ = settings.outputs_dir;
  } else {
    os::log(os::LogLevel::kInfo,
            "Landlock is off: sessync can open whatever its user may open, as without a sandbox",
            {{"why", confined.error()}});
  }
  const auto programs =
      settings.options.allow_commands ? os::Programs::kAllowed : os::Programs::kNone;
  if (const auto filtered = os::filter_system_calls(programs); !filtered) {
    os::log(os::LogLevel::kInfo,
            "seccomp is off: system calls that sessync has no use for are open to it",
            {{"why", filtered.error()}});
  }
  return sandbox;
}

std::string Sandbox::kept_out(bool writes_outputs) const {
  if (confined_to_.empty()) return "";
  const auto closed = std::ranges::find_if(confined_to_, is_closed);
  if (closed != confined_to_.end()) return closed_words(*closed);
  const bool no_outputs =
      writes_outputs && (is_closed(outputs_dir_) || cannot_be_made(outputs_dir_));
  return no_outputs ? closed_words(outputs_dir_) : "";
}

}  // namespace sessync::app
