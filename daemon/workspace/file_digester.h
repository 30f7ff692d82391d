#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/workspace/digest_cache.h"
#include "daemon/workspace/restless_files.h"
#include "daemon/workspace/stable_read.h"

namespace sessync {

/// Work done by the scans of one scanner.
struct ScanCounters {
  std::atomic<std::uint64_t> files_hashed{0};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> directories_read{0};
  ReadCounters reads;
};

struct Digested {
  Sha256 digest{};
  std::uint64_t size = 0;
  bool executable = false;
};
using DigestResult = tl::expected<Digested, StableReadError>;

/// Reads and hashes files, and remembers what came out.
class FileDigester {
 public:
  using AfterRead = std::function<void(const std::string& path)>;

  FileDigester(DigestCache& cache, ScanCounters& counters, RestlessFiles& restless,
               const AfterRead& after_read)
      : cache_(cache), counters_(counters), restless_(restless), after_read_(after_read) {}

  DigestResult digest(const Beneath& root, const std::string& path, Patience& patience);

  /// The results in the order of `paths`. Many files are read by two threads.
  std::vector<DigestResult> digest_all(const Beneath& root, const std::vector<std::string>& paths,
                                       Patience& patience);

 private:
  tl::expected<StableRead, StableReadError> read(const Beneath& root, const std::string& path,
                                                 Patience& patience, const ByteSink& sink);

  DigestCache& cache_;
  ScanCounters& counters_;
  RestlessFiles& restless_;
  const AfterRead& after_read_;
};

}  // namespace sessync
