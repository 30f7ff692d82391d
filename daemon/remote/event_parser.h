#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sessync {

/// Takes a stream of server-sent events apart, in whatever pieces it arrives.
class EventParser {
 public:
  /// False: enough; take() says so too.
  using Receiver = std::function<bool(const std::string& kind, const std::string& data)>;

  explicit EventParser(Receiver receiver) : receiver_(std::move(receiver)) {}

  bool take(std::string_view bytes);

 private:
  bool take_line(std::string_view line);

  Receiver receiver_;
  std::string rest_;
  std::string kind_;
  std::string data_;
};

}  // namespace sessync
