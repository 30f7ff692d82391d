#pragma once

#include <string>
#include <utility>

#include "reconciler/ports/marker_key.h"
#include "tests/double/model/model_types.h"

namespace sessync {

/// A key of markers without OpenSSL's HMAC: a keyed hash like any other.
class MemoryMarkerKey final : public ports::MarkerKey {
 public:
  explicit MemoryMarkerKey(std::string key) : key_(std::move(key)) {}
  [[nodiscard]] std::string mac(std::string_view message) const override {
    return model::sha256_hex(key_ + "\n" + std::string(message));
  }

 private:
  std::string key_;
};

}  // namespace sessync
