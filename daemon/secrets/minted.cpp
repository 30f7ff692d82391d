#include "daemon/secrets/minted.h"

#include <utility>

#include "daemon/os/live_secrets.h"

namespace sessync::secrets {

tl::expected<Minted, std::string> make_minted(ports::Secret token,
                                              std::optional<ports::TimePoint> expires_at,
                                              const Clocks& clocks) {
  os::live_secrets().add(token, os::LiveSecrets::Life::kUse);
  Minted minted{std::move(token), clocks.now(), std::nullopt};
  if (!expires_at) return minted;
  const ports::Duration life = *expires_at - clocks.wall();
  if (life <= ports::Duration{}) {
    return tl::make_unexpected(
        "handed out a token that has expired already: check this machine's clock");
  }
  minted.renew_at = minted.obtained_at + life * 2 / 3;
  return minted;
}

}  // namespace sessync::secrets
