#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/desired/desired.h"
#include "reconciler/reconcile.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/simulation/world.h"

namespace sessync::simulation {

/// The port as one pass has it: every write is judged by what this pass may know before it is
/// passed on. Notes in the world what breaks a promise.
class WatchedApi : public ports::SessionApi {
 public:
  /// `is_in_force`: the manifest that the pass was made with still is.
  WatchedApi(MemorySessionApi& api, World& world, const pass::PassInput& input,
             std::function<bool()> is_in_force);

  void list_resources(std::string session_id,
                      ports::Completion<std::vector<ports::ResourceRow>> done) override;
  void get_resource(std::string session_id, std::string resource_id,
                    ports::Completion<ports::ResourceRow> done) override;
  void get_session(std::string session_id, ports::Completion<ports::SessionInfo> done) override;
  void list_sessions(ports::Completion<std::vector<ports::SessionInfo>> done) override;
  void list_faults(std::string session_id, std::string since,
                   ports::Completion<std::vector<ports::SessionFault>> done) override;
  void list_session_files(std::string session_id,
                          ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void list_uploads(ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void get_file(std::string file_id, ports::Completion<ports::FileMetadata> done) override;
  void find_files(std::vector<std::string> file_ids,
                  ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void upload(ports::UploadRequest request, ports::Completion<ports::FileMetadata> done) override;
  void delete_file(std::string file_id, ports::Completion<ports::Done> done) override;
  void download(std::string file_id, std::shared_ptr<ports::ContentSink> sink,
                ports::Completion<ports::Done> done) override;
  void reserve_writes(int permits, std::function<void()> ready) override;
  void add_file(ports::AddFile request, ports::Turn turn,
                ports::Completion<ports::FileRow> done) override;
  void delete_resource(std::string session_id, std::string resource_id, ports::Turn turn,
                       ports::Completion<ports::Done> done) override;
  void rotate_token(ports::TokenUpdate update, ports::Completion<ports::Done> done) override;
  void create_session(ports::NewSession request,
                      ports::Completion<ports::CreatedSession> done) override;
  void update_session(ports::SessionUpdate update,
                      ports::Completion<ports::SessionInfo> done) override;

  /// What can be judged when the pass has ended.
  void judge_end(const pass::PassOutcome& outcome);

 private:
  /// `completes`: see Turn.
  void write(const std::string& what, bool completes = false);
  [[nodiscard]] const desired::DesiredState& desired() const;
  void judge_add(const ports::AddFile& request);
  void judge_secret(const ports::ContentRef& content);
  void judge_delete(const std::string& session_id, const std::string& resource_id);
  void judge_ownership(const model::Resource& row);
  void judge_lost_sources(const model::Resource& row, const manifest::MountPath& path);
  void judge_pruning(const std::string& session_id, const model::Resource& row,
                     const manifest::MountPath& path);
  void judge_replacing(const std::string& session_id, const model::Resource& row,
                       const manifest::MountPath& path);

  void note_doubt(const std::string& session_id);
  void judge_doubt(const std::string& session_id, const model::Resource& row);
  void judge_repetition(const ports::AddFile& request);
  void judge_moved(const std::string& session_id, const model::Resource& row);

  [[nodiscard]] bool is_declared_near(const manifest::MountPath& path) const;
  [[nodiscard]] bool may_be_blocked(const std::string& session_id,
                                    const manifest::MountPath& path) const;
  [[nodiscard]] bool is_ours(const model::Resource& row) const;
  [[nodiscard]] bool is_lost(const manifest::MountPath& path) const;
  [[nodiscard]] bool is_duplicate(const std::string& session_id, const model::Resource& row) const;
  [[nodiscard]] std::size_t limit_of_pruning() const;

  MemorySessionApi& api_;
  World& world_;
  const pass::PassInput& input_;
  std::function<bool()> is_in_force_;
  mutable std::optional<desired::DesiredState> desired_;  ///< made for the first write
  std::size_t owned_before_ = 0;                          ///< rows of ours when the pass began
  std::uint64_t losses_before_ = 0;
  std::map<std::string, std::vector<model::Resource>> rows_before_;  ///< by session
  /// When the pass was planned.
  std::map<std::string, std::vector<ports::Refusal>> known_refusals_;
  std::size_t pruned_ = 0;
  std::size_t adds_accepted_ = 0;
  std::set<manifest::MountPath> replaced_;  ///< declared paths whose other content was deleted
};

}  // namespace sessync::simulation
