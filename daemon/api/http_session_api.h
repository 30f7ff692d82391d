#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/api/send/api_thread.h"
#include "daemon/os/completion_queue.h"
#include "reconciler/ports/session_api.h"

namespace sessync::api {

class ApiCaller;

/// The API over HTTP, for one pass worker: calls go to the process's API thread, completions come
/// back through the worker's queue. Use it on the thread that pumps the queue, and destroy it after
/// run_one() has returned false: calls still under way are then never completed.
class HttpSessionApi : public ports::SessionApi {
 public:
  HttpSessionApi(ApiThread& api, os::CompletionQueue& queue);
  HttpSessionApi(const HttpSessionApi&) = delete;
  HttpSessionApi& operator=(const HttpSessionApi&) = delete;
  ~HttpSessionApi() override;

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
  void review() override;
  void hurry() override;
  [[nodiscard]] std::optional<ports::TimePoint> limited_until() const override;

 private:
  std::shared_ptr<ApiCaller> caller_;
};

}  // namespace sessync::api
