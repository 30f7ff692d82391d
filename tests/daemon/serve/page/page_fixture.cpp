#include "tests/daemon/serve/page/page_fixture.h"

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace sessync::page_fixture {
namespace {

using namespace std::chrono_literals;

desired::Blocked blocked_file(const std::string& path, desired::BlockCode code,
                              const std::string& reason) {
  return {desired::BlockedType::kFile, manifest::MountPath::of_file(path), code, reason};
}

void add(status::StatusSnapshot& status, status::SessionStatus session) {
  status.sessions.push_back(std::make_shared<const status::SessionStatus>(std::move(session)));
}

status::StatusSnapshot base() {
  status::StatusSnapshot status;
  status.version = "0.1.0";
  status.started_at = noon() - 26h;
  status.manifest = {"/srv/team/sessync.yaml", 3, true, true, {}, noon() - 2h};
  status.workspace = "/srv/team";
  status.workspace_resolved = "/srv/.worktrees/7f3a9c21/team";
  status.revision = 99;
  return status;
}

status::SessionStatus syncing_session(const std::string& name) {
  auto session = equal_session(name);
  set_reason(session, "Progressing", "looking again at what was done");
  session.working = true;
  session.counts.in_sync = 29;
  session.counts.pending = 12;
  session.counts.files = 30;
  return session;
}

status::SessionStatus held_session(const std::string& name) {
  auto session = equal_session(name);
  const std::string why = "deleting 42 of 60 files at once is above max_deletes (10%)";
  set_reason(session, "DeletionBlocked", "/data/2024/q1.csv: " + why + " (and 41 more blocked)");
  for (int i = 1; i <= 42; ++i) {
    const auto path = "/data/2024/q" + std::to_string(i) + ".csv";
    session.blocked.push_back(blocked_file(path, desired::BlockCode::kGuard, why));
  }
  session.held = plan::Held{"9f2c41d7a0b3", std::vector<std::string>(42, "sesrsc_1")};
  session.counts = {60, 18, 0, 42, 1, 61, 100};
  session.unmanaged = {{"file", manifest::MountPath::of_file("/notes/agent.md"), "sesrsc_01H"}};
  return session;
}

status::SessionStatus quota_session(const std::string& name) {
  auto session = equal_session(name);
  const std::string why = "the session holds 100 of at most 100 files";
  set_reason(session, "QuotaExceeded", "/logs/new.txt: " + why);
  session.blocked = {blocked_file("/logs/new.txt", desired::BlockCode::kQuota, why)};
  session.counts = {101, 100, 0, 1, 0, 100, 100};
  return session;
}

status::StatusSnapshot blocked() {
  auto status = base();
  add(status, equal_session("analysis"));
  add(status, held_session("research"));
  add(status, quota_session("support"));
  add(status, equal_session("writing"));
  return status;
}

status::StatusSnapshot suspended() {
  auto status = base();
  add(status, equal_session("analysis"));
  auto by_command = equal_session("research");
  set_reason(by_command, "Suspended", "watched, nothing is written");
  by_command.suspended = state::Suspension{"ada@build-7", noon() - 50min};
  add(status, by_command);
  auto by_manifest = equal_session("support");
  set_reason(by_manifest, "Suspended", "watched, nothing is written");
  by_manifest.suspended_by_manifest = true;
  add(status, by_manifest);
  return status;
}

status::StatusSnapshot all_with(const std::string& reason, const std::string& message) {
  auto status = base();
  for (const auto* name : {"analysis", "research", "support"}) {
    auto session = equal_session(name);
    set_reason(session, reason, message);
    session.next_pass_at = noon() + 8s;
    add(status, session);
  }
  return status;
}

status::StatusSnapshot hostile() {
  const auto& text = hostile_text();
  auto status = base();
  status.workspace = text;
  status.workspace_resolved = text + "/2";
  status.manifest = {text, 1, false, true, {text + ":1:1: " + text}, std::nullopt};
  status.notes = {text};
  auto session = equal_session("research");
  session.session_id = text;
  set_reason(session, text, text);
  session.blocked = {{desired::BlockedType::kFile, manifest::MountPath::of_file(text),
                      desired::BlockCode::kConflict, text}};
  session.unmanaged = {{text, manifest::MountPath::of_file(text), text}};
  session.held = plan::Held{text, {text}};
  session.recent = {{noon(), text, text, "failed", text}};
  session.suspended = std::nullopt;
  add(status, session);
  return status;
}

status::StatusSnapshot bad_manifest(bool in_force) {
  auto status = base();
  status.manifest.valid = false;
  status.manifest.in_force = in_force;
  status.manifest.errors = {
      "sessync.yaml:14:7: resources[0]: unknown key 'mount_pth' (did you mean 'mount_path'?)",
      "sessync.yaml:22:16: max_files: must be between 1 and 500"};
  if (in_force) {
    auto session = equal_session("analysis");
    for (auto& condition : session.conditions) {
      if (condition.what.type == "Stalled") {
        condition = {{"Stalled", true, "ManifestInvalid",
                      status.manifest.errors[0] + "; the last good version stays in force"},
                     noon() - 1min};
      }
    }
    add(status, session);
    add(status, equal_session("research"));
  }
  return status;
}

status::StatusSnapshot many() {
  auto status = base();
  for (int i = 0; i < 1000; ++i) {
    const auto name = "team-" + std::to_string(10'000 + i).substr(1);
    auto session = equal_session(name);
    if (i % 100 == 37) session = held_session(name);
    if (i % 50 == 11) session = syncing_session(name);
    add(status, session);
  }
  return status;
}

status::StatusSnapshot of(const std::vector<status::SessionStatus>& sessions) {
  auto status = base();
  for (const auto& session : sessions) {
    add(status, session);
  }
  return status;
}

const std::map<std::string, std::function<status::StatusSnapshot()>>& scenes() {
  static const std::map<std::string, std::function<status::StatusSnapshot()>> makers{
      {"ok", [] { return of({equal_session("analysis"), equal_session("research")}); }},
      {"syncing", [] { return of({equal_session("analysis"), syncing_session("research")}); }},
      {"blocked", blocked},
      {"suspended", suspended},
      {"hostile", hostile},
      {"api-down",
       [] {
         return all_with("ProgressingWithRetry",
                         "looking at the session failed: Couldn't connect to server (Failed to "
                         "connect to api.example.org port 443); the session is left as it is");
       }},
      {"wrong-key",
       [] {
         return all_with("AuthenticationFailed",
                         "the API refused the key while looking at the session: HTTP 401: invalid "
                         "x-api-key (request req_011CZ); the session is left as it is: check "
                         "ANTHROPIC_API_KEY or --api-key-file");
       }},
      {"bad-manifest", [] { return bad_manifest(true); }},
      {"no-manifest", [] { return bad_manifest(false); }},
      {"empty", base},
      {"many", many},
  };
  return makers;
}

}  // namespace

ports::TimePoint noon() {
  return ports::TimePoint{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 12h};
}

status::SessionStatus equal_session(const std::string& name) {
  status::SessionStatus session;
  session.name = name;
  session.session_id = "sesn_01Kq8" + name;
  session.generation = session.observed_generation = 3;
  session.last_pass_at = session.last_converged_at = noon() - 12s;
  session.next_pass_at = noon() + 9min;
  session.counts = {41, 41, 0, 0, 1, 42, 100};
  session.unmanaged = {{"file", manifest::MountPath::of_file("/report.pdf"), "sesrsc_01J"}};
  session.recent = {{noon() - 12s, "replace", "/data/a.csv", "done", {}},
                    {noon() - 4min, "add", "/docs/plan.md", "done", {}},
                    {noon() - 5min, "delete", "/docs/old.md", "failed", "HTTP 500: overloaded"}};
  for (int i = 0; i < 40; ++i) {
    session.latencies.emplace_back(120 + i * 7919 % 311 + (i == 17 ? 1400 : 0));
  }
  session.revision = 7;
  set_reason(session, "Succeeded", "the session holds what is declared");
  return session;
}

void set_reason(status::SessionStatus& session, const std::string& reason,
                const std::string& message) {
  const bool ready = reason == "Succeeded";
  const bool goes_on = reason.starts_with("Progressing") || reason == "RateLimited";
  const auto since = noon() - 3min;
  session.conditions = {{{"Ready", ready, reason, message}, since},
                        {{"Reconciling", goes_on, reason, message}, since},
                        {{"Stalled", !ready && !goes_on, reason, message}, since},
                        {{"Drifted", false, "Succeeded", {}}, since}};
}

status::StatusSnapshot scene(const std::string& name) { return scenes().at(name)(); }

const std::vector<std::string>& scene_names() {
  static const std::vector<std::string> known = [] {
    std::vector<std::string> names;
    for (const auto& [name, make] : scenes()) {
      names.push_back(name);
    }
    return names;
  }();
  return known;
}

const std::string& hostile_text() {
  static const std::string text =
      "/a\"'><img src=x onerror=alert(1)><script>alert(2)</script></style></title>{{script}}"
      "<svg onload=alert(3)>&lt;b&gt;&#x3c;javascript:alert(4) "
      "\x1b[31m\n\xff\u202Egnp.exe\u2028\u0007";
  return text;
}

}  // namespace sessync::page_fixture
