#include "daemon/workspace/content/workspace_content.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/beneath.h"
#include "daemon/os/path_text.h"
#include "daemon/workspace/content/archive_pack.h"
#include "daemon/workspace/content/content_error.h"
#include "daemon/workspace/content/spool_file.h"
#include "daemon/workspace/content/verified_reader.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

ports::Result<std::uint64_t> size_of(const ports::ContentRef& content, int fd) {
  struct stat status{};
  if (::fstat(fd, &status) == 0) return static_cast<std::uint64_t>(status.st_size);
  return tl::unexpected(not_packed(content, "the spool is lost (" + os::error_text(errno) + ")"));
}

RawRead from_file(os::UniqueFd fd) {
  return [fd = std::make_shared<os::UniqueFd>(std::move(fd))](std::span<char> buffer) {
    ssize_t count = -1;
    do {
      count = ::read(fd->get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    return count;
  };
}

/// What was verified while it was packed, from a file that nobody else can find.
class SpoolReader : public ports::ContentReader {
 public:
  SpoolReader(ports::ContentRef content, os::UniqueFd fd, std::uint64_t size)
      : content_(std::move(content)), fd_(std::move(fd)), size_(size) {}

  ports::Result<std::size_t> read(std::span<char> buffer) override {
    const auto wanted = std::min<std::uint64_t>(size_ - done_, buffer.size());
    if (wanted == 0) return 0;
    ssize_t count = -1;
    do {
      count = ::pread(fd_.get(), buffer.data(), wanted, static_cast<off_t>(done_));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
      const std::string why = count == 0 ? "it became shorter" : os::error_text(errno);
      return tl::unexpected(not_packed(content_, "the spool cannot be read back (" + why + ")"));
    }
    done_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  ports::ContentRef content_;
  os::UniqueFd fd_;
  std::uint64_t size_;
  std::uint64_t done_ = 0;
};

ports::Result<std::unique_ptr<ports::ContentReader>> open_archive(
    const ports::ContentRef& content, const os::Beneath& root, const std::string& spool_directory,
    const std::atomic<bool>& stopped) {
  auto fd = open_spool(spool_directory);
  if (!fd) {
    return tl::unexpected(not_packed(
        content, "no spool file can be made in " + manifest::printable(spool_directory) + " (" +
                     os::error_text(fd.error()) +
                     "); nothing was uploaded. Make it writable, or name another directory in "
                     "TMPDIR"));
  }
  const auto packed = pack_archive(
      content, root, {.fd = fd->get(), .directory = spool_directory, .stopped = &stopped});
  if (!packed) return tl::unexpected(packed.error());
  const auto size = size_of(content, fd->get());
  if (!size) return tl::unexpected(size.error());
  if (content.max_size > 0 && *size > content.max_size) {
    return tl::unexpected(too_large(content, *size));
  }
  return std::make_unique<SpoolReader>(content, std::move(*fd), *size);
}

std::string temporary_directory() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : path.string();
}

}  // namespace

WorkspaceContent::WorkspaceContent() : WorkspaceContent(temporary_directory()) {}

ports::Result<std::unique_ptr<ports::ContentReader>> WorkspaceContent::open(
    const ports::ContentRef& content) {
  const auto root = os::Beneath::open(content.root);
  if (!root) {
    return content_changed(content, "is not there any more (" + os::error_text(root.error()) + ")");
  }
  if (content.archive) return open_archive(content, *root, spool_directory_, stopped_);
  // Links may lead anywhere inside: only bytes with the planned digest get out.
  auto fd =
      root->open_at(content.path, O_RDONLY | O_NONBLOCK | O_NOCTTY, os::Beneath::Links::kFollow);
  if (!fd) return content_changed(content, "cannot be opened (" + os::error_text(fd.error()) + ")");
  struct stat status{};
  if (::fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return content_changed(content, "is not a regular file any more");
  }
  return std::make_unique<VerifiedReader>(content, from_file(std::move(*fd)));
}

}  // namespace sessync::workspace
