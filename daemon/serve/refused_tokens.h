#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace sessync::serve {

/// Keeps guessing slow: after ten tokens that were refused the next wrong one from the address has
/// to wait for a while, longer with each one more, up to a minute. An address that is quiet for ten
/// minutes is forgotten. Requests without any token cost nothing. What it keeps grows with the
/// addresses that guess: one entry each. Times are of the steady clock and given by the caller. Any
/// thread.
class RefusedTokens {
 public:
  using Clock = std::chrono::steady_clock;

  /// How long a wrong token from there is told to wait; zero: it is the next guess.
  [[nodiscard]] std::chrono::seconds pause(const std::string& address, Clock::time_point now) const;

  /// A request was refused. `guessed`: it brought a wrong token, and not in a pause.
  void note(const std::string& address, bool guessed, Clock::time_point now);

  /// How many were refused since this was last said; nothing: it was within the last minute.
  std::optional<std::uint64_t> to_tell(Clock::time_point now);

 private:
  /// An address, or several that one may choose freely among; see guesser_at().
  struct Guesser {
    std::uint64_t refused = 0;
    Clock::time_point last;
    Clock::time_point listens_again;  ///< until then pause() is not zero
  };

  /// With the mutex held, as what is below it.
  void forget_old(Clock::time_point now);

  mutable std::mutex mutex_;
  std::map<std::string, Guesser> guessers_;
  std::uint64_t untold_ = 0;  ///< refused since the log said so last
  std::optional<Clock::time_point> told_;
};

/// Who is taken for one guesser: an address of IPv4, or the 64 bits of one of IPv6 that its holder
/// cannot choose.
std::string guesser_at(const std::string& address);

}  // namespace sessync::serve
