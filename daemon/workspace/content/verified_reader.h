#pragma once

#include <functional>
#include <span>

#include <sys/types.h>

#include "daemon/os/sha256.h"
#include "reconciler/ports/content_source.h"

namespace sessync::workspace {

/// Where the bytes of one file come from: fills the front of the buffer, 0 at the end, -1 with
/// errno set on an error.
using RawRead = std::function<ssize_t(std::span<char>)>;

/// Hands out the planned content of a file and nothing else: the last bytes leave it only once the
/// digest of all of them is the planned one. The planned size tells which bytes are the last ones,
/// so nothing has to be kept back in memory.
class VerifiedReader : public ports::ContentReader {
 public:
  VerifiedReader(ports::ContentRef content, RawRead raw)
      : content_(std::move(content)), raw_(std::move(raw)) {}

  ports::Result<std::size_t> read(std::span<char> buffer) override;
  [[nodiscard]] std::uint64_t size() const override { return content_.size; }

 private:
  ports::Result<std::size_t> verify(std::size_t last);

  ports::ContentRef content_;
  RawRead raw_;
  os::Sha256Stream digest_;
  std::uint64_t done_ = 0;
  bool verified_ = false;
};

}  // namespace sessync::workspace
