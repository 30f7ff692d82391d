#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/os/landlock.h"

namespace sessync::app {

/// Gathers what a process must still be able to open. Paths are absolute. The first thing that no
/// rule can cover is kept, in the words of its kind: "the workspace /w: ...".
class SandboxPlaces {
 public:
  /// What is read and may be swapped as a whole: the directory, or the one that a file lies in, and
  /// each directory that holds a link on the way, so that a link which is changed later leads to
  /// what is covered. One that leads out of its directory could lead anywhere. What is not there
  /// yet is covered by the directory in which it will be.
  void read(const std::string& what, const std::string& path);

  /// Also what takes the place of this directory later: it may be made anew, or something mounted
  /// over it. Not where everything else that matters lies beside it, which is in the root directory
  /// and in `home`.
  void read_successors(const std::string& path, const std::string& home);

  /// What belongs to the system: where it lies now. Nothing, if it is not there.
  void read_system(const std::string& path);
  /// The same of a file that has to be read: it may be made, or replaced, at any time.
  void read_system_file(const std::string& what, const std::string& path);

  /// A directory as it is now; one that is not there is not covered.
  void allow(os::FileRule::Right right, const std::string& what, const std::string& path);

  /// Or why there cannot be any.
  [[nodiscard]] tl::expected<std::vector<os::FileRule>, std::string> rules() const;

 private:
  void add(os::FileRule::Right right, std::string path);
  void cannot(const std::string& what, const std::string& path, const std::string& why);

  std::vector<os::FileRule> rules_;
  std::string uncovered_;  ///< "": nothing
};

}  // namespace sessync::app
