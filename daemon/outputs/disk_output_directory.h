#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/os/unique_fd.h"
#include "reconciler/ports/output_directory.h"

namespace sessync::disk_outputs {

/// A destination below --outputs-dir. Where the outputs directory itself is may be said through
/// links; below it none is followed, so that whatever is planted there nothing else is touched.
/// Both are made when the first output is created.
///
/// What is on its way is a hidden file beside its place, locked while somebody writes it; list()
/// removes those that a killed process left behind.
class DiskOutputDirectory : public ports::OutputDirectory {
 public:
  /// `destination` is relative, without ".." (the manifest's reader sees to it). `min_free`: what
  /// has to stay free of the file system, in percent.
  DiskOutputDirectory(std::string outputs_dir, const std::string& destination, int min_free = 0);

  tl::expected<std::vector<ports::OutputEntry>, std::string> list() override;
  tl::expected<std::string, std::string> id() override;
  tl::expected<std::string, std::string> identify() override;
  tl::expected<std::shared_ptr<ports::OutputFile>, std::string> create(const std::string& name,
                                                                       std::uint64_t size) override;
  tl::expected<ports::Done, std::string> move_aside(const std::string& from,
                                                    const std::string& to) override;

 private:
  enum class Missing { kMake, kLeave };
  using Opened = tl::expected<os::UniqueFd, std::string>;

  /// The destination; with kLeave an empty fd if it does not exist.
  [[nodiscard]] Opened open(Missing missing) const;
  [[nodiscard]] Opened open_root(Missing missing) const;

  std::string outputs_dir_;
  std::vector<std::string> parts_;  ///< of the destination
  std::string path_;                ///< for messages
  int min_free_;
};

}  // namespace sessync::disk_outputs
