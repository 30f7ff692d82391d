#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace sessync::os {

/// What stays possible at a place, and everywhere below it.
struct FileRule {
  enum class Right {
    kRead,     ///< files are read, directories listed
    kChange,   ///< that, and files, directories and sockets are made, written and removed
    kScratch,  ///< files are made, written, read and removed
    kUse,      ///< what is there is read and written: devices
  };
  std::string path;
  Right right = Right::kRead;
};

/// From now on the calling thread, and those that it starts, open no file that no rule covers, run
/// no program, and gain no privileges; what is open already stays so. Which file a rule is about is
/// decided now: what takes its place later is another one. Paths that are not there are skipped.
/// The error says why the kernel cannot do that, or does not; nothing has changed then. To be
/// called before the first thread is started.
tl::expected<void, std::string> confine_files(const std::vector<FileRule>& rules);

}  // namespace sessync::os
