#include "tests/daemon/secrets/token_fixture.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <openssl/evp.h>

namespace sessync::test {
namespace {

std::string base64(const std::string& text) {
  std::string result((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  result.resize(static_cast<std::size_t>(length));
  return result;
}

std::string hex(const std::string& text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += kDigits[byte >> 4U];
    result += kDigits[byte & 15U];
  }
  return result;
}

}  // namespace

std::vector<std::string> disguises(const std::string& secret) {
  std::vector<std::string> result = {secret, secret.substr(0, secret.size() / 2),
                                     secret.substr(secret.size() / 2), hex(secret)};
  for (std::size_t skip = 0; skip < 3; ++skip) {
    // Whole groups of three bytes, so that what follows makes no difference.
    const std::size_t length = (secret.size() - skip) / 3 * 3;
    result.push_back(base64(secret.substr(skip, length)));
  }
  return result;
}

bool shows_nothing_of(const std::string& secret, const std::string& text) {
  const auto all = disguises(secret);
  return std::ranges::none_of(
      all, [&](const std::string& one) { return text.find(one) != std::string::npos; });
}

TokenWorld::TokenWorld() {
  tree.directory("secrets");
  options.secrets_dir = tree.at("secrets");
  options.environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  options.warn = [this](const std::string& warning) {
    const std::lock_guard lock(mutex_);
    warnings_.push_back(warning);
  };
  options.clocks.wall = [this] {
    const std::lock_guard lock(mutex_);
    return wall_;
  };
  options.clocks.now = [this] { return now(); };
}

secrets::TokenService& TokenWorld::service() {
  if (!service_) service_ = std::make_unique<secrets::TokenService>(options, fingerprints);
  return *service_;
}

TokenWorld::Peeked TokenWorld::peek(const manifest::TokenSpec& source,
                                    const std::string& sent_fingerprint) {
  os::CompletionQueue loop;
  secrets::DaemonTokenSource tokens(service(), loop);
  std::optional<Peeked> answer;
  tokens.peek({kRepository, source, sent_fingerprint, false},
              [&answer](const Peeked& state) { answer = state; });
  while (loop.run_one()) {
  }
  return answer.value();
}

TokenWorld::Fetched TokenWorld::fetch(const manifest::TokenSpec& source, bool renew) {
  os::CompletionQueue loop;
  secrets::DaemonTokenSource tokens(service(), loop);
  std::optional<Fetched> answer;
  tokens.fetch({kRepository, source, "", renew},
               [&answer](const Fetched& token) { answer = token; });
  while (loop.run_one()) {
  }
  return answer.value();
}

manifest::TokenCommand TokenWorld::script(const std::string& name, const std::string& body) const {
  tree.write(name, "#!/bin/sh\n" + body + "\n");
  std::filesystem::permissions(tree.at(name), std::filesystem::perms::owner_all);
  return {{tree.at(name)}};
}

std::size_t TokenWorld::lines(const std::string& file) const {
  std::ifstream stream(tree.at(file));
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line);) ++count;
  return count;
}

void TokenWorld::advance(ports::Duration by) {
  const std::lock_guard lock(mutex_);
  wall_ += by;
}

ports::TimePoint TokenWorld::now() const {
  const std::lock_guard lock(mutex_);
  return wall_ + kSkew;
}

std::vector<std::string> TokenWorld::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

}  // namespace sessync::test
