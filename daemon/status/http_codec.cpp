#include "daemon/status/http_codec.h"

#include <algorithm>
#include <cstring>

#include <httplib.h>
#include <nlohmann/json.hpp>

namespace sessync {
namespace {

constexpr std::size_t kMaxKeptAlive = 10'000;

StatusRequest taken_over(const httplib::Request& from, const HttpPeer& peer) {
  StatusRequest request{from.method, from.path, {}, from.body, peer};
  for (const auto& [name, value] : from.headers) {
    request.headers.emplace_back(name, value);
  }
  return request;
}

/// What the library would act upon by itself: parts of an answer, codings, several answers. None of
/// it is for documents that change.
void keep_it_simple(httplib::Request& request) {
  for (const char* const name : {"Range", "Content-Encoding", "Content-Type", "Expect"}) {
    request.headers.erase(name);
  }
  request.ranges.clear();
}

}  // namespace

/// The library's own server, fed from memory: sockets are somebody else's concern.
struct HttpCodec::Parts : public httplib::Server {
  /// A request to read, an answer to write; the body is recognized, not copied.
  class MemoryStream final : public httplib::Stream {
   public:
    MemoryStream(std::string_view input, const HttpPeer& peer) : input_(input), peer_(peer) {}

    [[nodiscard]] const HttpPeer& peer() const { return peer_; }

    void expect_body(const std::shared_ptr<const std::string>& body) { body_ = body.get(); }
    std::string take_output() { return std::move(output_); }

    [[nodiscard]] bool is_readable() const override { return true; }
    [[nodiscard]] bool is_writable() const override { return true; }
    ssize_t read(char* to, std::size_t size) override {
      const auto count = std::min(size, input_.size());
      std::memcpy(to, input_.data(), count);
      input_.remove_prefix(count);
      return static_cast<ssize_t>(count);
    }
    ssize_t write(const char* from, std::size_t size) override {
      if (body_ == nullptr || from != body_->data()) {
        output_.append(from, size);
      }
      return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override {
      ip = peer_.address;
      port = 0;
    }
    void get_local_ip_and_port(std::string& ip, int& port) const override {
      ip.clear();
      port = 0;
    }
    [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

   private:
    std::string_view input_;
    const HttpPeer& peer_;
    const std::string* body_ = nullptr;
    std::string output_;
  };

  explicit Parts(HttpHandler handler) : handler_(std::move(handler)) {
    svr_sock_ = 0;  // it writes no body when it thinks that it was stopped
    set_keep_alive_max_count(kMaxKeptAlive);
    set_keep_alive_timeout(kKeptAliveFor.count());
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      reply(request, response);
      return HandlerResponse::Handled;
    });
  }

  StatusAnswer answer(std::string_view request, std::string_view body, const HttpPeer& peer,
                      bool last) {
    MemoryStream stream(request, peer);
    stream_ = &stream;
    request_body_ = body;
    reply_ = {};
    reached_ = false;
    bool close = last;
    process_request(stream, last, close, keep_it_simple);
    if (!reached_) {
      return refusal_answer(400, "this is no HTTP request that can be understood");
    }
    StatusAnswer answer{stream.take_output(), reply_.body, close || reply_.follows, reply_.follows};
    if (is_head_) {
      answer.body = nullptr;
      answer.follows = std::nullopt;
    }
    return answer;
  }

 private:
  void reply(const httplib::Request& request, httplib::Response& response) {
    reached_ = true;
    is_head_ = request.method == "HEAD";
    auto taken = taken_over(request, stream_->peer());
    taken.body = request_body_;
    reply_ = handler_(taken);
    response.status = reply_.status;
    for (const auto& [name, value] : reply_.headers) {
      response.set_header(name, value);
    }
    set_body(response);
  }

  void set_body(httplib::Response& response) {
    if (reply_.body == nullptr) {
      reply_.body = std::make_shared<const std::string>();
    }
    stream_->expect_body(reply_.body);
    if (reply_.follows) {
      response.set_header("Connection", "close");
      response.set_content_provider(reply_.type, [](std::size_t, httplib::DataSink& sink) {
        sink.done();
        return true;
      });
      return;
    }
    if (reply_.body->empty()) {
      return;
    }
    response.set_content_provider(
        reply_.body->size(), reply_.type,
        [this](std::size_t at, std::size_t size, httplib::DataSink& sink) {
          return sink.write(reply_.body->data() + at, size);
        });
  }

  HttpHandler handler_;
  MemoryStream* stream_ = nullptr;
  std::string_view request_body_;
  HttpReply reply_;
  bool is_head_ = false;
  bool reached_ = false;  ///< the handler was asked
};

std::string error_document(const std::string& code, const std::string& message) {
  const nlohmann::ordered_json document = {{"error", {{"code", code}, {"message", message}}}};
  return document.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string gzipped(const std::string& text) {
  std::string packed;
  httplib::detail::gzip_compressor compressor;
  compressor.compress(text.data(), text.size(), true,
                      [&packed](const char* data, std::size_t size) {
                        packed.append(data, size);
                        return true;
                      });
  return packed;
}

StatusAnswer refusal_answer(int status, const std::string& message) {
  auto body = std::make_shared<const std::string>(error_document("bad_request", message));
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Refused\r\n";
  head.append("Content-Type: application/json\r\nConnection: close\r\nContent-Length: ");
  head.append(std::to_string(body->size())).append("\r\n\r\n");
  return {std::move(head), std::move(body), true, std::nullopt};
}

HttpCodec::HttpCodec(HttpHandler handler) : parts_(std::make_unique<Parts>(std::move(handler))) {}
HttpCodec::~HttpCodec() = default;

StatusAnswer HttpCodec::answer(const std::string& request, const HttpPeer& peer, bool last) {
  const auto extent = request_extent(request);
  const std::string_view bytes = request;
  // Without keeping the connection no rest of a body can be taken for a request.
  return parts_->answer(bytes.substr(0, extent.head), bytes.substr(extent.head, extent.body), peer,
                        last || extent.body > 0);
}

}  // namespace sessync
