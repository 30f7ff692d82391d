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
class GeneratedSource : public ContentSource {
 public:
  /// How many bytes are handed out before the reader fails.
  std::optional<std::uint64_t> fails_after;
  /// What an archive is packed into: a size, or why it cannot be. Any thread.
  std::function<Result<std::uint64_t>()> pack;
  std::function<void()> on_stop;

  Result<std::unique_ptr<ContentReader>> open(const ContentRef& content) override;
  void stop_packing() override {
    if (on_stop) on_stop();
  }
};

char generated_byte(std::uint64_t index);
std::string generated(std::uint64_t size);

ApiOptions options_for(const std::string& url);
UploadRequest upload_of(const std::string& sha256, std::uint64_t size,
                        const std::string& filename = "sessync.me.0123.a.txt");
UploadRequest archive_upload_of(const std::string& sha256);
std::string file_json(const std::string& id, std::uint64_t size = 1);
std::string resource_json(const std::string& id);
std::string list_json(const std::string& rows, const std::string& next = "");
std::string error_json(const std::string& type, const std::string& message);

/// The most memory that this process ever had.
long peak_kib();

/// An API thread and one worker on it.
struct ApiFixture {
  explicit ApiFixture(const ApiOptions& options, ApiHooks hooks = {})
      : thread(options, source, std::move(hooks)), api(thread, queue) {}

  /// Makes one call and pumps until it is complete.
  template <class T>
  Result<T> wait(const std::function<void(Completion<T>)>& call) {
    std::optional<Result<T>> result;
    call([&result](Result<T> value) { result = std::move(value); });
    while (!result && queue.run_one()) {
    }
    return std::move(*result);
  }
  void drain() {
    while (queue.run_one()) {
    }
  }

  Result<std::vector<ResourceRow>> list(const std::string& session = "sesn_1") {
    return wait<std::vector<ResourceRow>>(
        [&](auto done) { api.list_resources(session, std::move(done)); });
  }
  Result<SessionInfo> session(const std::string& session = "sesn_1") {
    return wait<SessionInfo>([&](auto done) { api.get_session(session, std::move(done)); });
  }
  Result<FileMetadata> file(const std::string& id = "file_1") {
    return wait<FileMetadata>([&](auto done) { api.get_file(id, std::move(done)); });
  }
  Result<FileMetadata> upload(const UploadRequest& request) {
    return wait<FileMetadata>([&](auto done) { api.upload(request, std::move(done)); });
  }
  Result<FileRow> add(const AddFile& request = {"sesn_1", "file_1", "/a.txt"}) {
    return wait<FileRow>(
        [&](auto done) { api.add_file(request, {Permit::kTake}, std::move(done)); });
  }
  Result<Done> remove(const std::string& resource = "sesrsc_1") {
    return wait<Done>([&](auto done) {
      api.delete_resource("sesn_1", resource, {Permit::kTake}, std::move(done));
    });
  }

  GeneratedSource source;
  CompletionQueue queue;
  ApiThread thread;
  HttpSessionApi api;
};

}  // namespace sessync::test
