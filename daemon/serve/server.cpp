#include "daemon/serve/server.h"

#include <stdexcept>
#include <utility>

#include "daemon/http/server/listener.h"
#include "daemon/http/server/server.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/serve/broadcaster.h"
#include "daemon/serve/documents.h"
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

  using Keys = std::shared_ptr<http::TlsKeys>;

  [[nodiscard]] tl::expected<Keys, std::string> keys() const;
  void serve(http::Listener listener, Keys keys);
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
          {}}) {}

StatusServer::~StatusServer() {
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

void StatusServer::Parts::serve(http::Listener listener, Keys keys) {
  broadcaster = std::make_unique<Broadcaster>(
      *board, documents,
      [this](http::Publication publication) { loop->publish(std::move(publication)); },
      Broadcaster::Pace{});
  routes = std::make_unique<Routes>(
      RouteTargets{board, &documents, commands, page::page_policy(),
                   [this] { return broadcaster->told(); }, options.health, options.nonce,
                   options.wrote},
      RouteAccess{listener.loopback, keys != nullptr, options.admin_token_file,
                  options.read_token_file, options.allowed_hosts});
  const auto answer = [this](const http::Request& request) { return routes->answer(request); };
  loop = std::make_unique<http::Server>(
      std::move(listener),
      http::Server::Handlers{answer, answer,
                             [this](std::size_t count) { broadcaster->set_followers(count); }},
      http::Server::Limits::of_process(), std::move(keys));
  loop->start();
}

tl::expected<std::string, std::string> StatusServer::start() {
  auto keys = parts_->keys();
  if (!keys) {
    return tl::unexpected(keys.error());
  }
  auto listener = http::open_listener(parts_->options.listen);
  if (!listener) {
    return tl::unexpected(listener.error());
  }
  auto address = listener->address;
  try {
    parts_->serve(std::move(*listener), std::move(*keys));
  } catch (const std::exception& error) {
    return tl::unexpected(os::foreign_text(error.what()));
  }
  return address;
}

}  // namespace sessync::serve
