#include "tests/simulation/watched_api.h"

#include <algorithm>
#include <utility>

namespace sessync::simulation {

WatchedApi::WatchedApi(MemorySessionApi& api, World& world, const pass::PassInput& input,
                       std::function<bool()> is_in_force)
    : api_(api), world_(world), input_(input), is_in_force_(std::move(is_in_force)) {
  losses_before_ = world.losses;
  for (const auto& session : world.model.sessions()) {
    rows_before_[session.id] = world.model.file_rows(session.id);
    owned_before_ = std::max(owned_before_, session.resources.size() + session.removed.size());
  }
}

const desired::DesiredState& WatchedApi::desired() const {
  if (!desired_) {
    desired_ = desired::resolve(input_.spec, input_.snapshot);
  }
  return *desired_;
}

void WatchedApi::write(const std::string& what, bool completes) {
  world_.note(input_.spec.name + ": " + what);
  if (what.find(kCanary) != std::string::npos) {
    world_.violated("no secret in any output: " + what);
  }
  if (input_.dry_run || input_.spec.suspend) {
    world_.violated("a plan, or a suspended session, writes: " + what);
  }
  if (!completes && world_.suspended.contains(input_.spec.name)) {
    world_.violated("a session that was suspended meanwhile is written to: " + what);
  }
  if (!completes && !is_in_force_()) {
    world_.violated("a manifest that is no longer in force is carried out: " + what);
  }
}

void WatchedApi::upload(ports::UploadRequest request, ports::Completion<ports::FileMetadata> done) {
  write("upload " + request.filename);
  judge_secret(request.content);
  world_.note_upload(request.filename, request.content.sha256);
  api_.upload(std::move(request), std::move(done));
}

void WatchedApi::delete_file(std::string file_id, ports::Completion<ports::Done> done) {
  write("delete file " + file_id);
  api_.delete_file(std::move(file_id), std::move(done));
}

void WatchedApi::add_file(ports::AddFile request, ports::Turn turn,
                          ports::Completion<ports::FileRow> done) {
  write("add " + request.file_id + " on " + request.mount_path + " of " + request.session_id,
        turn.completes);
  judge_add(request);
  judge_repetition(request);
  api_.add_file(std::move(request), turn,
                [this, done = std::move(done)](const ports::Result<ports::FileRow>& result) {
                  adds_accepted_ += result ? 1U : 0U;
                  world_.note(result ? "   added " + result->resource_id : "   not added");
                  done(result);
                });
}

void WatchedApi::delete_resource(std::string session_id, std::string resource_id, ports::Turn turn,
                                 ports::Completion<ports::Done> done) {
  write("delete " + resource_id + " of " + session_id, turn.completes);
  judge_delete(session_id, resource_id);
  api_.delete_resource(std::move(session_id), std::move(resource_id), turn, std::move(done));
}

void WatchedApi::rotate_token(ports::TokenUpdate update, ports::Completion<ports::Done> done) {
  write("rotate " + update.resource_id + " of " + update.session_id);
  const bool exists = world_.model.get_session(update.session_id).has_value();
  const auto rows =
      exists ? world_.model.repositories(update.session_id) : std::vector<model::Resource>();
  for (const auto& row : rows) {
    const auto& token = update.token.reveal();
    if (row.id == update.resource_id && !world_.tokens_ever[row.url].contains(token) &&
        world_.tokens.mints(row.url) == 0) {
      world_.violated("a repository got a token that its source never had: " + row.url);
    }
  }
  api_.rotate_token(std::move(update), std::move(done));
}

void WatchedApi::create_session(ports::NewSession request,
                                ports::Completion<ports::CreatedSession> done) {
  write("create a session");
  api_.create_session(std::move(request), std::move(done));
}

void WatchedApi::update_session(ports::SessionUpdate update,
                                ports::Completion<ports::SessionInfo> done) {
  write("update " + update.session_id);
  api_.update_session(std::move(update), std::move(done));
}

void WatchedApi::list_resources(std::string session_id,
                                ports::Completion<std::vector<ports::ResourceRow>> done) {
  note_doubt(session_id);
  known_refusals_[session_id] = world_.store.load(session_id).refusals;
  api_.list_resources(std::move(session_id), std::move(done));
}
void WatchedApi::get_resource(std::string session_id, std::string resource_id,
                              ports::Completion<ports::ResourceRow> done) {
  api_.get_resource(std::move(session_id), std::move(resource_id), std::move(done));
}
void WatchedApi::get_session(std::string session_id, ports::Completion<ports::SessionInfo> done) {
  api_.get_session(std::move(session_id), std::move(done));
}
void WatchedApi::list_sessions(ports::Completion<std::vector<ports::SessionInfo>> done) {
  api_.list_sessions(std::move(done));
}
void WatchedApi::list_faults(std::string session_id, std::string since,
                             ports::Completion<std::vector<ports::SessionFault>> done) {
  api_.list_faults(std::move(session_id), std::move(since), std::move(done));
}
void WatchedApi::list_session_files(std::string session_id,
                                    ports::Completion<std::vector<ports::FileMetadata>> done) {
  api_.list_session_files(std::move(session_id), std::move(done));
}
void WatchedApi::list_uploads(ports::Completion<std::vector<ports::FileMetadata>> done) {
  api_.list_uploads(std::move(done));
}
void WatchedApi::get_file(std::string file_id, ports::Completion<ports::FileMetadata> done) {
  api_.get_file(std::move(file_id), std::move(done));
}
void WatchedApi::find_files(std::vector<std::string> file_ids,
                            ports::Completion<std::vector<ports::FileMetadata>> done) {
  api_.find_files(std::move(file_ids), std::move(done));
}
void WatchedApi::download(std::string file_id, std::shared_ptr<ports::ContentSink> sink,
                          ports::Completion<ports::Done> done) {
  api_.download(std::move(file_id), std::move(sink), std::move(done));
}
void WatchedApi::reserve_writes(int permits, std::function<void()> ready) {
  api_.reserve_writes(permits, std::move(ready));
}

}  // namespace sessync::simulation
