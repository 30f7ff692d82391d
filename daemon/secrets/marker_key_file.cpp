#include "daemon/secrets/marker_key_file.h"

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "daemon/os/live_secrets.h"
#include "daemon/os/patient_read.h"
#include "daemon/os/sha256.h"
#include "daemon/secrets/credential_text.h"

namespace sessync::secrets {
namespace {

constexpr std::size_t kMaxMarkerKeyFile = 65536;
constexpr std::chrono::seconds kMarkerKeysWithin{5};

void require_hmac(bool done) {
  if (!done) throw std::runtime_error("libcrypto cannot compute HMAC-SHA-256");
}

/// Keeps a context that the key is in already: every message begins with a copy of it.
class HmacKey final : public ports::MarkerKey {
 public:
  explicit HmacKey(const ports::Secret& key) {
    std::string digest = "SHA256";
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const std::string& text = key.reveal();
    require_hmac(keyed_ != nullptr &&
                 EVP_MAC_init(keyed_.get(), reinterpret_cast<const unsigned char*>(text.data()),
                              text.size(), parameters.data()) == 1);
  }

  [[nodiscard]] std::string mac(std::string_view message) const override {
    const Context context(EVP_MAC_CTX_dup(keyed_.get()));
    os::Sha256 result{};
    std::size_t length = 0;
    require_hmac(context != nullptr &&
                 EVP_MAC_update(context.get(),
                                reinterpret_cast<const unsigned char*>(message.data()),
                                message.size()) == 1 &&
                 EVP_MAC_final(context.get(), result.data(), &length, result.size()) == 1);
    return os::to_hex(result);
  }

 private:
  struct Free {
    void operator()(EVP_MAC* algorithm) const { EVP_MAC_free(algorithm); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  using Context = std::unique_ptr<EVP_MAC_CTX, Free>;

  std::unique_ptr<EVP_MAC, Free> algorithm_{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  Context keyed_{EVP_MAC_CTX_new(algorithm_.get())};
};

tl::expected<ports::Secret, std::string> key_of_line(std::string line) {
  auto key = credential_of_text(std::move(line), kMaxMarkerKeyFile);
  if (!key) return tl::unexpected(key.error());
  if (key->reveal().size() < kShortestMarkerKey) {
    return tl::unexpected("has fewer than " + std::to_string(kShortestMarkerKey) +
                          " characters: make a key with openssl rand -hex 32");
  }
  return key;
}

tl::expected<ports::MarkerKeys, std::string> keys_of_text(std::string_view text) {
  ports::MarkerKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = without_surroundings(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto key = key_of_line(std::string(line));
    if (!key) return tl::unexpected("line " + std::to_string(number) + " " + key.error());
    os::live_secrets().add(*key, os::LiveSecrets::Life::kProcess);
    keys.push_back(std::make_shared<HmacKey>(*key));
  }
  if (keys.empty()) return tl::unexpected(std::string("no line is a key"));
  return keys;
}

}  // namespace

tl::expected<ports::MarkerKeys, std::string> read_marker_keys(const std::string& path) {
  std::string text(kMaxMarkerKeyFile + 1, '\0');
  if (const auto why = os::read_patiently(path, text, kMarkerKeysWithin); !why.empty()) {
    return tl::unexpected(path + " " + why);
  }
  if (text.size() > kMaxMarkerKeyFile) {
    ports::wipe(text);
    return tl::unexpected(path + " cannot be used: it is no readable file of at most 64 KiB");
  }
  auto keys = keys_of_text(text);
  ports::wipe(text);
  if (!keys) return tl::unexpected(path + " cannot be used: " + keys.error());
  return keys;
}

}  // namespace sessync::secrets
