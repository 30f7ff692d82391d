#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "daemon/workspace/read/digest_cache.h"
#include "daemon/workspace/read/stable_read.h"

namespace sessync::workspace {

struct Digested {
  FileContent content;
  std::uint64_t size = 0;
  bool executable = false;
};
using DigestResult = tl::expected<Digested, StableReadError>;

/// A file that is being read and hashed, a piece at a time. One thread at a time.
class DigestTask {
 public:
  virtual ~DigestTask() = default;
  /// Reads at most so many bytes more. Nothing: there are more.
  virtual std::optional<DigestResult> step(std::uint64_t at_most) = 0;
  [[nodiscard]] virtual std::uint64_t done() const = 0;  ///< bytes
  /// How the file looked when it was read to its end.
  [[nodiscard]] virtual FileStamp stamp() const = 0;
};

using DigestTaskFactory =
    std::function<std::unique_ptr<DigestTask>(const std::string& root, const std::string& path)>;

}  // namespace sessync::workspace
