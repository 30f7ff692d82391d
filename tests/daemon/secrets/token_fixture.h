#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/secrets/daemon_token_source.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::test {

inline const std::string kRepository = "https://github.com/example-org/example-repo";
/// In no output of ours, whatever happens to it.
inline const std::string kCanary =
    "ghs_"
    "Canary0123456789abcd3efgh4ijkl5mnop6qr";

/// The canary as others may write it down: plain, base64 at each of the three alignments, hex, and
/// in halves.
std::vector<std::string> disguises(const std::string& secret);

/// True if none of the disguises is in the text.
bool shows_nothing_of(const std::string& secret, const std::string& text);

/// One process as far as tokens go: real files and programs, clocks that the test moves.
class TokenWorld {
 public:
  using Peeked = tl::expected<ports::TokenState, ports::TokenError>;
  using Fetched = tl::expected<ports::Token, ports::TokenError>;

  TokenWorld();
  TokenWorld(const TokenWorld&) = delete;
  TokenWorld& operator=(const TokenWorld&) = delete;
  ~TokenWorld() = default;

  /// For what is not the default; before the first question.
  secrets::TokenOptions options;
  secrets::Fingerprints fingerprints = secrets::Fingerprints::in_memory();

  TempTree tree;  ///< "secrets/" is the secrets directory
  std::map<std::string, std::string> variables;

  secrets::TokenService& service();
  Peeked peek(const manifest::TokenSpec& source, const std::string& sent_fingerprint = "");
  Fetched fetch(const manifest::TokenSpec& source, bool renew = false);

  /// Writes an executable script and returns the argv that runs it.
  [[nodiscard]] manifest::TokenCommand script(const std::string& name,
                                              const std::string& body) const;
  /// The lines of a file that scripts append to; none if it is not there.
  [[nodiscard]] std::size_t lines(const std::string& file) const;

  void advance(ports::Duration by);
  [[nodiscard]] ports::TimePoint now() const;
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  static constexpr ports::Duration kSkew = std::chrono::hours(-3);  ///< of the loop's clock

  mutable std::mutex mutex_;
  ports::TimePoint wall_{std::chrono::seconds(1'790'000'000)};
  std::vector<std::string> warnings_;
  std::unique_ptr<secrets::TokenService> service_;
};

}  // namespace sessync::test
