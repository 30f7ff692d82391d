#include <algorithm>
#include <vector>

#include "daemon/app/signals.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/gc_report.h"
#include "daemon/cli/output/output.h"

namespace sessync::cli {
namespace {

bool is_selected(const OneShot& shot, const manifest::SessionSpec& spec) {
  return std::ranges::find(shot.sessions, spec.name, &manifest::SessionSpec::name) !=
         shot.sessions.end();
}

/// Every session of the manifest counts, whichever are selected: uploads are shared.
std::vector<gc::GarbageSession> look_at_sources(const OneShot& shot) {
  std::vector<gc::GarbageSession> sessions;
  sessions.reserve(shot.declared.size());
  for (const auto& spec : shot.declared) {
    sessions.push_back({spec, shot.services->passes().scan(spec), is_selected(shot, spec)});
  }
  return sessions;
}

GcReport collect(const OneShot& shot, bool deletes) {
  GcReport report;
  report.deletes = deletes;
  const auto sessions = look_at_sources(shot);
  shot.services->passes().with_ports(
      nullptr, [&](ports::Ports& ports, const std::optional<std::string>&) {
        report.found = gc::find_garbage(shot.owner, sessions, ports);
        if (deletes) {
          shot.services->save_digests();
          report.uploads = gc::delete_garbage(shot.owner, report.found.uploads, ports);
          report.copies = gc::delete_garbage(shot.owner, report.found.copies, ports);
        }
      });
  return report;
}

}  // namespace

int gc_command(const config::Settings& settings) {
  app::Signals signals;
  const bool deletes = settings.options.yes;
  const auto shot =
      prepare(settings, deletes ? app::Services::State::kLocked : app::Services::State::kReadOnly);
  if (!shot) {
    return shot.error();
  }
  signals.handle({[&] {
                    shot->services->passes().stop();
                    shot->services->abort_everything();
                  },
                  [] {}});
  const auto report = collect(*shot, deletes);
  signals.finish();
  print(settings.options.json ? gc_document(report) : gc_text(report));
  return signals.stopped() ? config::exit_code::kInterrupted : gc_exit_code(report);
}

}  // namespace sessync::cli
