#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "manifest/spec.h"
#include "reconciler/ports/output_directory.h"

namespace sessync::disk_outputs {

/// Where the outputs of every session go, and whether they may. Safe to use from many threads.
class OutputDestinations {
 public:
  struct Places {
    std::string outputs_dir;  ///< these are absolute
    std::string workspace;
    std::vector<std::string> reserved;  ///< the directories of the manifest, secrets and state
    int min_free = 0;                   ///< what has to stay free of the file system, in percent
  };
  explicit OutputDestinations(Places places) : places_(std::move(places)) {}

  /// What the manifest declares now: the sessions that it has, all of them.
  void declare(const std::vector<manifest::SessionSpec>& sessions);

  /// The destination of a session that has outputs, or why it may not be used.
  tl::expected<std::unique_ptr<ports::OutputDirectory>, std::string> open(
      const manifest::SessionSpec& session);

 private:
  const Places places_;
  std::mutex mutex_;
  std::set<std::string> sources_;
};

}  // namespace sessync::disk_outputs
