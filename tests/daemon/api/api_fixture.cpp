#include "tests/daemon/api/api_fixture.h"

#include <algorithm>

#include <sys/resource.h>

namespace sessync::test {
namespace {

class GeneratedReader : public ports::ContentReader {
 public:
  GeneratedReader(std::uint64_t size, std::optional<std::uint64_t> fails_after)
      : size_(size), fails_after_(fails_after) {}

  ports::Result<std::size_t> read(std::span<char> buffer) override {
    const std::uint64_t end = std::min(size_, fails_after_.value_or(size_));
    const std::uint64_t count = std::min<std::uint64_t>(buffer.size(), end - at_);
    if (count == 0 && fails_after_) {
      ports::ApiError error;
      error.kind = ports::ApiError::Kind::kSourceChanged;
      error.message = "a.txt changed while it was read";
      return tl::unexpected(error);
    }
    for (std::uint64_t i = 0; i < count; ++i) buffer[i] = generated_byte(at_ + i);
    at_ += count;
    return count;
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  std::uint64_t size_;
  std::optional<std::uint64_t> fails_after_;
  std::uint64_t at_ = 0;
};

}  // namespace

ports::Result<std::unique_ptr<ports::ContentReader>> GeneratedSource::open(
    const ports::ContentRef& content) {
  if (content.archive == nullptr) {
    return std::make_unique<GeneratedReader>(content.size, fails_after);
  }
  return pack().map([](std::uint64_t size) -> std::unique_ptr<ports::ContentReader> {
    return std::make_unique<GeneratedReader>(size, std::nullopt);
  });
}

char generated_byte(std::uint64_t index) { return static_cast<char>('a' + index % 23); }

std::string generated(std::uint64_t size) {
  std::string text(size, ' ');
  for (std::uint64_t i = 0; i < size; ++i) text[i] = generated_byte(i);
  return text;
}

api::ApiOptions options_for(const std::string& url) {
  api::ApiOptions options;
  options.base_url = url;
  options.key.current = [] { return ports::Secret(kKey); };
  return options;
}

ports::UploadRequest upload_of(const std::string& sha256, std::uint64_t size,
                               const std::string& filename) {
  return {"me", filename, {"/workspace", "a.txt", sha256, size}};
}

ports::UploadRequest archive_upload_of(const std::string& sha256) {
  const auto archive = std::make_shared<const ports::ArchiveContent>();
  return {"me", "sessync.me.0123.a.tar.gz", {"/workspace", "a", sha256, 0, archive}};
}

std::string file_json(const std::string& id, std::uint64_t size) {
  return R"({"id":")" + id + R"(","type":"file","filename":"a.txt","size_bytes":)" +
         std::to_string(size) + R"(,"created_at":"2026-11-20T10:00:00Z","downloadable":false})";
}

std::string resource_json(const std::string& id) {
  return R"({"id":")" + id +
         R"(","type":"file","file_id":"file_c","mount_path":"/mnt/session/uploads/a.txt"})";
}

std::string list_json(const std::string& rows, const std::string& next) {
  const std::string cursor = next.empty() ? "" : R"(,"next_page":")" + next + "\"";
  return R"({"data":[)" + rows + "]" + cursor + "}";
}

std::string error_json(const std::string& type, const std::string& message) {
  return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message +
         R"("},"request_id":"req_1"})";
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace sessync::test
