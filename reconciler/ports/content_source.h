#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::ports {

/// What an archive is made of.
struct ArchiveContent {
  manifest::ArchiveResource::Format format = manifest::ArchiveResource::Format::kTarGz;
  std::vector<ScannedFile> members;  ///< sorted by path
};

/// A file of the workspace together with the content that was planned for it; or a directory that
/// is packed into one file, whose bytes and size come to be only when it is opened.
struct ContentRef {
  std::string root;        ///< resolved workspace directory, absolute
  std::string path;        ///< below root; raw bytes
  std::string sha256;      ///< 64 lower-case hex digits; of an archive: of its member list
  std::uint64_t size = 0;  ///< of an archive: 0
  std::shared_ptr<const ArchiveContent> archive = nullptr;  ///< null: a file
  std::uint64_t max_size = 0;  ///< an archive that comes out larger is kTooLarge; 0: none is
};

/// Reads one planned content, once, from its beginning.
class ContentReader {
 public:
  virtual ~ContentReader() = default;

  /// Fills the front of `buffer`; 0 means the end. The last bytes are handed out only once the
  /// digest of all bytes, these included, equals the planned one; otherwise kSourceChanged. So a
  /// caller that has seen the end has seen exactly the planned content.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;

  /// Bytes in all, known from the beginning.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// Opens workspace content for uploading. Called from the thread that sends; for archives, which
/// take long to open, from any other thread.
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  /// kSourceChanged: it is not there any more, or not as planned; kTooLarge: an archive came out
  /// larger than it may be.
  virtual Result<std::unique_ptr<ContentReader>> open(const ContentRef& content) = 0;

  /// For shutdown. From now on open() of an archive fails, under way ones soon. Any thread.
  virtual void stop_packing() {}
};

}  // namespace sessync::ports
