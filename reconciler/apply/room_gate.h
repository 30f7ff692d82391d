#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "reconciler/ports/inventory.h"

namespace sessync::apply {

/// Finds out, while files are added, whether a session is full.
///
/// An add that is refused while the session holds as many files as it ever did may have been
/// refused for want of room, or for its own sake. So the adds under way are answered first, then
/// one more is sent alone: if that is accepted, there was room; if it is refused too, the session
/// is full, and no further add is sent. Adds that have freed their own place (swaps) are kept apart
/// from the others where there may be no room for both: what a swap has freed must be left to it.
///
/// The API names no cap, and refuses one file too many with an error like any other, so only counts
/// tell. Not synchronised; callbacks run inside the calls that let them go on.
class RoomGate {
 public:
  /// What was found out, once it is known.
  struct Hooks {
    /// `rows` is set in each: 0 if it was refused for its own sake.
    std::function<void(std::vector<ports::Refusal>)> judged;
    /// The session is full; `last` says so.
    std::function<void(ports::Refusal last)> full;
    /// It holds more than the cap that was known.
    std::function<void()> cap_was_wrong;
  };

  /// `rows` is what the session holds, `most` the most that it ever held, `cap` what is known from
  /// earlier passes.
  RoomGate(std::uint64_t rows, std::uint64_t most, std::optional<std::uint64_t> cap, Hooks hooks)
      : rows_(rows), most_(most), cap_(cap), hooks_(std::move(hooks)) {}

  /// `go(true)`: the add may be sent; leave_add() when its fate is known. `go(false)`: it may not.
  void enter_add(std::function<void(bool)> go);
  void leave_add();
  void enter_swap(std::function<void()> go);
  void leave_swap();

  /// Every row that comes or goes is told, or the counts are wrong. A file row came to be;
  /// `in_new_place`: by an add that had freed none.
  void accepted(bool in_new_place);
  void deleted();
  /// An add was refused that had freed no place.
  void refused(ports::Refusal refusal);
  /// No further add comes.
  void finish();

  [[nodiscard]] bool is_shut() const { return shut_; }
  [[nodiscard]] std::uint64_t most() const { return most_; }

 private:
  [[nodiscard]] bool must_probe() const;
  [[nodiscard]] bool may_be_full() const;
  [[nodiscard]] bool has_room_for_both() const;
  void advance();
  bool step();
  bool turn_away();
  bool start_swap();
  bool start_add();
  /// True if the refused adds are accounted for.
  bool judge();
  void report(std::uint64_t rows);

  std::uint64_t rows_;
  std::uint64_t most_;
  std::optional<std::uint64_t> cap_;
  Hooks hooks_;
  std::deque<std::function<void(bool)>> waiting_adds_;
  std::deque<std::function<void()>> waiting_swaps_;
  std::size_t adds_ = 0;   ///< under way
  std::size_t swaps_ = 0;  ///< under way
  std::vector<ports::Refusal> suspects_;
  bool probing_ = false;  ///< the add that is under way was sent alone, to find out
  bool probe_was_refused_ = false;
  bool has_grown_ = false;
  bool shut_ = false;
  bool advancing_ = false;
};

}  // namespace sessync::apply
