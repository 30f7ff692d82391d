#include "daemon/serve/server.h"

#include <stdexcept>
#include <utility>

#include "daemon/http/server/listen_address.h"
#include "daemon/http/server/listener.h"
#include "daemon/http/server/local_socket.h"
#include "daemon/http/server/server.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "daemon/serve/broadcaster.h"
#include "daemon/serve/documents.h"
#include "daemon/serve/listen_retry.h"
#include "daemon/serve/page/page.h"
#include "daemon/serve/routes.h"

namespace sessync::serve {

struct StatusServer::Parts {
  StatusServerOptions options;
  status::StatusBoard* board;
  DaemonCommands* commands;
  Documents documents;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<Broadcaster> broadcaster;
  std::unique_ptr<http::Server> loop;
  std::shared_ptr<http::TlsKeys> tls;  ///< null: none
  ServedAt served;                     ///< once there is a retry, that one's
  std::unique_ptr<ListenRetry> retry;  ///< null: there is nothing to wait for

  using Keys = std::shared_ptr<http::TlsKeys>;

  [[nodiscard]] bool wants_socket() const {
    return !options.socket.empty() && served.socket.empty();
  }
  [[nodiscard]] bool wants_port() const { return served.address.empty(); }
  [[nodiscard]] tl::expected<Keys, std::string> keys() const;
  /// Of what no waiting would mend.
  tl::expected<void, std::string> check();
  void begin();
  tl::expected<ServedAt, std::string> serve();
  std::string open_socket(bool first);
  tl::expected<std::string, std::string> open_port();
  void tell_of_port(const std::string& why);
  bool open_rest();
};

StatusServer::StatusServer(StatusServerOptions options, status::StatusBoard& board,
                           DaemonCommands& commands, std::function<std::string()> metrics)
    : parts_(new Parts{
          std::move(options),
          &board,
          &commands,
          Documents(board, {std::move(metrics),
                            [](const status::StatusSnapshot& status, const page::PagePart& part) {
                              return page::render_page(status, part, os::now_anchored());
                            }}),
          {},
          {},
          {},
          {},
          {},
          {}}) {}

StatusServer::~StatusServer() {
  parts_->retry.reset();
  // Each of the two calls the other until then.
  if (parts_->broadcaster) {
    parts_->broadcaster->stop();
  }
  parts_->loop.reset();
}

/// Null: no TLS.
tl::expected<StatusServer::Parts::Keys, std::string> StatusServer::Parts::keys() const {
  if (options.tls_cert.empty() && options.tls_key.empty()) {
    return nullptr;
  }
  if (options.tls_cert.empty() || options.tls_key.empty()) {
    return tl::unexpected(
        std::string("--tls-cert and --tls-key go together: name a certificate and its key"));
  }
  return http::TlsKeys::open(options.tls_cert, options.tls_key);
}

tl::expected<void, std::string> StatusServer::Parts::check() {
  const auto address = http::parse_listen_address(options.listen);
  if (options.listen != "off" && !address) {
    return tl::unexpected(address.error());
  }
  auto opened = keys();
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  tls = std::move(*opened);
  return {};
}

void StatusServer::Parts::begin() {
  broadcaster = std::make_unique<Broadcaster>(
      *board, documents,
      [this](http::Publication publication) { loop->publish(std::move(publication)); },
      Broadcaster::Pace{});
  routes = std::make_unique<Routes>(RouteTargets{board, &documents, commands, page::page_policy(),
                                                 [this] { return broadcaster->told(); },
                                                 options.health, options.nonce, options.wrote},
                                    RouteAccess{tls != nullptr, options.admin_token_file,
                                                options.read_token_file, options.allowed_hosts});
  const auto answer = [this](const http::Request& request) { return routes->answer(request); };
  loop = std::make_unique<http::Server>(
      http::Server::Handlers{answer, answer,
                             [this](std::size_t count) { broadcaster->set_followers(count); }},
      http::Server::Limits::of_process());
}

/// The path; "": there is none.
std::string StatusServer::Parts::open_socket(bool first) {
  auto listener = http::open_local_listener(options.socket);
  if (!listener) {
    if (first) {
      os::log(os::LogLevel::kWarning,
              listener.error() + "; the commands ask the daemon through its port before then");
    }
    return "";
  }
  loop->listen(std::move(*listener));
  return options.socket;
}

tl::expected<std::string, std::string> StatusServer::Parts::open_port() {
  auto listener = http::open_listener(options.listen);
  if (!listener) {
    return tl::unexpected(listener.error());
  }
  auto address = listener->address;
  loop->listen(std::move(*listener), tls);
  return address;
}

void StatusServer::Parts::tell_of_port(const std::string& why) {
  const auto text = why +
                    "; sessions are kept equal all the same, and it is tried again until it works: "
                    "end what listens there, or choose another address with --listen";
  os::log(os::LogLevel::kWarning, text);
  board->problem("listen", text);
}

/// On the thread of the retry.
bool StatusServer::Parts::open_rest() {
  const auto before = served;
  if (wants_socket()) {
    served.socket = open_socket(false);
  }
  if (wants_port()) {
    served.address = open_port().value_or("");
    if (!wants_port()) board->problem("listen", "");
  }
  if (options.listening && served != before) options.listening(served);
  return !wants_socket() && !wants_port();
}

tl::expected<ServedAt, std::string> StatusServer::Parts::serve() {
  begin();
  if (wants_socket()) {
    served.socket = open_socket(true);
  }
  const auto port = options.listen == "off" ? options.listen : open_port();
  if (!port && options.listen_required) {
    return tl::unexpected(port.error() + "; choose another address with --listen, or --listen off");
  }
  served.address = port.value_or("");
  loop->start();
  if (!port) {
    tell_of_port(port.error());
  }
  auto result = served;
  if (wants_socket() || wants_port()) {
    retry = std::make_unique<ListenRetry>([this] { return open_rest(); });
  }
  return result;
}

tl::expected<ServedAt, std::string> StatusServer::start() {
  if (const auto checked = parts_->check(); !checked) {
    return tl::unexpected(checked.error());
  }
  try {
    return parts_->serve();
  } catch (const std::exception& error) {
    return tl::unexpected(os::foreign_text(error.what()));
  }
}

}  // namespace sessync::serve
