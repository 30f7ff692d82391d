#pragma once

#include <functional>
#include <string>

#include "daemon/os/unique_fd.h"

namespace sessync::test {

/// A TCP client that sends what it is told, byte for byte.
class RawClient {
 public:
  /// HOST:PORT of 127.0.0.1
  explicit RawClient(const std::string& address);

  void send(const std::string& bytes) const;
  /// Our side sends nothing more.
  void finish() const;
  /// Reads until `enough` of everything that came, or the other side closes. Fails the test after a
  /// while.
  const std::string& read_until(const std::function<bool(const std::string&)>& enough);
  const std::string& read_until(const std::string& text);
  /// What came so far is not looked at again.
  void forget() { seen_.clear(); }
  /// Everything until the other side closes.
  const std::string& read_all();

  /// The answer to one request on a connection that closes.
  static std::string ask(const std::string& address, const std::string& request);

 private:
  os::UniqueFd fd_;
  std::string seen_;
  bool over_ = false;
};

/// "GET path HTTP/1.1" with a Host that loopback listeners accept, and Connection: close.
std::string get(const std::string& path, const std::string& headers = "");
std::string post(const std::string& path, const std::string& body = "",
                 const std::string& headers = "");
int status_of(const std::string& answer);
std::string body_of(const std::string& answer);
bool has(const std::string& text, const std::string& part);

}  // namespace sessync::test
