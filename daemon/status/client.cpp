#include "daemon/status/client.h"

#include <utility>

#include <httplib.h>

#include "daemon/status/daemon_file.h"

namespace sessync {
namespace {

constexpr time_t kConnectWithin = 3;
constexpr time_t kReplyWithin = 30;
/// Heartbeats come more often than that.
constexpr time_t kSilentFor = 90;

httplib::Client dial(const ListenAddress& address, time_t read_timeout) {
  httplib::Client client(address.host, address.port);
  client.set_connection_timeout(kConnectWithin);
  client.set_read_timeout(read_timeout);
  client.set_write_timeout(kReplyWithin);
  client.set_tcp_nodelay(true);
  return client;
}

}  // namespace

tl::expected<DaemonClient, std::string> DaemonClient::find(const std::string& state_dir) {
  const auto file = read_daemon_file(state_dir);
  if (!file) {
    return tl::unexpected(file.error());
  }
  if (!*file) {
    return tl::unexpected("no daemon is running with the state directory " + state_dir +
                          ": start it with sessync run, or name the manifest or the state "
                          "directory that it was started with (-m, --state-dir)");
  }
  if ((*file)->listen == "off") {
    return tl::unexpected("the daemon (process " + std::to_string((*file)->pid) +
                          ") was started with --listen off and cannot be asked");
  }
  const auto address = parse_listen_address((*file)->listen);
  if (!address) {
    return tl::unexpected(state_dir + "/daemon.json: " + address.error());
  }
  return DaemonClient(dial_address(*address));
}

std::string DaemonClient::unreachable(const std::string& why) const {
  return "no daemon answers at " + to_text(address_) + " (" + why +
         "): it is not running, or it runs on another machine; start it with sessync run";
}

DaemonClient::Result DaemonClient::get(const std::string& path) const {
  auto client = dial(address_, kReplyWithin);
  const auto result = client.Get(path);
  if (!result) {
    return tl::unexpected(unreachable(httplib::to_string(result.error())));
  }
  return Answer{result->status, result->body};
}

DaemonClient::Result DaemonClient::post(const std::string& path, const std::string& body,
                                        const Secret& token) const {
  auto client = dial(address_, kReplyWithin);
  httplib::Headers headers;
  if (!token.empty()) {
    headers.emplace("Authorization", "Bearer " + token.reveal());
  }
  const auto result = client.Post(path, headers, body, "application/json");
  if (!result) {
    return tl::unexpected(unreachable(httplib::to_string(result.error())));
  }
  return Answer{result->status, result->body};
}

tl::expected<void, std::string> DaemonClient::follow(EventParser::Receiver receiver) const {
  auto client = dial(address_, kSilentFor);
  EventParser parser(std::move(receiver));
  bool more = true;
  int status = 0;
  const auto result = client.Get(
      "/api/v1/events", httplib::Headers{{"Accept", "text/event-stream"}},
      [&](const httplib::Response& response) {
        status = response.status;
        return status == 200;
      },
      [&](const char* data, std::size_t size) {
        more = parser.take({data, size});
        return more;
      });
  if (!more) {
    return {};
  }
  if (status != 0 && status != 200) {
    return tl::unexpected("the daemon answered with status " + std::to_string(status));
  }
  return tl::unexpected(status == 200 ? std::string("the daemon ended the connection")
                                      : unreachable(httplib::to_string(result.error())));
}

}  // namespace sessync
