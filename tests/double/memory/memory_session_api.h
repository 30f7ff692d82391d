#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/session_api.h"
#include "reconciler/schedule/rate_budget.h"
#include "tests/double/memory/test_loop.h"
#include "tests/double/model/call_log.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/session_model.h"

namespace sessync {

/// The port answered by a SessionModel, without transport. Several may share one model, as several
/// daemons share one API. A request reaches the model, and its answer the caller, in separate turns
/// of the loop.
class MemorySessionApi : public SessionApi {
 public:
  /// Without `content`, uploads carry the planned digest and size but no bytes; of an archive,
  /// whose size is not planned, the size is 0.
  MemorySessionApi(SessionModel& world, TestLoop& loop, ContentSource* content = nullptr)
      : model_(world), loop_(loop), content_(content) {}

  FaultTable faults;
  CallLog calls;           ///< what reached the model; uploads that were joined count once
  Duration clock_skew{0};  ///< how far the server's clock is ahead of the loop's
  /// Runs after every write that changed the model.
  std::function<void(const SessionModel&)> on_write;
  /// Whether passes over this session begin nothing more; nothing: the loop says so of all.
  std::function<bool(const std::string& session_id)> is_stopping;
  /// The process that called is dead: no answer is heard any more.
  void hang_up() { deaf_ = true; }

  void list_resources(std::string session_id, Completion<std::vector<ResourceRow>> done) override;
  void get_resource(std::string session_id, std::string resource_id,
                    Completion<ResourceRow> done) override;
  void get_session(std::string session_id, Completion<SessionInfo> done) override;
  void list_session_files(std::string session_id,
                          Completion<std::vector<FileMetadata>> done) override;
  void get_file(std::string file_id, Completion<FileMetadata> done) override;
  void find_files(std::vector<std::string> file_ids,
                  Completion<std::vector<FileMetadata>> done) override;
  void upload(UploadRequest request, Completion<FileMetadata> done) override;
  void delete_file(std::string file_id, Completion<Done> done) override;
  void reserve_writes(int permits, std::function<void()> ready) override;
  void add_file(AddFile request, Turn turn, Completion<FileRow> done) override;
  void delete_resource(std::string session_id, std::string resource_id, Turn turn,
                       Completion<Done> done) override;
  void list_uploads(Completion<std::vector<FileMetadata>> done) override;
  void list_sessions(Completion<std::vector<SessionInfo>> done) override;
  void list_faults(std::string session_id, std::string since,
                   Completion<std::vector<SessionFault>> done) override;
  void download(std::string file_id, std::shared_ptr<ContentSink> sink,
                Completion<Done> done) override;
  void rotate_token(TokenUpdate update, Completion<Done> done) override;
  void create_session(NewSession request, Completion<CreatedSession> done) override;
  void update_session(SessionUpdate update, Completion<SessionInfo> done) override;

 private:
  enum class Budget { kWrites, kReads, kFiles };
  struct Call {
    Operation operation = Operation::kUnknown;
    Budget budget = Budget::kReads;
    std::string session_id;
    std::string target;
    bool completes = false;  ///< see Turn
  };
  template <class T>
  using Effect = std::function<Result<T>()>;

  template <class T>
  void send(Call call, Effect<T> effect, Completion<T> done);
  template <class T>
  Result<T> carry_out(const Call& call, const Effect<T>& effect);
  template <class T>
  std::function<void()> arrive(const Call& call, const Effect<T>& effect, Completion<T> done);
  template <class T>
  Result<T> suffer(const Fault& fault, const Call& call, const Effect<T>& effect);
  void record(const Call& call, int status);
  template <class T>
  void note_answer(Budget budget, TimePoint sent_at, const Result<T>& result);
  [[nodiscard]] bool is_withheld(const Call& call) const;
  [[nodiscard]] Duration wait_for(Budget budget) const;
  [[nodiscard]] Result<model::Content> read_content(const ContentRef& content) const;
  /// The model's files as they are answered now.
  [[nodiscard]] std::function<FileMetadata(const model::File&)> metadata_of() const;
  [[nodiscard]] Result<std::vector<FileMetadata>> all_files(const std::string& session_id);
  [[nodiscard]] Result<std::vector<FileMetadata>> some_files(const std::vector<std::string>& ids);
  [[nodiscard]] Result<std::vector<SessionFault>> all_faults(const std::string& session_id,
                                                             const std::string& since) const;
  void send_upload(const UploadRequest& request);
  void end_upload(const UploadRequest& request, const Result<FileMetadata>& result);

  SessionModel& model_;
  TestLoop& loop_;
  ContentSource* content_;
  bool deaf_ = false;
  std::array<RateBudget, kRateClasses> budgets_;          ///< only their freezes: no call is paced
  using UploadKey = std::pair<std::string, std::string>;  // owner, digest
  struct Waiting {
    UploadRequest request;
    Completion<FileMetadata> done;
  };
  std::map<UploadKey, std::vector<Waiting>> uploading_;  // the first of each leads
};

}  // namespace sessync
