#include "daemon/remote/client.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/remote/daemon_file.h"
#include "daemon/remote/proof.h"
#include "daemon/state/state_lock.h"

namespace sessync::remote {
namespace {

using Clock = ClientConnection::Clock;

constexpr std::chrono::seconds kProvenWithin{4};
constexpr std::chrono::seconds kReplyWithin{30};
constexpr std::size_t kLongestProof = 4096;
constexpr std::size_t kLongestReply = std::size_t{1} << 30;

const char* const kHowToFind =
    ": start it with sessync run, or name the manifest or the state directory that it was started "
    "with (-m, --state-dir)";

tl::unexpected<std::string> not_running(const std::string& state_dir, const std::string& why) {
  return tl::unexpected("no daemon is running with the state directory " + state_dir + why +
                        kHowToFind);
}

/// A file outlives its writer, a lock does not.
tl::expected<void, std::string> check_lock(const std::string& state_dir, int pid) {
  const auto holder = state::StateLock::holder(state_dir);
  if (!holder) {
    return tl::unexpected(holder.error());
  }
  if (!*holder) {
    return not_running(state_dir, " (process " + std::to_string(pid) +
                                      ", which left daemon.json there, has ended)");
  }
  if (**holder == 0) {
    return tl::unexpected("the state directory " + state_dir +
                          " is held by a process that had no room to say which it is: free some "
                          "space there, and try again");
  }
  if (**holder != pid) {
    return tl::unexpected(
        "the state directory " + state_dir + " is held by process " + std::to_string(**holder) +
        ", which is not the daemon that left daemon.json there (process " + std::to_string(pid) +
        "): it is a daemon that is starting, or another command; try again, and "
        "start one with sessync run if none is running");
  }
  return {};
}

/// "": the file says nothing that makes sense.
std::string why_no_port(const DaemonFile& file) {
  const auto daemon = "the daemon (process " + std::to_string(file.pid) + ") ";
  if (file.listen == "off") {
    return daemon + "was started with --listen off, so it can only be asked through a socket";
  }
  return file.listen.empty() ? daemon +
                                   "waits for its address, which something else has, so it "
                                   "can only be asked through a socket"
                             : "";
}

std::string bearer_of(const ports::Secret& token) {
  return token.empty() ? "" : "Authorization: Bearer " + token.reveal() + "\r\n";
}

std::string proof_in(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  const bool has =
      document.is_object() && document.contains("proof") && document["proof"].is_string();
  return has ? document["proof"].get<std::string>() : "";
}

}  // namespace

tl::expected<DaemonClient, std::string> DaemonClient::find(const std::string& state_dir) {
  const auto file = read_daemon_file(state_dir);
  if (!file) {
    return tl::unexpected(file.error());
  }
  if (!*file) {
    return not_running(state_dir, "");
  }
  if (const auto checked = check_lock(state_dir, (*file)->pid); !checked) {
    return tl::unexpected(checked.error());
  }
  DaemonClient client;
  client.socket_ = (*file)->socket;
  client.nonce_ = (*file)->nonce;
  client.tls_ = (*file)->tls;
  const auto address = http::parse_listen_address((*file)->listen);
  if (address) {
    client.address_ = http::dial_address(*address);
  } else if (client.why_no_port_ = why_no_port(**file); client.why_no_port_.empty()) {
    return tl::unexpected(state_dir + "/daemon.json: " + address.error());
  }
  return client;
}

std::string DaemonClient::place() const { return address_ ? to_text(*address_) : socket_; }

std::string DaemonClient::unreachable(const std::string& why) const {
  return "no daemon answers at " + place() + " (" + why +
         "): it is not running, or it runs on another machine; start it with sessync run";
}

std::string DaemonClient::head_of(const std::string& method, const std::string& path) const {
  const auto host = address_ ? to_text(*address_) : "localhost";
  return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
}

bool DaemonClient::is_proven(ClientConnection& connection, std::string& why) const {
  const auto until = Clock::now() + kProvenWithin;
  const auto channel = connection.channel();
  const auto challenge = random_digits();
  const auto sent = connection.send(head_of("GET", kProofPath + challenge) + "\r\n", until);
  const auto head = sent ? connection.read_head(until) : tl::unexpected(sent.error());
  const auto body =
      head ? connection.read_body(*head, kLongestProof, until) : tl::unexpected(head.error());
  if (!body) {
    why = body.error();
    return false;
  }
  why = "it does not know what only that daemon knows";
  return head->status == 200 && !channel.empty() &&
         ports::Secret(proof_in(*body)) == ports::Secret(proof_of(nonce_, challenge, channel));
}

DaemonClient::Connected DaemonClient::connect() const {
  auto local = socket_.empty() ? tl::unexpected(std::string()) : connect_to_socket();
  if (local) {
    return local;
  }
  auto through_port = address_ ? connect_to_port() : tl::unexpected(why_no_port_);
  return through_port ? std::move(through_port)
                      : tl::unexpected(through_port.error() + local.error());
}

/// A daemon that stands still takes connections as well.
DaemonClient::Connected DaemonClient::connect_to_socket() const {
  const auto until = Clock::now() + kProvenWithin;
  auto connection = ClientConnection::open_local(socket_);
  const auto sent = connection ? connection->send(head_of("GET", "/livez") + "\r\n", until)
                               : tl::unexpected(connection.error());
  const auto head = sent ? connection->read_head(until) : tl::unexpected(sent.error());
  const auto body =
      head ? connection->read_body(*head, kLongestProof, until) : tl::unexpected(head.error());
  if (!body) {
    return tl::unexpected("; its socket " + socket_ + " does not serve either: " + body.error());
  }
  return Line{std::move(*connection), true};
}

DaemonClient::Connected DaemonClient::connect_to_port() const {
  auto connection = ClientConnection::open(*address_, tls_, Clock::now() + kProvenWithin);
  if (!connection) {
    return tl::unexpected(unreachable(connection.error()));
  }
  if (std::string why; !is_proven(*connection, why)) {
    return tl::unexpected("what answers at " + to_text(*address_) +
                          " is not the daemon of this state directory (" + why +
                          "), so it is told nothing; stop it, or what stands between it and the "
                          "daemon, or restart the daemon with another --listen");
  }
  return Line{std::move(*connection), false};
}

/// The request may hold a token.
DaemonClient::Result DaemonClient::ask(const Question& question) const {
  auto line = connect();
  if (!line) {
    return tl::unexpected(line.error());
  }
  auto& connection = line->connection;
  auto request = head_of(question.method, question.path) + question.headers +
                 (line->local ? "" : bearer_of(question.token)) + "\r\n" + question.body;
  const auto until = Clock::now() + kReplyWithin;
  const auto sent = connection.send(request, until);
  ports::wipe(request);
  const auto head = sent ? connection.read_head(until) : tl::unexpected(sent.error());
  auto body =
      head ? connection.read_body(*head, kLongestReply, until) : tl::unexpected(head.error());
  if (!body) {
    return tl::unexpected(unreachable(body.error()));
  }
  return Answer{head->status, std::move(*body), head->tag};
}

DaemonClient::Result DaemonClient::get(const std::string& path, const std::string& known) const {
  const auto condition = known.empty() ? "" : "If-None-Match: " + known + "\r\n";
  return ask({"GET", path, condition, "", read_token_});
}

DaemonClient::Result DaemonClient::post(const std::string& path, const std::string& body,
                                        const ports::Secret& token) const {
  const auto length = std::to_string(body.size());
  return ask({"POST", path, "Content-Type: application/json\r\nContent-Length: " + length + "\r\n",
              body, token});
}

}  // namespace sessync::remote
