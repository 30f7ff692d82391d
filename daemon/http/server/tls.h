#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

/// TLS as a filter between a socket and those who read and write plain bytes.
namespace sessync::http {

/// One end of a TLS connection. It touches no socket: bytes go in and come out.
class TlsSession {
 public:
  struct Parts;

  explicit TlsSession(std::unique_ptr<Parts> parts);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  TlsSession(TlsSession&& other) noexcept;
  TlsSession& operator=(TlsSession&& other) noexcept;
  ~TlsSession();

  /// Takes what arrived, and appends to `plain` what the other end said with it. False: the session
  /// is over; what take_wire() returns says why.
  bool receive(std::string_view arrived, std::string& plain);
  /// False: the session is over.
  bool send(std::string_view plain);
  /// Says that nothing more will be sent.
  void close();
  /// What is to be put on the wire.
  std::string take_wire();

  [[nodiscard]] bool established() const;
  /// What both ends of an established session know and nobody between them has: the tls-exporter of
  /// RFC 9266 in hex digits. "" before.
  [[nodiscard]] std::string binding() const;

 private:
  std::unique_ptr<Parts> parts_;
};

/// The certificate and the key of a server, in PEM files that may be replaced at any time. One
/// thread.
class TlsKeys {
 public:
  /// Reads both; the error is worded for the user.
  static tl::expected<std::shared_ptr<TlsKeys>, std::string> open(const std::string& certificate,
                                                                  const std::string& key);
  ~TlsKeys();
  TlsKeys(const TlsKeys&) = delete;
  TlsKeys& operator=(const TlsKeys&) = delete;

  /// The server's end of a new connection, TLS 1.2 or newer. Files that changed are read before; if
  /// they cannot be used, the last good ones stay and the log says so.
  TlsSession begin();

 private:
  struct Files;
  explicit TlsKeys(std::unique_ptr<Files> files);

  std::unique_ptr<Files> files_;
};

/// The client's end of a new connection, TLS 1.3. It believes every certificate: who is there is
/// shown by other means, over binding().
TlsSession begin_unverified_tls();

}  // namespace sessync::http
