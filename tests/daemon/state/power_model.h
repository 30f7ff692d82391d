#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/daemon/state/power_vfs.h"

namespace sessync {

/// Decides each question of one disk after a power loss; all answers in turn while they are few,
/// otherwise random ones.
class Choices {
 public:
  Choices(std::uint64_t seed, std::size_t limit) : random_(seed), limit_(limit) {}
  /// A number below `count`.
  std::size_t pick(std::size_t count);
  /// Goes on to the next answers; false: that was all of it.
  bool next();

 private:
  struct Digit {
    std::size_t value = 0;
    std::size_t count = 1;
  };
  std::mt19937_64 random_;
  std::size_t limit_;
  std::size_t taken_ = 0;
  std::size_t position_ = 0;
  bool guess_ = false;
  std::vector<Digit> digits_;
};

/// What a disk may hold when the power goes: all that was synced, and of what was not any part,
/// in any order, torn at any sector.
class PowerModel {
 public:
  using Disk = std::map<std::string, std::string>;  ///< file name -> content

  /// `names` exist from the start, empty.
  explicit PowerModel(const std::vector<std::string>& names);
  void apply(const DiskEvent& event);
  [[nodiscard]] Disk lose_power(Choices& choices) const;

 private:
  struct Inode {
    std::string synced;
    std::vector<DiskEvent> pending;  ///< writes and truncations
  };
  /// What was to be found under one name since the directory was synced; nothing: no file.
  struct Entry {
    std::vector<std::optional<Inode>> history{std::nullopt};
  };

  void sync_directory();
  static void carry_out(const DiskEvent& event, std::string& content);
  static void carry_out_part(const DiskEvent& event, std::string& content, Choices& choices);

  std::map<std::string, Entry> entries_;
};

}  // namespace sessync
