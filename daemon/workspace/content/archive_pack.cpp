#include "daemon/workspace/content/archive_pack.h"

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "daemon/os/pulse.h"
#include "daemon/os/sha256.h"
#include "daemon/workspace/content/content_error.h"
#include "daemon/workspace/read/file_stamp.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

constexpr std::size_t kArchiveBlockBytes = 64U << 10U;

struct FreeArchive {
  void operator()(archive* each) const { ::archive_write_free(each); }
};
struct FreeEntry {
  void operator()(archive_entry* each) const { ::archive_entry_free(each); }
};

/// Gives the calling thread, and no other, a locale of UTF-8 for as long as it lives: libarchive
/// marks a zip's names as UTF-8 only where the locale says that they are.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  explicit operator bool() const { return locale_ != nullptr; }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

bool is_ascii(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// A failure is kept here and not told to libarchive, which in the middle of a member would then
/// lose the memory of its compressor.
struct SpoolFile {
  int fd = -1;
  int error = 0;
};

int write_all(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

la_ssize_t write_block(archive* /*out*/, void* to, const void* bytes, std::size_t size) {
  auto& file = *static_cast<SpoolFile*>(to);
  if (file.error == 0) file.error = write_all(file.fd, {static_cast<const char*>(bytes), size});
  return static_cast<la_ssize_t>(size);
}

class Packer {
 public:
  Packer(const ports::ContentRef& content, const os::Beneath& root, const Spool& spool)
      : content_(content), root_(root), spool_(spool), file_{.fd = spool.fd} {}

  ports::Result<ports::Done> run() {
    if (ports::Result<ports::Done> ready = start(); !ready) return ready;
    for (const ports::ScannedFile& member : content_.archive->members) {
      if (ports::Result<ports::Done> added = add(member); !added) return added;
    }
    return checked(::archive_write_close(out_.get()));
  }

 private:
  ports::Result<ports::Done> start() {
    const bool is_zip = content_.archive->format == manifest::ArchiveResource::Format::kZip;
    if (is_zip && !locale_ &&
        !std::ranges::all_of(content_.archive->members, is_ascii, &ports::ScannedFile::path)) {
      return tl::unexpected(
          not_packed(content_,
                     "this machine has no C.UTF-8 locale, without which a zip's names come out "
                     "wrong; install it, or write archive: tar.gz"));
    }
    out_.reset(::archive_write_new());
    if (ports::Result<ports::Done> chosen = checked(is_zip ? choose_zip() : choose_tar_gz());
        !chosen) {
      return chosen;
    }
    ::archive_write_set_bytes_per_block(out_.get(), static_cast<int>(kArchiveBlockBytes));
    ::archive_write_set_bytes_in_last_block(out_.get(), 1);
    return checked(::archive_write_open(out_.get(), &file_, nullptr, write_block, nullptr));
  }

  int choose_zip() {
    const int done = ::archive_write_set_format_zip(out_.get());
    if (done != ARCHIVE_OK) return done;
    return ::archive_write_set_options(out_.get(),
                                       "zip:compression=deflate,zip:compression-level=6");
  }

  int choose_tar_gz() {
    int done = ::archive_write_set_format_gnutar(out_.get());
    if (done == ARCHIVE_OK) done = ::archive_write_add_filter_gzip(out_.get());
    if (done != ARCHIVE_OK) return done;
    return ::archive_write_set_options(out_.get(), "gzip:!timestamp,gzip:compression-level=6");
  }

  ports::Result<ports::Done> add(const ports::ScannedFile& member) {
    const std::string path = os::join_path(content_.path, member.path);
    // Links may lead anywhere inside: only bytes with the planned digest are handed out.
    const auto fd =
        root_.open_at(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, os::Beneath::Links::kFollow);
    if (!fd) return changed(path, "cannot be opened (" + os::error_text(fd.error()) + ")");
    struct stat status{};
    if (::fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return changed(path, "is not a regular file any more");
    }
    if (static_cast<std::uint64_t>(status.st_size) != member.size) {
      return changed(path, "has another size now");
    }
    if (is_executable(status) != member.executable) {
      return changed(path, member.executable ? "is not executable any more" : "is executable now");
    }
    if (ports::Result<ports::Done> written = checked(write_header(member)); !written)
      return written;
    return copy(member, path, fd->get());
  }

  int write_header(const ports::ScannedFile& member) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(::archive_entry_new());
    ::archive_entry_set_pathname(entry.get(), member.path.c_str());
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), member.executable ? 0755 : 0644);
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.size));
    // A zip's time is local and begins in 1980: anything before gives its first second everywhere.
    ::archive_entry_set_mtime(entry.get(), 0, 0);
    ::archive_entry_set_uid(entry.get(), 0);
    ::archive_entry_set_gid(entry.get(), 0);
    return ::archive_write_header(out_.get(), entry.get());
  }

  ports::Result<ports::Done> copy(const ports::ScannedFile& member, const std::string& path,
                                  int fd) {
    digest_.restart();
    std::uint64_t done = 0;
    while (true) {
      const ssize_t count = ::read(fd, block_.data(), block_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return changed(path, "cannot be read (" + os::error_text(errno) + ")");
      if (count == 0) break;
      const std::span<const char> bytes(block_.data(), static_cast<std::size_t>(count));
      os::beat();
      done += bytes.size();
      if (done > member.size) break;
      digest_.update(bytes);
      if (ports::Result<ports::Done> written = write(bytes); !written) return written;
    }
    if (done != member.size) return changed(path, "has another size now");
    if (os::to_hex(digest_.finish()) != member.sha256)
      return changed(path, "has other content now");
    return ports::Done{};
  }

  ports::Result<ports::Done> write(std::span<const char> bytes) {
    const la_ssize_t count = ::archive_write_data(out_.get(), bytes.data(), bytes.size());
    const bool all = count >= 0 && static_cast<std::size_t>(count) == bytes.size();
    return checked(all ? ARCHIVE_OK : ARCHIVE_FATAL);
  }

  [[nodiscard]] tl::unexpected<ports::ApiError> changed(const std::string& path,
                                                        const std::string& what) const {
    return tl::unexpected(source_changed(content_, path, what));
  }

  /// A warning is a fault too: a member was not written as it should be.
  [[nodiscard]] ports::Result<ports::Done> checked(int result) const {
    if (spool_.stopped != nullptr && *spool_.stopped) return tl::unexpected(not_finished(content_));
    if (file_.error != 0) {
      return tl::unexpected(not_packed(
          content_, "writing to the spool directory " + manifest::printable(spool_.directory) +
                        " failed (" + os::error_text(file_.error) +
                        "); nothing was uploaded. Make room there, or name another directory in "
                        "TMPDIR"));
    }
    if (result == ARCHIVE_OK) return ports::Done{};
    const char* const text = ::archive_error_string(out_.get());
    return tl::unexpected(not_packed(
        content_, os::foreign_text(text == nullptr ? "libarchive gives no reason" : text) +
                      "; nothing was uploaded. Exclude what it is about, or mirror the directory"));
  }

  const ports::ContentRef& content_;
  const os::Beneath& root_;
  const Spool& spool_;
  Utf8Locale locale_;
  SpoolFile file_;  // outlives what writes to it
  std::unique_ptr<archive, FreeArchive> out_;
  std::vector<char> block_ = std::vector<char>(kArchiveBlockBytes);
  os::Sha256Stream digest_;
};

}  // namespace

ports::Result<ports::Done> pack_archive(const ports::ContentRef& content, const os::Beneath& root,
                                        const Spool& spool) {
  return Packer(content, root, spool).run();
}

}  // namespace sessync::workspace
