#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "manifest/manifest.h"
#include "reconciler/ports/loop.h"
#include "tests/simulation/declared.h"

namespace sessync::simulation {

/// A file of the manifest as the daemon finds it.
struct TeamFile {
  std::string name;
  DeclaredSet set;
  bool is_broken = false;
};

/// Several teams, each with a file of the manifest of its own: what they may do to each other,
/// which is nothing. Judges each manifest that comes into force by those before.
class Teams {
 public:
  /// What is wrong with it; then it counts as what is in force.
  std::optional<std::string> judge(const std::vector<TeamFile>& files,
                                   const manifest::Manifest& manifest, ports::TimePoint now);
  /// The process is a new one: what it had in memory is gone.
  void restarted();
  void state_lost() {
    owner_.clear();
    had_.clear();
    waiting_.clear();
  }

 private:
  using Session = std::pair<std::string, std::string>;  ///< file, name

  /// What a file had that was there less than a minute ago is still its own, except for one that
  /// did not want it before.
  void note_gone(const std::vector<TeamFile>& files, ports::TimePoint now);
  [[nodiscard]] bool is_kept(const std::vector<TeamFile>& files, const std::string& key) const;
  /// What files want and another one has.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> waiting(
      const std::vector<TeamFile>& files) const;
  [[nodiscard]] bool waits(const TeamFile& file, const std::string& key) const {
    return waiting_.contains({file.name, key});
  }
  [[nodiscard]] bool is_let_go(const std::vector<TeamFile>& files, const std::string& key) const;
  void decide_owner(const std::vector<TeamFile>& files);
  [[nodiscard]] bool stands(const TeamFile& file) const {
    return !file.is_broken && file.set.owner == owner_;
  }
  [[nodiscard]] std::set<std::string> wanted(const TeamFile& file) const;
  [[nodiscard]] bool may_have(const std::vector<TeamFile>& files, const std::string& file,
                              const std::string& key) const;
  [[nodiscard]] std::optional<std::string> judge_taken(const std::vector<TeamFile>& files,
                                                       const manifest::Manifest& manifest) const;
  [[nodiscard]] std::optional<std::string> judge_kept(const std::vector<TeamFile>& files,
                                                      const manifest::Manifest& manifest) const;
  void take(const std::vector<TeamFile>& files, const manifest::Manifest& manifest);

  std::string owner_;                             ///< in force; kept with the state
  std::map<std::string, std::string> had_;        ///< name or id: whose file; kept with the state
  std::set<Session> in_force_;                    ///< in this life
  std::map<std::string, ports::TimePoint> gone_;  ///< files, since when
  std::set<std::string> lately_gone_;
  std::set<std::pair<std::string, std::string>> waiting_;  ///< file, key; kept with the state
};

}  // namespace sessync::simulation
