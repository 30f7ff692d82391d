#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/api/send/api_thread.h"
#include "daemon/os/completion_queue.h"
#include "reconciler/ports/session_api.h"

namespace sessync {

class ApiCaller;

/// The API over HTTP, for one pass worker: calls go to the process's API thread, completions come
/// back through the worker's queue. Use it on the thread that pumps the queue, and destroy it after
/// run_one() has returned false: calls still under way are then never completed.
class HttpSessionApi : public SessionApi {
 public:
  HttpSessionApi(ApiThread& api, CompletionQueue& queue);
  HttpSessionApi(const HttpSessionApi&) = delete;
  HttpSessionApi& operator=(const HttpSessionApi&) = delete;
  ~HttpSessionApi() override;

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
  void review() override;
  void hurry() override;
  [[nodiscard]] std::optional<TimePoint> limited_until() const override;

 private:
  std::shared_ptr<ApiCaller> caller_;
};

}  // namespace sessync
