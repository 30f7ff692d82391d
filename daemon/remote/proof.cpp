#include "daemon/remote/proof.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include "daemon/os/sha256.h"

namespace sessync::remote {
namespace {

constexpr std::string_view kProofDomain = "sessync daemon 1\n";
constexpr std::size_t kChallengeDigits = 64;

}  // namespace

std::string random_digits() {
  os::Sha256 bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const auto got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    filled += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return os::to_hex(bytes);
}

bool is_challenge(std::string_view text) {
  return text.size() == kChallengeDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string proof_of(const ports::Secret& nonce, std::string_view challenge,
                     std::string_view channel) {
  std::string message(kProofDomain);
  message.append(challenge).append("\n").append(channel);
  const auto& key = nonce.reveal();
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), result.data(),
       &length);
  os::Sha256 digest{};
  std::copy_n(result.begin(), digest.size(), digest.begin());
  return os::to_hex(digest);
}

}  // namespace sessync::remote
