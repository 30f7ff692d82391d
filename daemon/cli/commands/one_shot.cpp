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

namespace sessync::cli {

namespace {

tl::expected<app::Verdict, int> read_valid_manifest(const config::Settings& settings) {
  auto verdict = app::judge_manifest(settings);
  const auto& manifest = verdict.manifest;
  for (const auto& problem : manifest.problems()) {
    print_error(manifest::format_problem(problem) + "\n");
  }
  if (!manifest.valid()) {
    return tl::unexpected(refuse_manifest(settings.options, manifest));
  }
  return verdict;
}

tl::expected<std::vector<manifest::SessionSpec>, config::UsageError> select_sessions(
    const manifest::Manifest& manifest, const config::Options& options) {
  auto sessions = manifest.sessions();
  std::ranges::sort(sessions, {}, &manifest::SessionSpec::name);
  for (const auto& name : options.sessions) {
    if (std::ranges::find(sessions, name, &manifest::SessionSpec::name) == sessions.end()) {
      return tl::unexpected(config::UsageError{config::exit_code::kUsage,
                                               "the manifest has no session named '" + name + "'"});
    }
  }
  if (!options.sessions.empty()) {
    std::erase_if(sessions, [&](const manifest::SessionSpec& session) {
      return std::ranges::find(options.sessions, session.name) == options.sessions.end();
    });
  }
  return sessions;
}

/// On the first line, unless that is a document's.
void tell(const std::string& note, const config::Options& options) {
  if (note.empty()) {
    return;
  }
  const auto line = "sessync: " + manifest::printable(note) + "\n";
  if (options.json) {
    print_error(line);
  } else {
    print(line);
  }
}

}  // namespace

tl::expected<OneShot, int> prepare(const config::Settings& settings, app::Services::State state,
                                   app::Progress* progress) {
  const auto verdict = read_valid_manifest(settings);
  if (!verdict) {
    return tl::unexpected(verdict.error());
  }
  const auto* const manifest = &verdict->manifest;
  auto sessions = select_sessions(*manifest, settings.options);
  if (!sessions) {
    return tl::unexpected(refuse(settings.options, sessions.error()));
  }
  auto api = config::resolve_api_options(settings.options, config::process_environment());
  if (!api) {
    return tl::unexpected(refuse(settings.options, api.error()));
  }
  if (progress != nullptr) {
    progress->set_owner(manifest->owner);
  }
  const auto& choice = verdict->choice;
  tell(choice.note, settings.options);
  auto services =
      app::Services::open(choice.settings, std::move(*api), state, {progress, progress});
  if (!services) {
    return tl::unexpected(refuse(settings.options, services.error()));
  }
  for (auto& spec : *sessions) {
    spec.suspend |= (*services)->suspensions().contains(spec.name);
  }
  (*services)->declare(*manifest);
  (*services)->remember_origin(app::origin_of(settings, *manifest));
  (*services)->remember_holdings(manifest->holdings());
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
  os::guarded("starting workers", [&] {
    for (std::size_t i = 1; i < std::min(static_cast<std::size_t>(workers), count); ++i) {
      threads.push_back(os::start_thread("worker-" + std::to_string(i), os::Duty::kWorker, take));
    }
  });
  // What throws is over, the next number is taken.
  while (!os::guarded("a worker", take)) {
  }
  std::ranges::for_each(threads, [](std::thread& thread) { thread.join(); });
}

std::vector<SessionReport> for_each_session(
    const std::vector<manifest::SessionSpec>& sessions, int workers,
    const std::function<pass::PassOutcome(const manifest::SessionSpec&)>& work) {
  std::vector<SessionReport> reports(sessions.size());
  in_parallel(sessions.size(), workers,
              [&](std::size_t i) { reports[i] = {sessions[i].name, work(sessions[i])}; });
  return reports;
}

}  // namespace sessync::cli
