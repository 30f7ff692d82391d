#include "daemon/http/server/tls.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "daemon/os/os_error.h"

namespace sessync::http {

struct FreeTls {
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

/// By which a file is known to be another one than before.
struct TlsStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  friend bool operator==(const TlsStamp& left, const TlsStamp& right) {
    return left.device == right.device && left.inode == right.inode && left.size == right.size &&
           left.changed.tv_sec == right.changed.tv_sec &&
           left.changed.tv_nsec == right.changed.tv_nsec;
  }
};

namespace {

std::string tls_error() {
  const char* const reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  return reason == nullptr ? "OpenSSL cannot use it" : os::foreign_text(reason);
}

/// Instead of OpenSSL's own, which asks at the terminal.
int no_tls_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) noexcept {
  return -1;
}

/// HTTP/1.1 is all that is spoken here, whatever else a client offers. OpenSSL has the arguments
/// so.
// NOLINTNEXTLINE(readability-function-size)
int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void* /*user*/) noexcept {
  static constexpr std::string_view kSpoken = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(
      &found, chosen_size, reinterpret_cast<const unsigned char*>(kSpoken.data()),
      static_cast<unsigned>(kSpoken.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

TlsContext new_context(const SSL_METHOD* method, int oldest) {
  TlsContext context(SSL_CTX_new(method));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), oldest) != 1) {
    throw std::runtime_error("no memory for TLS");
  }
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

TlsContext server_context() {
  auto context = new_context(TLS_server_method(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_alpn_select_cb(context.get(), &choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context.get(), &no_tls_passphrase);
  return context;
}

TlsStamp tls_stamp(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  return {info.st_dev, info.st_ino, info.st_size, info.st_ctim};
}

/// "" if it is a file: what could keep a reader waiting is not opened.
std::string why_unreadable(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) {
    return os::error_text(errno);
  }
  return S_ISREG(info.st_mode) ? "" : "it is no regular file";
}

}  // namespace

struct TlsSession::Parts {
  std::unique_ptr<SSL, FreeTls> ssl;
  BIO* in = nullptr;  ///< both are the session's
  BIO* out = nullptr;

  static std::unique_ptr<Parts> of(SSL_CTX* context) {
    auto parts = std::make_unique<Parts>();
    parts->ssl.reset(SSL_new(context));
    parts->in = BIO_new(BIO_s_mem());
    parts->out = BIO_new(BIO_s_mem());
    if (!parts->ssl || parts->in == nullptr || parts->out == nullptr) {
      BIO_free(parts->in);
      BIO_free(parts->out);
      throw std::runtime_error("no memory for TLS");
    }
    BIO_set_mem_eof_return(parts->in, -1);
    SSL_set_bio(parts->ssl.get(), parts->in, parts->out);
    return parts;
  }
};

TlsSession::TlsSession(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsSession::TlsSession(TlsSession&& other) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&& other) noexcept = default;
TlsSession::~TlsSession() = default;

bool TlsSession::receive(std::string_view arrived, std::string& plain) {
  auto* const ssl = parts_->ssl.get();
  if (!arrived.empty() && BIO_write(parts_->in, arrived.data(), static_cast<int>(arrived.size())) !=
                              static_cast<int>(arrived.size())) {
    return false;
  }
  std::array<char, 16UL << 10> buffer{};
  while (true) {
    ::ERR_clear_error();
    const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) {
      const int error = SSL_get_error(ssl, got);
      return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN;
    }
    plain.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool TlsSession::send(std::string_view plain) {
  ::ERR_clear_error();
  std::size_t written = 0;
  return plain.empty() ||
         (SSL_write_ex(parts_->ssl.get(), plain.data(), plain.size(), &written) == 1 &&
          written == plain.size());
}

void TlsSession::close() {
  ::ERR_clear_error();
  if (established()) {
    SSL_shutdown(parts_->ssl.get());
  }
}

std::string TlsSession::take_wire() {
  std::string wire(BIO_ctrl_pending(parts_->out), '\0');
  if (!wire.empty()) {
    const int got = BIO_read(parts_->out, wire.data(), static_cast<int>(wire.size()));
    wire.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  return wire;
}

bool TlsSession::established() const { return SSL_is_init_finished(parts_->ssl.get()) == 1; }

std::string TlsSession::binding() const {
  static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  static constexpr unsigned char kNoContext = 0;
  std::array<unsigned char, 32> bytes{};
  if (!established() ||
      SSL_export_keying_material(parts_->ssl.get(), bytes.data(), bytes.size(), kLabel.data(),
                                 kLabel.size(), &kNoContext, 0, 1) != 1) {
    return "";
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

struct TlsKeys::Files {
  std::string certificate;
  std::string key;
  TlsContext context{};
  std::pair<TlsStamp, TlsStamp> seen{};

  [[nodiscard]] std::pair<TlsStamp, TlsStamp> stamps() const {
    return {tls_stamp(certificate), tls_stamp(key)};
  }

  /// "" if both can be used, from now on.
  std::string load() {
    seen = stamps();
    if (const auto why = why_unreadable(certificate); !why.empty()) {
      return "the certificate " + certificate + " cannot be read: " + why;
    }
    if (const auto why = why_unreadable(key); !why.empty()) {
      return "the key " + key + " cannot be read: " + why;
    }
    auto fresh = server_context();
    ::ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(fresh.get(), certificate.c_str()) != 1) {
      return "the certificate " + certificate + " cannot be used: " + tls_error();
    }
    if (SSL_CTX_use_PrivateKey_file(fresh.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
      return "the key " + key + " cannot be used with the certificate " + certificate + ": " +
             tls_error();
    }
    context = std::move(fresh);
    return "";
  }
};

TlsKeys::TlsKeys(std::unique_ptr<Files> files) : files_(std::move(files)) {}
TlsKeys::~TlsKeys() = default;

tl::expected<std::shared_ptr<TlsKeys>, std::string> TlsKeys::open(const std::string& certificate,
                                                                  const std::string& key) {
  auto files = std::make_unique<Files>(Files{certificate, key});
  if (auto why = files->load(); !why.empty()) {
    return tl::unexpected(why + "; name PEM files with --tls-cert and --tls-key");
  }
  return std::shared_ptr<TlsKeys>(new TlsKeys(std::move(files)));
}

TlsSession TlsKeys::begin() {
  if (files_->stamps() != files_->seen) {
    const auto why = files_->load();
    if (why.empty()) {
      os::log(os::LogLevel::kInfo, "certificate and key of the status server were read again",
              {{"certificate", files_->certificate}});
    } else {
      os::log(os::LogLevel::kWarning, why + "; the last good certificate and key stay in use");
    }
  }
  auto parts = TlsSession::Parts::of(files_->context.get());
  SSL_set_accept_state(parts->ssl.get());
  return TlsSession(std::move(parts));
}

TlsSession begin_unverified_tls() {
  static const TlsContext context = new_context(TLS_client_method(), TLS1_3_VERSION);
  auto parts = TlsSession::Parts::of(context.get());
  SSL_set_connect_state(parts->ssl.get());
  return TlsSession(std::move(parts));
}

}  // namespace sessync::http
