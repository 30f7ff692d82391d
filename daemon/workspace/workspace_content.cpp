#include "daemon/workspace/workspace_content.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/workspace/beneath.h"
#include "daemon/workspace/names.h"
#include "daemon/workspace/sha256.h"
#include "manifest/utf8.h"

namespace sessync {
namespace {

tl::unexpected<ApiError> changed(const ContentRef& content, const std::string& what) {
  ApiError error;
  error.kind = ApiError::Kind::kSourceChanged;
  error.code = "source_changed";
  error.message = printable(join_path(content.root, content.path)) + " " + what +
                  "; nothing was uploaded, the next pass looks at it again";
  return tl::unexpected(std::move(error));
}

/// The planned size tells which bytes are the last ones, so nothing has to be kept back in memory.
class FileReader : public ContentReader {
 public:
  FileReader(ContentRef content, UniqueFd fd) : content_(std::move(content)), fd_(std::move(fd)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::uint64_t left = content_.size - done_;
    if (left == 0) return verified_ ? Result<std::size_t>(0) : verify(0);
    const auto wanted = std::min<std::uint64_t>(left, buffer.size());
    if (wanted == 0) return 0;
    const ssize_t count = read_some(buffer.first(wanted));
    if (count < 0) return changed(content_, "cannot be read (" + error_text(errno) + ")");
    if (count == 0) return changed(content_, "became shorter");
    const auto got = static_cast<std::size_t>(count);
    digest_.update(buffer.first(got));
    done_ += got;
    return done_ == content_.size ? verify(got) : Result<std::size_t>(got);
  }

  [[nodiscard]] std::uint64_t size() const override { return content_.size; }

 private:
  [[nodiscard]] ssize_t read_some(std::span<char> buffer) const {
    ssize_t count = -1;
    do {
      count = ::read(fd_.get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    return count;
  }

  Result<std::size_t> verify(std::size_t last) {
    if (to_hex(digest_.finish()) != content_.sha256)
      return changed(content_, "has other content now");
    verified_ = true;
    return last;
  }

  ContentRef content_;
  UniqueFd fd_;
  Sha256Stream digest_;
  std::uint64_t done_ = 0;
  bool verified_ = false;
};

}  // namespace

Result<std::unique_ptr<ContentReader>> WorkspaceContent::open(const ContentRef& content) {
  const auto root = Beneath::open(content.root);
  if (!root) return changed(content, "is not there any more (" + error_text(root.error()) + ")");
  // Links may lead anywhere inside: only bytes with the planned digest get out.
  auto fd = root->open_at(content.path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Beneath::Links::kFollow);
  if (!fd) return changed(content, "cannot be opened (" + error_text(fd.error()) + ")");
  struct stat status{};
  if (::fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return changed(content, "is not a regular file any more");
  }
  return std::make_unique<FileReader>(content, std::move(*fd));
}

}  // namespace sessync
