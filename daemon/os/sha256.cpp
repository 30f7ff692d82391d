#include "daemon/os/sha256.h"

#include <stdexcept>

#include <openssl/evp.h>

namespace sessync::os {
namespace {

/// Fetched once: an implicit fetch in every init costs more than hashing a small file.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

void require(bool done) {
  if (!done) throw std::runtime_error("libcrypto cannot compute SHA-256");
}

}  // namespace

std::string to_hex(const Sha256& digest) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex(2 * digest.size(), '\0');
  auto out = hex.begin();
  for (const unsigned char byte : digest) {
    *out++ = kDigits[byte >> 4U];
    *out++ = kDigits[byte & 15U];
  }
  return hex;
}

struct Sha256Stream::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> evp{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) { restart(); }
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::restart() {
  require(EVP_DigestInit_ex2(context_->evp.get(), algorithm(), nullptr) == 1);
}

void Sha256Stream::update(std::span<const char> bytes) {
  require(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  require(EVP_DigestFinal_ex(context_->evp.get(), digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace sessync::os
