#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "reconciler/result.h"

namespace sessync {

/// A file of the workspace together with the content that was planned for it.
struct ContentRef {
  std::string root;    ///< resolved workspace directory, absolute
  std::string path;    ///< below root; raw bytes
  std::string sha256;  ///< 64 lower-case hex digits
  std::uint64_t size = 0;
};

/// Reads one planned content, once, from its beginning.
class ContentReader {
 public:
  virtual ~ContentReader() = default;

  /// Fills the front of `buffer`; 0 means the end. The last bytes are handed out only once the
  /// digest of all bytes, these included, equals the planned one; otherwise kSourceChanged. So a
  /// caller that has seen the end has seen exactly the planned content.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

/// Opens workspace content for uploading. Implementations are called from the thread that sends.
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  virtual Result<std::unique_ptr<ContentReader>> open(const ContentRef& content) = 0;
};

}  // namespace sessync
