#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/os/unique_fd.h"
#include "reconciler/ports/output_directory.h"

namespace sessync::disk_outputs {

/// Where an output is going.
struct OutputPlace {
  os::UniqueFd directory;  ///< readable, so that it can be made durable
  std::string name;        ///< in it
  std::string path;        ///< for messages
};

/// The bytes that it may take, and how much of the file system is to stay free then, in percent.
struct OutputRoom {
  std::uint64_t size = 0;
  int min_free = 0;
};

/// A new temporary file beside its place, with the room that it may take set aside, where the file
/// system can do that.
tl::expected<std::shared_ptr<ports::OutputFile>, std::string> create_output_file(OutputPlace place,
                                                                                 OutputRoom room);

/// Whether an entry of a destination has the form of our temporary files.
bool is_temporary_name(std::string_view name);

/// Removes a temporary file that nobody writes any more; leaves anything else alone.
void remove_if_abandoned(int directory, const std::string& name);

/// Renames within `directory` unless `to` exists. An errno, or 0.
int rename_without_replacing(int directory, const std::string& from, const std::string& to);

}  // namespace sessync::disk_outputs
