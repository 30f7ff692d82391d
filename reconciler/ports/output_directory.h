#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/content_sink.h"

namespace sessync::ports {

/// What is at a destination already.
struct OutputEntry {
  std::string name;        ///< raw bytes, one component
  std::uint64_t size = 0;  ///< bytes, of files
  bool is_file = true;     ///< false: a directory, a link or something else
};

/// A download on its way: invisible under its name until it is finished, gone if it is dropped.
class OutputFile : public ContentSink {
 public:
  /// Puts it in place under its name if it has exactly `size` bytes, never over something that is
  /// there already.
  virtual tl::expected<Done, std::string> finish(std::uint64_t size) = 0;
};

/// The port to one session's output destination, a directory of plain files. Errors say what
/// happened to which path. Nothing that was there before is ever overwritten or deleted: agents
/// choose the names of outputs, and people put files there as well.
class OutputDirectory {
 public:
  virtual ~OutputDirectory() = default;
  /// In any order, without what is still on its way. A destination that does not exist yet is
  /// empty.
  virtual tl::expected<std::vector<OutputEntry>, std::string> list() = 0;
  /// By what the directory of all outputs is told from any other, wherever it is moved to. "": it
  /// has no id, or does not exist.
  virtual tl::expected<std::string, std::string> id() = 0;
  /// The same; a directory that has none gets one, and one that does not exist is made.
  virtual tl::expected<std::string, std::string> identify() = 0;
  /// Begins a download of at most `size` bytes, for which there is to be room. `name` has been
  /// cleaned: one component, not "." or "..". Nothing is visible under it before finish().
  virtual tl::expected<std::shared_ptr<OutputFile>, std::string> create(const std::string& name,
                                                                        std::uint64_t size) = 0;
  /// Gives the file `from` the name `to`, never over something that is there already.
  virtual tl::expected<Done, std::string> move_aside(const std::string& from,
                                                     const std::string& to) = 0;
};

}  // namespace sessync::ports
