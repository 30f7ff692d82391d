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
class MemorySessionApi : public ports::SessionApi {
 public:
  /// Without `content`, uploads carry the planned digest and size but no bytes; of an archive,
  /// whose size is not planned, the size is 0.
  MemorySessionApi(SessionModel& world, TestLoop& loop, ports::ContentSource* content = nullptr)
      : model_(world), loop_(loop), content_(content) {}

  FaultTable faults;
  CallLog calls;                  ///< what reached the model; uploads that were joined count once
  ports::Duration clock_skew{0};  ///< how far the server's clock is ahead of the loop's
  /// Runs after every write that changed the model.
  std::function<void(const SessionModel&)> on_write;
  /// Whether passes over this session begin nothing more; nothing: the loop says so of all.
  std::function<bool(const std::string& session_id)> is_stopping;
  /// The process that called is dead: no answer is heard any more.
  void hang_up() { deaf_ = true; }

  void list_resources(std::string session_id,
                      ports::Completion<std::vector<ports::ResourceRow>> done) override;
  void get_resource(std::string session_id, std::string resource_id,
                    ports::Completion<ports::ResourceRow> done) override;
  void get_session(std::string session_id, ports::Completion<ports::SessionInfo> done) override;
  void list_session_files(std::string session_id,
                          ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void get_file(std::string file_id, ports::Completion<ports::FileMetadata> done) override;
  void find_files(std::vector<std::string> file_ids,
                  ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void upload(ports::UploadRequest request, ports::Completion<ports::FileMetadata> done) override;
  void delete_file(std::string file_id, ports::Completion<ports::Done> done) override;
  void reserve_writes(int permits, std::function<void()> ready) override;
  void add_file(ports::AddFile request, ports::Turn turn,
                ports::Completion<ports::FileRow> done) override;
  void delete_resource(std::string session_id, std::string resource_id, ports::Turn turn,
                       ports::Completion<ports::Done> done) override;
  void list_uploads(ports::Completion<std::vector<ports::FileMetadata>> done) override;
  void list_sessions(ports::Completion<std::vector<ports::SessionInfo>> done) override;
  void list_faults(std::string session_id, std::string since,
                   ports::Completion<std::vector<ports::SessionFault>> done) override;
  void download(std::string file_id, std::shared_ptr<ports::ContentSink> sink,
                ports::Completion<ports::Done> done) override;
  void rotate_token(ports::TokenUpdate update, ports::Completion<ports::Done> done) override;
  void create_session(ports::NewSession request,
                      ports::Completion<ports::CreatedSession> done) override;
  void update_session(ports::SessionUpdate update,
                      ports::Completion<ports::SessionInfo> done) override;

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
  using Effect = std::function<ports::Result<T>()>;

  template <class T>
  void send(Call call, Effect<T> effect, ports::Completion<T> done);
  template <class T>
  ports::Result<T> carry_out(const Call& call, const Effect<T>& effect);
  template <class T>
  std::function<void()> arrive(const Call& call, const Effect<T>& effect,
                               ports::Completion<T> done);
  template <class T>
  ports::Result<T> suffer(const Fault& fault, const Call& call, const Effect<T>& effect);
  void record(const Call& call, int status);
  template <class T>
  void note_answer(Budget budget, ports::TimePoint sent_at, const ports::Result<T>& result);
  [[nodiscard]] bool is_withheld(const Call& call) const;
  [[nodiscard]] ports::Duration wait_for(Budget budget) const;
  [[nodiscard]] ports::Result<model::Content> read_content(const ports::ContentRef& content) const;
  /// The model's files as they are answered now.
  [[nodiscard]] std::function<ports::FileMetadata(const model::File&)> metadata_of() const;
  [[nodiscard]] ports::Result<std::vector<ports::FileMetadata>> all_files(
      const std::string& session_id);
  [[nodiscard]] ports::Result<std::vector<ports::FileMetadata>> some_files(
      const std::vector<std::string>& ids);
  [[nodiscard]] ports::Result<std::vector<ports::SessionFault>> all_faults(
      const std::string& session_id, const std::string& since) const;
  void send_upload(const ports::UploadRequest& request);
  void end_upload(const ports::UploadRequest& request,
                  const ports::Result<ports::FileMetadata>& result);

  SessionModel& model_;
  TestLoop& loop_;
  ports::ContentSource* content_;
  bool deaf_ = false;
  /// Only their freezes: no call is paced.
  std::array<schedule::RateBudget, schedule::kRateClasses> budgets_;
  using UploadKey = std::pair<std::string, std::string>;  // owner, digest
  struct Waiting {
    ports::UploadRequest request;
    ports::Completion<ports::FileMetadata> done;
  };
  std::map<UploadKey, std::vector<Waiting>> uploading_;  // the first of each leads
};

}  // namespace sessync
