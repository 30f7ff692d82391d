#include "manifest/parse/session_draft.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

template <class T>
void fill(std::optional<T>& own, const std::optional<T>& fallback) {
  if (!own) own = fallback;
}

void merge_create(CreateDraft& own, const CreateDraft& fallback) {
  fill(own.agent, fallback.agent);
  fill(own.environment_id, fallback.environment_id);
  fill(own.title, fallback.title);
  fill(own.metadata, fallback.metadata);
  fill(own.vault_ids, fallback.vault_ids);
}

void report_missing(Position at, std::string_view owner, std::string_view key, Report& report) {
  report.error(at, "missing_key",
               std::string(owner) + " needs the key " + quoted(key) + ", which is not there");
}

CreateSpec finish_create(const CreateDraft& draft, Report& report) {
  if (!draft.agent) report_missing(draft.at, "create", "agent", report);
  if (!draft.environment_id) report_missing(draft.at, "create", "environment_id", report);
  CreateSpec create;
  create.agent_id = draft.agent.value_or(AgentRef()).id;
  create.agent_version = draft.agent.value_or(AgentRef()).version;
  create.environment_id = draft.environment_id.value_or("");
  create.title = draft.title;
  create.metadata = draft.metadata.value_or(std::map<std::string, std::string>());
  create.vault_ids = draft.vault_ids.value_or(std::vector<std::string>());
  return create;
}

void check_identity(const SessionDraft& draft, Report& report) {
  if (!draft.name) report_missing(draft.at, "a session", "name", report);
  if (draft.session_id && draft.create) {
    report.error(draft.create->at, "session_identity",
                 "a session has either \"session_id\" or \"create\", not both: keep \"session_id\" "
                 "if the session exists");
  } else if (!draft.session_id && !draft.create) {
    report.error(draft.at, "session_identity",
                 "a session needs \"session_id\" (an existing session) or \"create\" (one that is "
                 "made)");
  }
}

OutputsSpec finish_outputs(const OutputsDraft& draft, const std::string& name) {
  OutputsSpec spec{draft.destination.value_or(name), draft.include};
  spec.max_file = draft.max_file.value_or(spec.max_file);
  spec.max_total = draft.max_total;
  spec.max_files = draft.max_files;
  return spec;
}

}  // namespace

SessionDraft merge_defaults(SessionDraft session, const SessionDraft& defaults) {
  if (session.create && defaults.create) merge_create(*session.create, *defaults.create);
  fill(session.prune, defaults.prune);
  fill(session.on_conflict, defaults.on_conflict);
  fill(session.suspend, defaults.suspend);
  // Only a created session can be made again, so the default is for those.
  if (session.create) fill(session.recreate, defaults.recreate);
  fill(session.interval, defaults.interval);
  fill(session.max_deletes, defaults.max_deletes);
  fill(session.max_files, defaults.max_files);
  fill(session.max_file_size, defaults.max_file_size);
  fill(session.secrets, defaults.secrets);
  if (!session.outputs && defaults.outputs) {
    session.outputs = defaults.outputs;
    // Two sessions that share this default differ only in where they stand themselves.
    session.outputs->destination_at = {};
  }
  auto resources = defaults.resources;
  resources.insert(resources.end(), session.resources.begin(), session.resources.end());
  session.resources = std::move(resources);
  return session;
}

SessionSpec finish_session(const SessionDraft& draft, Report& report) {
  check_identity(draft, report);
  check_collisions(draft.resources, report);
  if (draft.recreate && draft.recreate->value && !draft.create) {
    report.error(draft.recreate->at, "misplaced_key",
                 "\"recreate\" goes with \"create\": an existing session cannot be made again");
  }
  SessionSpec spec;
  spec.at = report.locate(draft.at);
  if (draft.name) spec.name = draft.name->value;
  if (draft.session_id) spec.session_id = draft.session_id->value;
  if (draft.create) spec.create = finish_create(*draft.create, report);
  spec.prune = draft.prune.value_or(spec.prune);
  spec.on_conflict = draft.on_conflict.value_or(spec.on_conflict);
  spec.suspend = draft.suspend.value_or(spec.suspend);
  if (draft.recreate) spec.recreate = draft.recreate->value;
  spec.interval = draft.interval.value_or(spec.interval);
  spec.max_deletes = draft.max_deletes.value_or(spec.max_deletes);
  spec.max_files = draft.max_files.value_or(spec.max_files);
  spec.max_file_size = draft.max_file_size.value_or(spec.max_file_size);
  spec.secrets = draft.secrets.value_or(spec.secrets);
  for (const auto& resource : draft.resources) spec.resources.push_back(resource.spec);
  if (draft.outputs) spec.outputs = finish_outputs(*draft.outputs, spec.name);
  return spec;
}

}  // namespace sessync::manifest
