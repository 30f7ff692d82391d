#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/double/http/http_core.h"

namespace sessync {

struct DoubleOptions {
  std::string host = "127.0.0.1";
  int port = 0;                ///< 0: a free one
  std::string api_key;         ///< the only key that is accepted; "" accepts any
  ports::Duration latency{0};  ///< before every answer
  model::Switches switches;
  std::uint64_t seed = 1;
};

/// The API double over HTTP/1.1, from construction to destruction.
class DoubleServer {
 public:
  /// Throws std::runtime_error if the address cannot be bound.
  explicit DoubleServer(const DoubleOptions& options = {});
  DoubleServer(const DoubleServer&) = delete;
  DoubleServer& operator=(const DoubleServer&) = delete;
  ~DoubleServer();

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string url() const;

  /// Runs `use` while no request is carried out.
  void with(const std::function<void(DoubleWorld&)>& use);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sessync
