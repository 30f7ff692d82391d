#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/secrets/app_key.h"
#include "daemon/secrets/minted.h"

namespace sessync::secrets {

/// One installation of a GitHub App, asked for a token of one repository.
struct GithubAppCall {
  std::string api_url;  ///< without a slash at its end
  std::int64_t app_id = 0;
  std::int64_t installation_id = 0;
  std::string repository;  ///< its name, without the owner
  std::shared_ptr<const AppKey> key;
  ports::Duration patience{30'000};  ///< with an answer that does not come
};

/// Asks GitHub for a token that is limited to the repository. Blocks until it has answered, or the
/// stop is requested.
MintResult token_from_github(const GithubAppCall& call, const Clocks& clocks,
                             const std::stop_token& stop);

/// The token in the body of GitHub's answer, which is wiped. No error repeats any of it.
MintResult token_of_github_answer(const GithubAppCall& call, std::string& body,
                                  const Clocks& clocks);

}  // namespace sessync::secrets
