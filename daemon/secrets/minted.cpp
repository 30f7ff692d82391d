#include "daemon/secrets/minted.h"

#include <utility>

#include "daemon/os/live_secrets.h"

namespace sessync {

tl::expected<Minted, std::string> make_minted(Secret token, std::optional<TimePoint> expires_at,
                                              const Clocks& clocks) {
  live_secrets().add(token, LiveSecrets::Life::kUse);
  Minted minted{std::move(token), clocks.now(), std::nullopt};
  if (!expires_at) return minted;
  const Duration life = *expires_at - clocks.wall();
  if (life <= Duration{}) {
    return tl::make_unexpected(
        "handed out a token that has expired already: check this machine's clock");
  }
  minted.renew_at = minted.obtained_at + life * 2 / 3;
  return minted;
}

}  // namespace sessync
