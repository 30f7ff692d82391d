#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/secrets/fingerprints.h"
#include "daemon/secrets/mint_table.h"
#include "daemon/secrets/secret_reader.h"
#include "reconciler/ports/token_source.h"

namespace sessync::secrets {

struct TokenOptions {
  std::string secrets_dir;             ///< the root of secret files
  std::vector<std::string> own_files;  ///< keys and tokens of sessync's own: never sent
  bool allow_commands = false;         ///< the user allowed the manifest to run programs
  bool may_run = true;  ///< false: this process only looks; it runs no program and mints nothing
  std::string github_api_url = "https://api.github.com";  ///< as parse_base_url() returned it
  /// Patterns of the variables that a manifest may name as tokens, and that programs get as well.
  std::vector<std::string> allow_env;
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<void(const std::string&)> warn;  ///< called from any thread
  Clocks clocks;                                 ///< what is not given is the real one
  ports::Duration command_time = std::chrono::seconds(10);
  ports::Duration github_time = std::chrono::seconds(30);
};

/// The tokens of the process, for all its workers. Create it once; each pass has a
/// DaemonTokenSource on it. Files and variables are read inside the calls, programs and GitHub are
/// asked on threads of their own. Every call completes exactly once, inside the call or on such a
/// thread.
class TokenService {
 public:
  using PeekDone = std::function<void(const tl::expected<ports::TokenState, ports::TokenError>&)>;
  using FetchDone = std::function<void(const tl::expected<ports::Token, ports::TokenError>&)>;

  TokenService(TokenOptions options, const Fingerprints& fingerprints);
  TokenService(const TokenService&) = delete;
  TokenService& operator=(const TokenService&) = delete;
  /// Stops.
  ~TokenService() = default;

  void peek(const ports::TokenRequest& request, const PeekDone& done);
  void fetch(const ports::TokenRequest& request, const FetchDone& done);

  /// For shutdown: programs are killed, requests given up, and whoever waits for them is told so,
  /// as is whoever asks later. Any thread.
  void stop() { minted_.stop(); }

 private:
  /// A source that is asked, not read.
  struct SlowSource {
    std::string fingerprint;  ///< of its configuration
    MintJob job;
  };
  using Text = tl::expected<ports::Secret, std::string>;
  using Slow = tl::expected<SlowSource, std::string>;

  Text read(const manifest::TokenFile& source);
  [[nodiscard]] Text read(const manifest::TokenEnv& source) const;
  [[nodiscard]] SlowSource prepare(const manifest::TokenCommand& source) const;
  Slow prepare(const manifest::TokenGithubApp& source, const std::string& repository_url);
  [[nodiscard]] bool must_ask(const ports::TokenRequest& request,
                              const std::string& fingerprint) const;

  void peek_read(const Text& text, const PeekDone& done) const;
  void fetch_read(const Text& text, const FetchDone& done) const;
  [[nodiscard]] std::optional<ports::TokenError> refusal(
      const manifest::TokenCommand& source) const;
  void peek_command(const manifest::TokenCommand& source, const ports::TokenRequest& request,
                    const PeekDone& done);
  void peek_app(const Slow& source, const PeekDone& done) const;
  void fetch_slow(const Slow& source, bool renew, const FetchDone& done);
  [[nodiscard]] ports::TokenState state_of(const Minted& minted,
                                           const std::string& fingerprint) const;

  TokenOptions options_;
  Fingerprints fingerprints_;
  SecretReader files_;
  MintTable minted_;
};

}  // namespace sessync::secrets
