#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

namespace sessync::secrets {

/// The private key of a GitHub App.
class AppKey {
 public:
  /// From PEM, PKCS#1 or PKCS#8. An error continues a sentence whose subject is the file.
  static tl::expected<AppKey, std::string> of_pem(const ports::Secret& pem);

  AppKey(AppKey&& other) noexcept;
  AppKey& operator=(AppKey&& other) noexcept;
  AppKey(const AppKey&) = delete;
  AppKey& operator=(const AppKey&) = delete;
  ~AppKey();

  /// A JSON Web Token by which GitHub knows the app for the next minutes; RS256. `wall` is what the
  /// world's clocks say. Empty if OpenSSL fails.
  [[nodiscard]] ports::Secret sign_token(std::int64_t app_id, ports::TimePoint wall) const;

 private:
  struct Impl;
  explicit AppKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sessync::secrets
