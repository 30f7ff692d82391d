#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/os/beginnings.h"
#include "daemon/os/retired_secrets.h"
#include "reconciler/ports/secret.h"

namespace sessync::os {

/// The secrets that this process has, for whoever is about to show a text that somebody else wrote.
/// They are recognised as they are, percent-encoded, as JSON writes them, and inside of base64.
/// Safe to use from many threads.
class LiveSecrets {
 public:
  enum class Life {
    kProcess,  ///< of the configuration: known until the end
    kUse,      ///< read again and again, or replaced: the least recently added one makes way
  };

  /// Anything shorter is a word: without it no message could be read any more.
  static constexpr std::size_t kShortest = 4;
  /// Of those that make way for others.
  static constexpr std::size_t kMost = 4096;

  void add(const ports::Secret& secret, Life life);

  /// `secret` is what is at `place` now (a file, a source of tokens). What was there before, and is
  /// nowhere else, is wiped; it is recognised as before, but nobody can read it here any more.
  void replace(const std::string& place, const ports::Secret& secret);

  /// `text` with "[redacted]" instead of each secret that takes `shortest` bytes of it or more.
  [[nodiscard]] std::string redacted(std::string_view text, std::size_t shortest = 1) const;

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::size_t hash = 0;
    Life life = Life::kProcess;
    std::uint64_t added = 0;
    ports::Secret secret;
  };
  struct Spelling {
    std::uint64_t id = 0;  ///< of its entry
    ports::Secret text;
    bool base64 = false;  ///< in either of its alphabets
  };

  std::uint64_t put(const ports::Secret& secret, Life life);
  void spell(const Entry& entry);
  void make_way();
  void retire(std::uint64_t id);
  void forget(std::vector<Entry>::iterator entry);
  [[nodiscard]] std::size_t length_at(std::string_view text) const;
  [[nodiscard]] std::size_t longest_of(char beginning, std::string_view text) const;

  mutable std::shared_mutex mutex_;
  std::vector<Entry> entries_;
  std::array<std::vector<Spelling>, 256> spellings_;  ///< by what they begin with
  std::map<std::string, std::uint64_t> places_;       ///< what is there: an entry
  RetiredSecrets retired_;
  Beginnings beginnings_;  ///< of both; words that are gone cost a second look
  std::uint64_t additions_ = 0;
};

/// Those of this process.
LiveSecrets& live_secrets();

}  // namespace sessync::os
