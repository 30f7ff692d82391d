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
class WatchedApi : public SessionApi {
 public:
  /// `is_in_force`: the manifest that the pass was made with still is.
  WatchedApi(MemorySessionApi& api, World& world, const PassInput& input,
             std::function<bool()> is_in_force);

  void list_resources(std::string session_id, Completion<std::vector<ResourceRow>> done) override;
  void get_resource(std::string session_id, std::string resource_id,
                    Completion<ResourceRow> done) override;
  void get_session(std::string session_id, Completion<SessionInfo> done) override;
  void list_sessions(Completion<std::vector<SessionInfo>> done) override;
  void list_faults(std::string session_id, std::string since,
                   Completion<std::vector<SessionFault>> done) override;
  void list_session_files(std::string session_id,
                          Completion<std::vector<FileMetadata>> done) override;
  void list_uploads(Completion<std::vector<FileMetadata>> done) override;
  void get_file(std::string file_id, Completion<FileMetadata> done) override;
  void find_files(std::vector<std::string> file_ids,
                  Completion<std::vector<FileMetadata>> done) override;
  void upload(UploadRequest request, Completion<FileMetadata> done) override;
  void delete_file(std::string file_id, Completion<Done> done) override;
  void download(std::string file_id, std::shared_ptr<ContentSink> sink,
                Completion<Done> done) override;
  void reserve_writes(int permits, std::function<void()> ready) override;
  void add_file(AddFile request, Turn turn, Completion<FileRow> done) override;
  void delete_resource(std::string session_id, std::string resource_id, Turn turn,
                       Completion<Done> done) override;
  void rotate_token(TokenUpdate update, Completion<Done> done) override;
  void create_session(NewSession request, Completion<CreatedSession> done) override;
  void update_session(SessionUpdate update, Completion<SessionInfo> done) override;

  /// What can be judged when the pass has ended.
  void judge_end(const PassOutcome& outcome);

 private:
  /// `completes`: see Turn.
  void write(const std::string& what, bool completes = false);
  [[nodiscard]] const DesiredState& desired() const;
  void judge_add(const AddFile& request);
  void judge_delete(const std::string& session_id, const std::string& resource_id);
  void judge_ownership(const model::Resource& row);
  void judge_lost_sources(const model::Resource& row, const MountPath& path);
  void judge_pruning(const std::string& session_id, const model::Resource& row,
                     const MountPath& path);
  void judge_replacing(const std::string& session_id, const model::Resource& row,
                       const MountPath& path);

  void note_doubt(const std::string& session_id);
  void judge_doubt(const std::string& session_id, const model::Resource& row);
  void judge_repetition(const AddFile& request);
  void judge_moved(const std::string& session_id, const model::Resource& row);

  [[nodiscard]] bool is_declared_near(const MountPath& path) const;
  [[nodiscard]] bool may_be_blocked(const std::string& session_id, const MountPath& path) const;
  [[nodiscard]] bool is_ours(const model::Resource& row) const;
  [[nodiscard]] bool is_lost(const MountPath& path) const;
  [[nodiscard]] bool is_duplicate(const std::string& session_id, const model::Resource& row) const;
  [[nodiscard]] std::size_t limit_of_pruning() const;

  MemorySessionApi& api_;
  World& world_;
  const PassInput& input_;
  std::function<bool()> is_in_force_;
  mutable std::optional<DesiredState> desired_;  ///< made for the first write
  std::size_t owned_before_ = 0;                 ///< rows of ours when the pass began
  std::uint64_t losses_before_ = 0;
  std::map<std::string, std::vector<model::Resource>> rows_before_;  ///< by session
  std::map<std::string, std::vector<Refusal>> known_refusals_;       ///< when the pass was planned
  std::size_t pruned_ = 0;
  std::size_t adds_accepted_ = 0;
  std::set<MountPath> replaced_;  ///< declared paths whose other content was deleted
};

}  // namespace sessync::simulation
