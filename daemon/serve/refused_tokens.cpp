#include "daemon/serve/refused_tokens.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sessync::serve {
namespace {

constexpr std::uint64_t kFreeGuesses = 10;
constexpr std::chrono::seconds kLongestPause{60};
constexpr std::chrono::minutes kForgottenAfter{10};
constexpr std::chrono::minutes kToldEvery{1};
constexpr std::size_t kMostGuessers = 4096;

/// 1, 2, 4 … seconds.
std::chrono::seconds pause_after(std::uint64_t refused) {
  if (refused < kFreeGuesses) {
    return std::chrono::seconds(0);
  }
  constexpr std::uint64_t kMostDoublings = 6;
  const auto doublings = std::min(refused - kFreeGuesses, kMostDoublings);
  return std::min(std::chrono::seconds(std::int64_t{1} << doublings), kLongestPause);
}

}  // namespace

std::string guesser_at(const std::string& address) {
  in6_addr bytes{};
  const auto without_zone = address.substr(0, address.find('%'));
  if (::inet_pton(AF_INET6, without_zone.c_str(), &bytes) != 1) {
    return address;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
    constexpr std::size_t kMappedAt = 12;
    ::inet_ntop(AF_INET, &bytes.s6_addr[kMappedAt], text.data(), text.size());
    return text.data();
  }
  constexpr std::size_t kNetworkBytes = 8;
  std::memset(&bytes.s6_addr[kNetworkBytes], 0, sizeof bytes.s6_addr - kNetworkBytes);
  ::inet_ntop(AF_INET6, &bytes, text.data(), text.size());
  return std::string(text.data()) + "/64";
}

std::chrono::seconds RefusedTokens::pause(const std::string& address, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = guessers_.find(guesser_at(address));
  if (found == guessers_.end() || found->second.listens_again <= now) {
    return std::chrono::seconds(0);
  }
  return std::chrono::ceil<std::chrono::seconds>(found->second.listens_again - now);
}

void RefusedTokens::note(const std::string& address, bool guessed, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  ++untold_;
  if (!guessed) {
    return;
  }
  forget_old(now);
  auto& guesser = guessers_[guesser_at(address)];
  ++guesser.refused;
  guesser.last = now;
  guesser.listens_again = now + pause_after(guesser.refused);
}

void RefusedTokens::forget_old(Clock::time_point now) {
  std::erase_if(guessers_,
                [&](const auto& one) { return now - one.second.last > kForgottenAfter; });
  if (guessers_.size() >= kMostGuessers) {
    guessers_.erase(
        std::ranges::min_element(guessers_, {}, [](const auto& one) { return one.second.last; }));
  }
}

std::optional<std::uint64_t> RefusedTokens::to_tell(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (untold_ == 0 || (told_ && now - *told_ < kToldEvery)) {
    return std::nullopt;
  }
  told_ = now;
  return std::exchange(untold_, 0);
}

}  // namespace sessync::serve
