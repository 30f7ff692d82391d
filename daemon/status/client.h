#pragma once

#include <string>

#include <tl/expected.hpp>

#include "daemon/status/event_parser.h"
#include "daemon/status/listen_address.h"
#include "reconciler/secret.h"

namespace sessync {

/// Talks to the daemon that works in a state directory. Every error is worded for the user and says
/// what to do.
class DaemonClient {
 public:
  struct Answer {
    int status = 0;
    std::string body;
  };
  using Result = tl::expected<Answer, std::string>;

  /// By the file that the daemon leaves there.
  static tl::expected<DaemonClient, std::string> find(const std::string& state_dir);

  explicit DaemonClient(ListenAddress address) : address_(std::move(address)) {}

  [[nodiscard]] Result get(const std::string& path) const;
  /// Without a token if it is empty.
  [[nodiscard]] Result post(const std::string& path, const std::string& body,
                            const Secret& token) const;
  /// Until the receiver has enough or the connection ends, which is an error.
  [[nodiscard]] tl::expected<void, std::string> follow(EventParser::Receiver receiver) const;

 private:
  [[nodiscard]] std::string unreachable(const std::string& why) const;

  ListenAddress address_;
};

}  // namespace sessync
