#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/api/http_session_api.h"
#include "daemon/api/send/api_thread.h"
#include "daemon/os/completion_queue.h"
#include "reconciler/ports/content_source.h"

namespace sessync::test {

inline constexpr const char* kKey = "sk-test-0123456789";

/// Content of any size made on the fly: byte i of it is the i-th letter, over and over.
class GeneratedSource : public ports::ContentSource {
 public:
  /// How many bytes are handed out before the reader fails.
  std::optional<std::uint64_t> fails_after;
  /// What an archive is packed into: a size, or why it cannot be. Any thread.
  std::function<ports::Result<std::uint64_t>()> pack;
  std::function<void()> on_stop;

  ports::Result<std::unique_ptr<ports::ContentReader>> open(
      const ports::ContentRef& content) override;
  void stop_packing() override {
    if (on_stop) on_stop();
  }
};

char generated_byte(std::uint64_t index);
std::string generated(std::uint64_t size);

api::ApiOptions options_for(const std::string& url);
ports::UploadRequest upload_of(const std::string& sha256, std::uint64_t size,
                               const std::string& filename = "sessync.me.0123.a.txt");
ports::UploadRequest archive_upload_of(const std::string& sha256);
std::string file_json(const std::string& id, std::uint64_t size = 1);
std::string resource_json(const std::string& id);
std::string list_json(const std::string& rows, const std::string& next = "");
std::string error_json(const std::string& type, const std::string& message);

/// The most memory that this process ever had.
long peak_kib();

/// An API thread and one worker on it.
struct ApiFixture {
  explicit ApiFixture(const api::ApiOptions& options, api::ApiHooks hooks = {})
      : thread(options, source, std::move(hooks)), api(thread, queue) {}

  /// Makes one call and pumps until it is complete.
  template <class T>
  ports::Result<T> wait(const std::function<void(ports::Completion<T>)>& call) {
    std::optional<ports::Result<T>> result;
    call([&result](ports::Result<T> value) { result = std::move(value); });
    while (!result && queue.run_one()) {
    }
    return std::move(*result);
  }
  void drain() {
    while (queue.run_one()) {
    }
  }

  ports::Result<std::vector<ports::ResourceRow>> list(const std::string& session = "sesn_1") {
    return wait<std::vector<ports::ResourceRow>>(
        [&](auto done) { api.list_resources(session, std::move(done)); });
  }
  ports::Result<ports::SessionInfo> session(const std::string& session = "sesn_1") {
    return wait<ports::SessionInfo>([&](auto done) { api.get_session(session, std::move(done)); });
  }
  ports::Result<ports::FileMetadata> file(const std::string& id = "file_1") {
    return wait<ports::FileMetadata>([&](auto done) { api.get_file(id, std::move(done)); });
  }
  ports::Result<ports::FileMetadata> upload(const ports::UploadRequest& request) {
    return wait<ports::FileMetadata>([&](auto done) { api.upload(request, std::move(done)); });
  }
  ports::Result<ports::FileRow> add(const ports::AddFile& request = {"sesn_1", "file_1",
                                                                     "/a.txt"}) {
    return wait<ports::FileRow>(
        [&](auto done) { api.add_file(request, {ports::Permit::kTake}, std::move(done)); });
  }
  ports::Result<ports::Done> remove(const std::string& resource = "sesrsc_1") {
    return wait<ports::Done>([&](auto done) {
      api.delete_resource("sesn_1", resource, {ports::Permit::kTake}, std::move(done));
    });
  }

  GeneratedSource source;
  os::CompletionQueue queue;
  api::ApiThread thread;
  api::HttpSessionApi api;
};

}  // namespace sessync::test
