#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/session_model.h"

namespace sessync::contract {

/// Something that implements the port, with a session to work on. Calls wait for their answers.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  virtual ports::SessionApi& api() = 0;
  virtual ports::Loop& loop() = 0;

  /// The doubles only: the world behind the port, and the faults before it.
  virtual void with_model(const std::function<void(SessionModel&)>& use) = 0;
  virtual void add_fault(const FaultRule& rule) = 0;
  virtual void clear_faults() = 0;

  std::string session;       ///< idle
  std::string mounts = "/";  ///< prefix of every mount path
  std::string arrived;       ///< bytes of the last download

  ports::UploadRequest content(const std::string& name, const std::string& bytes);
  ports::Result<ports::FileMetadata> try_upload(const std::string& name, const std::string& bytes);
  ports::Result<ports::FileRow> try_add(const std::string& file_id, const std::string& path);
  ports::Result<ports::Done> try_remove(const std::string& resource_id);
  ports::Result<std::vector<ports::ResourceRow>> try_list();
  ports::Result<ports::ResourceRow> try_get(const std::string& resource_id);
  ports::Result<ports::FileMetadata> try_file(const std::string& file_id);
  ports::Result<ports::Done> try_delete_file(const std::string& file_id);
  ports::Result<std::vector<ports::FileMetadata>> try_find(std::vector<std::string> ids);
  ports::Result<std::vector<ports::FileMetadata>> try_scoped();
  ports::Result<ports::SessionInfo> try_info();
  ports::Result<ports::CreatedSession> try_create(const ports::NewSession& request);
  ports::Result<ports::SessionInfo> try_update(const ports::SessionUpdate& update);
  ports::Result<ports::Done> try_rotate(const std::string& resource_id, const std::string& token);
  ports::Result<std::vector<ports::SessionInfo>> try_sessions();
  ports::Result<std::vector<ports::SessionFault>> try_faults(const std::string& since = "");
  ports::Result<std::vector<ports::FileMetadata>> try_uploads();
  /// The bytes. Those that arrived before an error are in `arrived`.
  ports::Result<std::string> try_download(const std::string& file_id);

  /// Fail the test if the call fails.
  ports::FileMetadata upload(const std::string& name, const std::string& bytes);
  ports::FileRow add(const std::string& file_id, const std::string& path);
  std::vector<ports::FileRow> file_rows();

  /// Removes what the calls above have made.
  void clean_up();

 protected:
  MemoryContentSource content_;

 private:
  std::vector<std::string> uploads_;
  std::vector<ports::FileRow> rows_;
};

std::unique_ptr<Backend> memory_backend();
/// The double over HTTP, behind the real client.
std::unique_ptr<Backend> http_backend();
/// The real API; nothing if the environment does not name a session and a key.
std::unique_ptr<Backend> live_backend();

}  // namespace sessync::contract
