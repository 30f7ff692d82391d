#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "manifest/mount_path.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::desired {

/// What the rules against accidents keep out of a session although its entries select it.
class LeftOutPaths {
 public:
  /// `source`: where it lies in the workspace; `mount`: where it would be mounted. What several
  /// entries leave out counts once.
  void add(const ports::LeftOut& what, const std::string& source, const std::string& mount);

  /// Why what is mounted at `path` stays, and what can be done about it: an earlier version put it
  /// there, and a rule that it did not have leaves it out now. Null: that is not so.
  [[nodiscard]] const ports::LeftOut* find(const manifest::MountPath& path) const;

  /// How much of it there is; of what is in a directory nothing is known.
  struct Count {
    std::size_t files = 0;
    std::size_t directories = 0;
    std::vector<std::string> first;  ///< in the workspace, at most three, directories with a "/"
    [[nodiscard]] bool none() const { return files == 0 && directories == 0; }
  };
  [[nodiscard]] Count count() const;

 private:
  std::set<std::string> sources_;  ///< directories with a "/" at the end
  /// Mounted by an earlier version, if at all. Their paths are those in the workspace.
  std::map<manifest::MountPath, ports::LeftOut> lately_;
};

/// What it is blocked as if it is mounted all the same.
BlockCode code_of(const ports::LeftOut& what);

/// For operators: what it is, what it means, what to do. `path` of `what` is that in the workspace.
std::string describe(const ports::LeftOut& what);

/// "3 files and 1 directory (.env, certs/server.key, .git/, ...)". `count` is not none().
std::string describe(const LeftOutPaths::Count& count);

}  // namespace sessync::desired
