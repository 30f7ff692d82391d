#include "daemon/cli/commands/one_shot.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>

#include "daemon/app/progress.h"
#include "daemon/app/state_choice.h"
#include "daemon/cli/output/failure.h"
#include "daemon/cli/output/output.h"
#include "daemon/os/thread.h"
#include "manifest/load.h"
#include "manifest/text/utf8.h"

namespace sessync {

namespace {

tl::expected<Manifest, int> read_valid_manifest(const Settings& settings) {
  auto manifest = load_manifest(settings.manifest.read());
  for (const auto& problem : manifest.problems()) {
    std::fputs((format_problem(problem) + "\n").c_str(), stderr);
  }
  if (!manifest.valid()) {
    return tl::unexpected(refuse_manifest(settings.options, manifest));
  }
  return manifest;
}

tl::expected<std::vector<SessionSpec>, UsageError> select_sessions(const Manifest& manifest,
                                                                   const Options& options) {
  auto sessions = manifest.sessions();
  std::ranges::sort(sessions, {}, &SessionSpec::name);
  for (const auto& name : options.sessions) {
    if (std::ranges::find(sessions, name, &SessionSpec::name) == sessions.end()) {
      return tl::unexpected(
          UsageError{exit_code::kUsage, "the manifest has no session named '" + name + "'"});
    }
  }
  if (!options.sessions.empty()) {
    std::erase_if(sessions, [&](const SessionSpec& session) {
      return std::ranges::find(options.sessions, session.name) == options.sessions.end();
    });
  }
  return sessions;
}

/// On the first line, unless that is a document's.
void tell(const std::string& note, const Options& options) {
  if (note.empty()) {
    return;
  }
  const auto line = "sessync: " + printable(note) + "\n";
  if (options.json) {
    std::fputs(line.c_str(), stderr);
  } else {
    print(line);
  }
}

}  // namespace

tl::expected<OneShot, int> prepare(const Settings& settings, Services::State state,
                                   Progress* progress) {
  const auto manifest = read_valid_manifest(settings);
  if (!manifest) {
    return tl::unexpected(manifest.error());
  }
  auto sessions = select_sessions(*manifest, settings.options);
  if (!sessions) {
    return tl::unexpected(refuse(settings.options, sessions.error()));
  }
  auto api = resolve_api_options(settings.options, process_environment());
  if (!api) {
    return tl::unexpected(refuse(settings.options, api.error()));
  }
  if (progress != nullptr) {
    progress->set_owner(manifest->owner);
  }
  const auto choice = choose_state(settings, *manifest);
  tell(choice.note, settings.options);
  auto services = Services::open(choice.settings, std::move(*api), state, {progress, progress});
  if (!services) {
    return tl::unexpected(refuse(settings.options, services.error()));
  }
  for (auto& spec : *sessions) {
    spec.suspend |= (*services)->suspensions().contains(spec.name);
  }
  (*services)->declare(manifest->sessions());
  (*services)->remember_origin(origin_of(settings, *manifest));
  return OneShot{manifest->owner, std::move(*sessions), manifest->sessions(), std::move(*services)};
}

void in_parallel(std::size_t count, int workers, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (auto i = next++; i < count; i = next++) {
      work(i);
    }
  };
  std::vector<std::thread> threads;
  // With fewer threads than asked for it only takes longer.
  guarded("starting workers", [&] {
    for (std::size_t i = 1; i < std::min(static_cast<std::size_t>(workers), count); ++i) {
      threads.push_back(start_thread("worker-" + std::to_string(i), Duty::kWorker, take));
    }
  });
  // What throws is over, the next number is taken.
  while (!guarded("a worker", take)) {
  }
  std::ranges::for_each(threads, [](std::thread& thread) { thread.join(); });
}

std::vector<SessionReport> for_each_session(
    const std::vector<SessionSpec>& sessions, int workers,
    const std::function<PassOutcome(const SessionSpec&)>& work) {
  std::vector<SessionReport> reports(sessions.size());
  in_parallel(sessions.size(), workers,
              [&](std::size_t i) { reports[i] = {sessions[i].name, work(sessions[i])}; });
  return reports;
}

}  // namespace sessync
