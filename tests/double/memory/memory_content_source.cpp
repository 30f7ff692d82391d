#include "tests/double/memory/memory_content_source.h"

#include <algorithm>
#include <utility>

#include "tests/double/model/model_types.h"

namespace sessync {

namespace {

ports::ApiError source_changed(const std::string& path) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kSourceChanged;
  error.message = path + " is no longer what was planned; nothing was uploaded";
  return error;
}

class MemoryReader : public ports::ContentReader {
 public:
  MemoryReader(std::string bytes, ports::ContentRef content)
      : bytes_(std::move(bytes)), content_(std::move(content)) {}

  ports::Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::min(buffer.size(), bytes_.size() - at_);
    const bool is_last = at_ + count == bytes_.size();
    if (is_last && content_.archive == nullptr && model::sha256_hex(bytes_) != content_.sha256) {
      return tl::unexpected(source_changed(content_.path));
    }
    std::copy_n(bytes_.data() + at_, count, buffer.data());
    at_ += count;
    return count;
  }

  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  ports::ContentRef content_;
  std::size_t at_ = 0;
};

}  // namespace

ports::ContentRef MemoryContentSource::put(const std::string& path, std::string bytes) {
  ports::ContentRef ref{"/memory", path, model::sha256_hex(bytes), bytes.size()};
  files_[path] = std::move(bytes);
  return ref;
}

ports::ContentRef MemoryContentSource::put_archive(const std::string& path,
                                                   const ports::ArchiveContent& archive,
                                                   std::string bytes) {
  std::string members;
  for (const ports::ScannedFile& member : archive.members) {
    members += member.path + " " + member.sha256 + "\n";
  }
  files_[path] = std::move(bytes);
  return {"/memory", path, model::sha256_hex(members), 0,
          std::make_shared<const ports::ArchiveContent>(archive)};
}

ports::Result<std::unique_ptr<ports::ContentReader>> MemoryContentSource::open(
    const ports::ContentRef& content) {
  const auto found = files_.find(content.path);
  if (found == files_.end()) {
    return tl::unexpected(source_changed(content.path));
  }
  return std::make_unique<MemoryReader>(found->second, content);
}

}  // namespace sessync
