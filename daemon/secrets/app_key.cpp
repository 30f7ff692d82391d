#include "daemon/secrets/app_key.h"

#include <string_view>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "daemon/secrets/credential_text.h"

namespace sessync::secrets {
namespace {

/// GitHub's clock may be behind ours.
constexpr std::chrono::seconds kBackdated{60};
/// GitHub refuses more than ten minutes, by its own clock.
constexpr std::chrono::seconds kLifetime{540};

using Bytes = std::vector<unsigned char>;

/// Instead of OpenSSL's own, which asks at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64url(const unsigned char* bytes, std::size_t count) {
  std::string text((count + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                     static_cast<int>(count));
  text.resize(static_cast<std::size_t>(length));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

std::string base64url(std::string_view text) { return base64url(bytes_of(text), text.size()); }

std::string seconds_text(ports::TimePoint time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::string claims(std::int64_t app_id, ports::TimePoint wall) {
  return R"({"iat":)" + seconds_text(wall - kBackdated) + R"(,"exp":)" +
         seconds_text(wall + kLifetime) + R"(,"iss":")" + std::to_string(app_id) + R"("})";
}

}  // namespace

struct AppKey::Impl {
  struct Free {
    void operator()(BIO* memory) const { BIO_free_all(memory); }
    void operator()(EVP_PKEY* pkey) const { EVP_PKEY_free(pkey); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_PKEY, Free> key;

  /// Empty if OpenSSL fails.
  [[nodiscard]] Bytes sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
    std::size_t length = signature.size();
    const bool signed_it =
        context != nullptr &&
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), signature.data(), &length, bytes_of(message),
                       message.size()) == 1;
    signature.resize(signed_it ? length : 0);
    ERR_clear_error();
    return signature;
  }
};

AppKey::AppKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AppKey::AppKey(AppKey&& other) noexcept = default;
AppKey& AppKey::operator=(AppKey&& other) noexcept = default;
AppKey::~AppKey() = default;

tl::expected<AppKey, std::string> AppKey::of_pem(const ports::Secret& pem) {
  const auto text = without_surroundings(pem.reveal());
  const std::unique_ptr<BIO, Impl::Free> memory(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool asked = false;
  auto impl = std::make_unique<Impl>();
  impl->key.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, &no_passphrase, &asked));
  ERR_clear_error();
  if (asked) {
    return tl::make_unexpected(
        "is passphrase-protected, and sessync cannot prompt: store it unencrypted");
  }
  if (!impl->key) {
    return tl::make_unexpected(
        "holds no private key: it must be the PEM file that GitHub made for the app");
  }
  if (EVP_PKEY_get_base_id(impl->key.get()) != EVP_PKEY_RSA) {
    return tl::make_unexpected("holds no RSA key, as those of GitHub Apps are");
  }
  return AppKey(std::move(impl));
}

ports::Secret AppKey::sign_token(std::int64_t app_id, ports::TimePoint wall) const {
  const std::string message =
      base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims(app_id, wall));
  const Bytes signature = impl_->sign(message);
  if (signature.empty()) return {};
  return ports::Secret(message + "." + base64url(signature.data(), signature.size()));
}

}  // namespace sessync::secrets
