#include "daemon/http/server/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "daemon/http/server/channel.h"
#include "daemon/http/server/local_socket.h"
#include "daemon/os/thread.h"

namespace sessync::http {
namespace {

constexpr std::uint64_t kWakeId = 0;
constexpr std::uint64_t kFirstDoor = std::uint64_t{1} << 63U;  ///< no connection comes so far
constexpr int kMostEvents = 64;
constexpr const char* kNoDescriptors = "no descriptors are left to serve status with";
constexpr std::chrono::seconds kAcceptPause{1};
/// Of requests that write: who asks for more than a disk takes is told to come back.
constexpr std::size_t kMostWaiting = 64;
/// Connections that only a Unix socket gets: whoever fills the port keeps out none of the commands.
constexpr std::size_t kKeptForLocal = 8;

std::string address_of(const sockaddr_storage& from, socklen_t size) {
  if (from.ss_family == AF_UNIX) {
    return "unix";
  }
  std::array<char, NI_MAXHOST> host{};
  const int error = ::getnameinfo(reinterpret_cast<const sockaddr*>(&from), size, host.data(),
                                  host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "";
}

Peer peer_of(int fd, Way way, const sockaddr_storage& from, socklen_t size) {
  Peer peer{address_of(from, size), channel_of(fd, ChannelEnd::kServer), way};
  if (const auto who = way == Way::kLocal ? peer_credentials(fd) : std::nullopt) {
    peer.uid = who->uid;
  }
  return peer;
}

/// There is no time for a handshake.
void turn_away(int fd, bool tls) {
  if (!tls) {
    const auto answer = refusal(503, "too many connections are open");
    const auto text = answer.head + *answer.body;
    static_cast<void>(::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
}

/// Answers go out at once, and a client that vanished is noticed when it does not acknowledge.
void prepare(int fd) {
  const int on = 1;
  const unsigned unacknowledged_ms = 30'000;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

bool ask(int epoll, int operation, int fd, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return ::epoll_ctl(epoll, operation, fd, &event) == 0;
}

bool only_reads(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

const char* why_refused(int status) {
  switch (status) {
    case 411:
      return "a request needs a Content-Length; chunks are not taken";
    case 413:
      return "the body is too long";
    case 431:
      return "the request line and the headers are too long";
    case 505:
      return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    default:
      return "this is no HTTP request that can be understood";
  }
}

}  // namespace

Server::Limits Server::Limits::of_process() {
  constexpr rlim_t kShare = 4;
  constexpr rlim_t kFewest = 8;
  Limits limits;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    const auto share = std::max(kFewest, descriptors.rlim_cur / kShare);
    limits.connections = std::min<rlim_t>(limits.connections, share);
    limits.followers = std::min(limits.followers, limits.connections / 2);
  }
  return limits;
}

Server::Server(Handlers handlers, Limits limits)
    : handlers_(std::move(handlers)),
      limits_(std::move(limits)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      writes_({.name = "status-write",
               .task = "a request to the status server",
               .most_waiting = kMostWaiting,
               .at_start = &os::lower_priority}) {
  if (!epoll_ || !wake_ || !ask(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), kWakeId, EPOLLIN)) {
    throw std::runtime_error(kNoDescriptors);
  }
}

void Server::listen(Listener listener, const std::shared_ptr<TlsKeys>& tls) {
  const std::lock_guard lock(mutex_);
  const auto id = kFirstDoor + doors_.size();
  const int socket = listener.socket.get();
  doors_.try_emplace(id, std::move(listener), tls);
  if (!ask(epoll_.get(), EPOLL_CTL_ADD, socket, id, EPOLLIN)) {
    doors_.erase(id);
    throw std::runtime_error(kNoDescriptors);
  }
}

const Server::Door& Server::door(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  return doors_.at(id);
}

void Server::start() {
  thread_ = os::start_thread("status", os::Duty::kHelper, [this] { run(); });
}

Server::~Server() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Server::wake() { static_cast<void>(::eventfd_write(wake_.get(), 1)); }

void Server::publish(Publication publication) {
  {
    const std::lock_guard lock(mutex_);
    published_.push_back(std::move(publication));
  }
  wake();
}

void Server::run() {
  os::lower_priority();
  std::array<epoll_event, kMostEvents> events{};
  while (!over_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMostEvents, wait_for());
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      handle_event(event.data.u64, event.events);
    }
    close_expired();
    os::beat();
  }
  connections_.clear();
  const std::lock_guard lock(mutex_);
  doors_.clear();
}

void Server::handle_event(std::uint64_t id, std::uint32_t events) {
  if (!os::guarded("a connection to the status server", [&] { on_event(id, events); })) {
    close(id);
  }
}

int Server::wait_for() const {
  const auto now = Clock::now();
  const auto until = std::min(
      {next_check_, accepts_again_.value_or(now + os::kLongestTurn), now + os::kLongestTurn});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Server::on_event(std::uint64_t id, std::uint32_t events) {
  if (id >= kFirstDoor) {
    accept_all(door(id));
    return;
  }
  if (id == kWakeId) {
    take_inbox();
    return;
  }
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    return;
  }
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (broken || !advance(id, found->second)) {
    close(id);
  }
}

bool Server::advance(std::uint64_t id, Connection& connection) {
  const auto state = connection.state();
  if (state != State::kBusy && state != State::kWriting && !connection.receive(now_)) {
    return false;
  }
  if (!write_on(connection) || !read_on(id, connection)) {
    return false;
  }
  settle(id, connection);
  return true;
}

/// Sends what is queued and goes on to what comes after it.
bool Server::write_on(Connection& connection) {
  if (!connection.flush(now_)) {
    return false;
  }
  if (connection.state() == State::kWriting && !connection.has_output()) {
    if (connection.closes) {
      connection.drain(now_);
    } else {
      connection.begin(State::kReading, now_);
    }
  }
  return true;
}

/// Works on the requests that have arrived.
bool Server::read_on(std::uint64_t id, Connection& connection) {
  while (connection.state() == State::kReading) {
    auto result = parse_request(connection.input(), limits_.body);
    if (const auto* const incomplete = std::get_if<Incomplete>(&result)) {
      connection.expect(incomplete->whole);
      return true;
    }
    const auto* const refused = std::get_if<Refused>(&result);
    const bool said = refused != nullptr
                          ? send(connection, refusal(refused->status, why_refused(refused->status)))
                          : handle(id, connection, std::get<Parsed>(std::move(result)));
    if (!said || !write_on(connection)) {
      return false;
    }
  }
  return true;
}

bool Server::handle(std::uint64_t id, Connection& connection, Parsed parsed) {
  auto& request = parsed.request;
  request.peer = connection.peer();
  connection.take_request(parsed.size);
  // Without keeping the connection no rest of a body can be taken for a request.
  const bool close = !parsed.keeps || !request.body.empty();
  if (!only_reads(request)) {
    return hand_over(id, connection, std::move(request), close);
  }
  auto answer = answer_to(request, handlers_.reads(request), close);
  if (answer.follows && followers_ >= limits_.followers) {
    answer = refusal(503, "too many clients follow the events already");
  }
  return send(connection, std::move(answer));
}

bool Server::hand_over(std::uint64_t id, Connection& connection, Request request, bool close) {
  connection.begin(State::kBusy, now_);
  const auto submitted =
      writes_.submit([this, id, request = std::move(request), close](const std::stop_token&) {
        Answered answered{id, refusal(500, "an error inside of sessync; its log says more")};
        os::guarded("a request to the status server", [&] {
          answered.answer = answer_to(request, handlers_.writes(request), close);
        });
        const std::lock_guard lock(mutex_);
        answered_.push_back(std::move(answered));
        wake();
      });
  return submitted == os::Executor::Submitted::kTaken ||
         send(connection, refusal(503, "too many requests wait already; try again"));
}

bool Server::send(Connection& connection, Answer answer) {
  connection.begin(answer.follows ? State::kFollowing : State::kWriting, now_);
  connection.closes = answer.close;
  if (answer.follows) {
    connection.follows = *answer.follows;
    handlers_.followers(++followers_);
  }
  return connection.queue(std::make_shared<const std::string>(std::move(answer.head)), now_) &&
         connection.queue(answer.body, now_);
}

void Server::take_inbox() {
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(wake_.get(), &ignored));
  std::vector<Publication> published;
  std::vector<Answered> answered;
  {
    const std::lock_guard lock(mutex_);
    over_ = stopping_;
    published.swap(published_);
    answered.swap(answered_);
  }
  for (auto& one : answered) {
    take_answer(std::move(one));
  }
  for (const auto& publication : published) {
    pass_on(publication);
  }
}

/// The client may be gone by now.
void Server::take_answer(Answered answered) {
  const auto found = connections_.find(answered.id);
  if (found == connections_.end()) {
    return;
  }
  if (!send(found->second, std::move(answered.answer)) || !advance(answered.id, found->second)) {
    close(answered.id);
  }
}

void Server::pass_on(const Publication& publication) {
  std::vector<std::uint64_t> gone;
  for (auto& [id, connection] : connections_) {
    const auto revision = publication.revision.value_or(connection.follows + 1);
    if (connection.state() != State::kFollowing || revision <= connection.follows) {
      continue;
    }
    connection.follows = publication.revision.value_or(connection.follows);
    if (!connection.queue(publication.text, now_) || !connection.flush(now_) || connection.lags()) {
      gone.push_back(id);
    } else {
      settle(id, connection);
    }
  }
  std::ranges::for_each(gone, [this](std::uint64_t id) { close(id); });
}

/// Tells the kernel what this connection waits for, and remembers when its patience ends.
void Server::settle(std::uint64_t id, Connection& connection) {
  const auto state = connection.state();
  std::uint32_t events = connection.has_output() ? EPOLLOUT : 0U;
  if (state != State::kBusy && state != State::kWriting) {
    events |= EPOLLIN;
  }
  if (events != connection.interest) {
    connection.interest = events;
    ask(epoll_.get(), EPOLL_CTL_MOD, connection.fd(), id, events);
  }
  if (const auto deadline = connection.deadline()) {
    next_check_ = std::min(next_check_, *deadline);
  }
}

void Server::close(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    return;
  }
  const bool followed = found->second.state() == State::kFollowing;
  connections_.erase(found);
  if (followed) {
    handlers_.followers(--followers_);
  }
}

void Server::close_expired() {
  if (accepts_again_ && now_ >= *accepts_again_) {
    accepts_again_.reset();
    accept_from_all(EPOLLIN);
  }
  if (now_ < next_check_) {
    return;
  }
  next_check_ = Clock::time_point::max();
  std::vector<std::uint64_t> expired;
  for (const auto& [id, connection] : connections_) {
    const auto deadline = connection.deadline();
    if (deadline && *deadline <= now_) {
      expired.push_back(id);
    } else if (deadline) {
      next_check_ = std::min(next_check_, *deadline);
    }
  }
  std::ranges::for_each(expired, [this](std::uint64_t id) { close(id); });
}

void Server::accept_all(const Door& door) {
  constexpr int kMostAtOnce = 64;
  for (int i = 0; i < kMostAtOnce && accept_one(door); ++i) {
  }
}

bool Server::accept_one(const Door& door) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  os::UniqueFd fd(::accept4(door.listener.socket.get(), reinterpret_cast<sockaddr*>(&from), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    const bool no_more = errno == EAGAIN;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      pause_accepting();
    }
    return !no_more && !accepts_again_;
  }
  const auto peer = peer_of(fd.get(), door.listener.way, from, size);
  take_in(std::move(fd), peer, door);
  return true;
}

bool Server::has_room_for(const Door& door) const {
  const bool local = door.listener.way == Way::kLocal;
  return connections_.size() < limits_.connections + (local ? kKeptForLocal : 0);
}

void Server::take_in(os::UniqueFd fd, const Peer& peer, const Door& door) {
  prepare(fd.get());
  if (!has_room_for(door)) {
    make_room();
  }
  if (!has_room_for(door)) {
    turn_away(fd.get(), door.tls != nullptr);
    return;
  }
  const auto id = next_id_++;
  auto tls = door.tls ? std::optional(door.tls->begin()) : std::nullopt;
  auto& connection =
      connections_.try_emplace(id, std::move(fd), peer, std::move(tls), now_).first->second;
  connection.interest = EPOLLIN;
  if (!ask(epoll_.get(), EPOLL_CTL_ADD, connection.fd(), id, EPOLLIN) || !advance(id, connection)) {
    close(id);
  }
}

/// Of those who keep a connection without asking for anything, whoever does so longest goes.
void Server::make_room() {
  std::optional<std::uint64_t> idlest;
  auto since = Clock::time_point::max();
  for (const auto& [id, connection] : connections_) {
    const auto state = connection.state();
    if ((state == State::kReading || state == State::kDraining) && connection.since() < since) {
      idlest = id;
      since = connection.since();
    }
  }
  if (idlest) {
    close(*idlest);
  }
}

/// The process has no descriptor left: one of ours is given back, then it is tried again.
void Server::pause_accepting() {
  make_room();
  accepts_again_ = now_ + kAcceptPause;
  accept_from_all(0);
}

void Server::accept_from_all(std::uint32_t events) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, door] : doors_) {
    ask(epoll_.get(), EPOLL_CTL_MOD, door.listener.socket.get(), id, events);
  }
}

}  // namespace sessync::http
