#include "daemon/workspace/content/verified_reader.h"

#include <algorithm>
#include <cerrno>

#include "daemon/os/path_text.h"
#include "daemon/workspace/content/content_error.h"

namespace sessync::workspace {
ports::Result<std::size_t> VerifiedReader::read(std::span<char> buffer) {
  const std::uint64_t left = content_.size - done_;
  if (left == 0) return verified_ ? ports::Result<std::size_t>(0) : verify(0);
  const auto wanted = std::min<std::uint64_t>(left, buffer.size());
  if (wanted == 0) return 0;
  const ssize_t count = raw_(buffer.first(wanted));
  if (count < 0) return content_changed(content_, "cannot be read (" + os::error_text(errno) + ")");
  if (count == 0) return content_changed(content_, "became shorter");
  const auto got = static_cast<std::size_t>(count);
  digest_.update(buffer.first(got));
  done_ += got;
  return done_ == content_.size ? verify(got) : ports::Result<std::size_t>(got);
}

ports::Result<std::size_t> VerifiedReader::verify(std::size_t last) {
  if (os::to_hex(digest_.finish()) != content_.sha256)
    return content_changed(content_, "has other content now");
  verified_ = true;
  return last;
}

}  // namespace sessync::workspace
