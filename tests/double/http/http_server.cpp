#include "tests/double/http/http_server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <stdexcept>
#include <thread>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include "tests/double/http/connections.h"
#include "tests/double/http/http_multipart.h"
#include "tests/double/http/http_wire.h"

namespace sessync {

namespace {

using skin::Call;
using skin::Reply;
using skin::Request;

constexpr std::size_t kThreads = 128;
constexpr std::size_t kMaxPayload = 600ULL * 1000 * 1000;
constexpr std::size_t kHugeBody = 64ULL * 1024 * 1024;
constexpr std::time_t kPatience = 120;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Request head_of(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  request.path = from.path;
  request.query = {from.params.begin(), from.params.end()};
  for (const auto& [name, value] : from.headers) {
    request.headers[lower(name)] = value;
  }
  return request;
}

void give(std::vector<skin::Part> parts, Request& request) {
  for (auto& part : parts) {
    if (part.name == "file") {
      request.file = {part.filename, part.content_type,
                      model::Content::of(std::move(part.content))};
    } else if (part.name == "expires_in_seconds") {
      request.expires_in_seconds = part.content;
    }
  }
}

/// The library parses forms itself unless it is told that this is none; its parser wants a line end
/// after the last boundary, which not every client sends.
void leave_unparsed(const httplib::Request& from) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the library's own request is not const
  const_cast<httplib::Request&>(from).headers.erase("Content-Type");
}

}  // namespace

struct DoubleServer::State {
  explicit State(const DoubleOptions& options) : core(options.seed, options.api_key) {}

  void configure();
  void start(const DoubleOptions& options);
  void stop();

  void handle(const httplib::Request& from, httplib::Response& to);
  void handle_upload(const httplib::Request& from, httplib::Response& to,
                     const httplib::ContentReader& reader);
  void send(const Call& call, const Reply& reply, const httplib::Request& from,
            httplib::Response& to);
  void send_slowly(const Fault& fault, const Reply& reply, httplib::Response& to);
  void send_faulty(const Fault& fault, const Reply& reply, httplib::Response& to);
  /// False: there is no such session.
  bool stream_events(const Call& call, httplib::Response& to);
  bool send_new_events(const std::string& session_id, std::uint64_t& seen, httplib::DataSink& sink);
  /// Waits; false if the server stopped meanwhile.
  bool pause(ports::Duration duration);
  void wait_latency();

  skin::Core core;
  httplib::Server server;
  std::string host;
  int port = 0;
  std::thread listener;
  std::promise<void> ended;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
};

bool DoubleServer::State::pause(ports::Duration duration) {
  std::unique_lock lock(mutex);
  return !wake.wait_for(lock, duration, [this] { return stopping; });
}

void DoubleServer::State::wait_latency() {
  ports::Duration latency{0};
  core.with([&](DoubleWorld& world) { latency = world.latency; });
  if (latency > ports::Duration{0}) {
    (void)pause(latency);
  }
}

void DoubleServer::State::configure() {
  // The library owns what it asks for here.
  server.new_task_queue = [] { return std::make_unique<httplib::ThreadPool>(kThreads).release(); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_keep_alive_timeout(kPatience);
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_payload_max_length(kMaxPayload);
  const auto plain = [this](const auto& from, auto& to) { handle(from, to); };
  // Without these headers there is no body; the library would wait for one.
  server.set_pre_routing_handler([this](const auto& from, auto& to) {
    const bool has_body = from.has_header("Content-Length") || from.has_header("Transfer-Encoding");
    if (!has_body) {
      handle(from, to);
    }
    return has_body ? httplib::Server::HandlerResponse::Unhandled
                    : httplib::Server::HandlerResponse::Handled;
  });
  server.Post("/v1/files", [this](const auto& from, auto& to, const auto& reader) {
    handle_upload(from, to, reader);
  });
  server.Get(".*", plain);
  server.Post(".*", plain);
  server.Put(".*", plain);
  server.Patch(".*", plain);
  server.Delete(".*", plain);
  server.Options(".*", plain);
}

void DoubleServer::State::start(const DoubleOptions& options) {
  host = options.host;
  port = options.port;
  if (port == 0) {
    port = server.bind_to_any_port(host);
  } else if (!server.bind_to_port(host, port)) {
    port = -1;
  }
  if (port <= 0) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(options.port));
  }
  skin::widen_backlog(port);
  listener = std::thread([this] {
    server.listen_after_bind();
    ended.set_value();
  });
  while (!server.is_running()) {
    std::this_thread::yield();
  }
}

void DoubleServer::State::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  server.stop();
  // A worker leaves an idle connection only when it ends, and new ones may still be in the queue.
  const auto end = ended.get_future();
  do {
    skin::cut_connections(port);
  } while (end.wait_for(ports::Duration(5)) != std::future_status::ready);
  listener.join();
}

void DoubleServer::State::handle(const httplib::Request& from, httplib::Response& to) {
  Request request = head_of(from);
  request.body = from.body;
  if (request.path.starts_with("/_double/")) {
    const Reply reply = skin::control(core, request);
    to.status = reply.status;
    to.set_content(reply.body, reply.content_type);
    return;
  }
  wait_latency();
  const Call call = core.open(request);
  const bool is_stream = call.route.operation == Operation::kStreamEvents;
  if (is_stream && !call.refused && !call.fault && stream_events(call, to)) return;
  send(call, core.finish(call, request), from, to);
}

void DoubleServer::State::handle_upload(const httplib::Request& from, httplib::Response& to,
                                        const httplib::ContentReader& reader) {
  Request request = head_of(from);
  wait_latency();
  Call call = core.open(request);
  const bool cut_early = call.fault && call.fault->kind == Fault::Kind::kCutBefore;
  const auto boundary = skin::boundary_of(from.get_header_value("Content-Type"));
  leave_unparsed(from);
  std::string body;
  // Read even what will be refused: the next request on this connection follows the body.
  const bool is_complete = reader([&](const char* bytes, std::size_t count) {
    if (boundary) body.append(bytes, count);
    return !cut_early;
  });
  // Half a request is none: whoever sent it gave up, and must not find half a file.
  if (!is_complete) call.fault = Fault::of(Fault::Kind::kCutBefore);
  if (boundary)
    give(skin::parse_multipart(body, *boundary).value_or(std::vector<skin::Part>{}), request);
  send(call, core.finish(call, request), from, to);
}

void DoubleServer::State::send(const Call& call, const Reply& reply, const httplib::Request& from,
                               httplib::Response& to) {
  wake.notify_all();  // there may be new events
  if (reply.status == 0) {
    skin::cut_connection(port, from.remote_port);
    // Nothing can be written any more; a body that fails makes the library close the socket.
    to.set_content_provider(1, "application/json",
                            [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
    return;
  }
  to.status = reply.status;
  for (const auto& [name, value] : reply.headers) {
    to.set_header(name, value);
  }
  if (call.fault) {
    send_faulty(*call.fault, reply, to);
  } else {
    to.set_content(reply.body, reply.content_type);
  }
}

void DoubleServer::State::send_slowly(const Fault& fault, const Reply& reply,
                                      httplib::Response& to) {
  to.set_content_provider(reply.body.size(), reply.content_type,
                          [this, delay = fault.delay, body = reply.body](
                              std::size_t at, std::size_t, httplib::DataSink& sink) {
                            const std::size_t half = std::max<std::size_t>(body.size() / 2, 1);
                            if (at > 0 && !pause(delay)) {
                              return false;
                            }
                            const std::size_t count = at == 0 ? half : body.size() - at;
                            return sink.write(body.data() + at, count);
                          });
}

void DoubleServer::State::send_faulty(const Fault& fault, const Reply& reply,
                                      httplib::Response& to) {
  const std::string& type = reply.content_type;
  const std::string& body = reply.body;
  switch (fault.kind) {
    case Fault::Kind::kSlow:
      send_slowly(fault, reply, to);
      return;
    case Fault::Kind::kEndlessBody:
      to.set_chunked_content_provider(type, [this](std::size_t, httplib::DataSink& sink) {
        return sink.write(" ", 1) && pause(ports::Duration(10));
      });
      return;
    case Fault::Kind::kTruncatedBody:
      // Never a byte that is not the content's, and fewer than it has.
      to.set_content_provider(body.size() + 1, type,
                              [body](std::size_t at, std::size_t, httplib::DataSink& sink) {
                                const std::size_t half = body.size() / 2;
                                return at == 0 && half > 0 && sink.write(body.data(), half);
                              });
      return;
    case Fault::Kind::kHugeBody:
      to.set_content_provider(kHugeBody, type,
                              [](std::size_t, std::size_t left, httplib::DataSink& sink) {
                                const std::string blank(std::min<std::size_t>(left, 65536), ' ');
                                return sink.write(blank.data(), blank.size());
                              });
      return;
    default:
      to.set_content(body, type);
  }
}

bool DoubleServer::State::send_new_events(const std::string& session_id, std::uint64_t& seen,
                                          httplib::DataSink& sink) {
  std::string text;
  core.with([&](DoubleWorld& world) {
    if (!world.model.get_session(session_id)) {
      return;
    }
    for (const auto& event : world.model.session(session_id).events) {
      if (event.serial > seen) {
        seen = event.serial;
        text += "event: message\ndata: " + skin::to_json(event).dump() + "\n\n";
      }
    }
  });
  return text.empty() || sink.write(text.data(), text.size());
}

bool DoubleServer::State::stream_events(const Call& call, httplib::Response& to) {
  std::uint64_t seen = 0;
  bool exists = false;
  core.with([&](DoubleWorld& world) {
    const auto session = world.model.get_session(call.route.session_id);
    exists = session.has_value();
    if (session && !session->events.empty()) {
      seen = session->events.back().serial;  // a live tail: nothing is replayed
    }
  });
  if (!exists) return false;
  to.status = 200;
  to.set_header("request-id", call.request_id);
  to.set_chunked_content_provider(
      "text/event-stream", [this, seen, id = call.route.session_id, first = true](
                               std::size_t, httplib::DataSink& sink) mutable {
        if (std::exchange(first, false)) {
          return sink.write(": connected\n\n", 13);
        }
        return send_new_events(id, seen, sink) && pause(ports::Duration(20));
      });
  return true;
}

DoubleServer::DoubleServer(const DoubleOptions& options)
    : state_(std::make_unique<State>(options)) {
  state_->core.with([&](DoubleWorld& world) {
    world.latency = options.latency;
    world.model.switches() = options.switches;
  });
  state_->configure();
  state_->start(options);
}

DoubleServer::~DoubleServer() { state_->stop(); }

int DoubleServer::port() const { return state_->port; }

std::string DoubleServer::url() const {
  return "http://" + state_->host + ":" + std::to_string(state_->port);
}

void DoubleServer::with(const std::function<void(DoubleWorld&)>& use) { state_->core.with(use); }

}  // namespace sessync
