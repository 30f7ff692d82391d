#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sessync::test {

/// A key pair as GitHub makes them for an app.
struct AppKeyPair {
  std::string pkcs1;
  std::string pkcs8;
  std::string encrypted;  ///< PKCS#8 with a passphrase
  std::string public_key;

  static AppKeyPair make();
};

/// An elliptic one, which no app has.
std::string elliptic_key();

/// GitHub's part in minting, on loopback: it verifies the app's signature and notes the calls.
class GithubDouble {
 public:
  struct Call {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    bool signature_holds = false;
    std::string jwt_header;
    std::string jwt_claims;
  };
  struct Answer {
    int status = 201;
    std::string body;
    std::map<std::string, std::string> headers;
  };

  explicit GithubDouble(std::string public_key);
  GithubDouble(const GithubDouble&) = delete;
  GithubDouble& operator=(const GithubDouble&) = delete;
  ~GithubDouble();

  [[nodiscard]] std::string url() const;
  void answer(Answer answer);
  /// From now on calls are not answered until this is destroyed; they are noted.
  void hang();
  [[nodiscard]] std::vector<Call> calls() const;
  /// Waits until so many calls have come.
  [[nodiscard]] bool wait_for_calls(std::size_t count) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sessync::test
