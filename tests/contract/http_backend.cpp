#include <cstdlib>
#include <stdexcept>

#include "daemon/api/http_session_api.h"
#include "daemon/http/client/base_url.h"
#include "tests/contract/backend.h"
#include "tests/double/http/http_server.h"

namespace sessync::contract {

namespace {

api::ApiOptions options_for(const std::string& url, const std::string& key) {
  api::ApiOptions options;
  options.base_url = http::parse_base_url(url).value();
  options.key.current = [key] { return ports::Secret(key); };
  return options;
}

/// The real client on whatever answers at `url`.
class ClientBackend : public Backend {
 public:
  ClientBackend(const std::string& url, const std::string& key)
      : thread_(options_for(url, key), content_), api_(thread_, queue_) {}

  ports::SessionApi& api() override { return api_; }
  ports::Loop& loop() override { return queue_; }

 private:
  os::CompletionQueue queue_;
  api::ApiThread thread_;
  api::HttpSessionApi api_;
};

/// A base of HttpBackend, so that the server is there before the client and after it.
struct Served {
  DoubleServer server;
};

class HttpBackend : private Served, public ClientBackend {
 public:
  HttpBackend() : ClientBackend(Served::server.url(), "key") {
    server.with(
        [this](DoubleWorld& world) { session = world.model.create_session({}).value().id; });
  }
  void with_model(const std::function<void(SessionModel&)>& use) override {
    server.with([&](DoubleWorld& world) { use(world.model); });
  }
  void add_fault(const FaultRule& rule) override {
    server.with([&](DoubleWorld& world) { world.faults.add(rule); });
  }
  void clear_faults() override {
    server.with([](DoubleWorld& world) { world.faults.clear(); });
  }
};

class LiveBackend : public ClientBackend {
 public:
  LiveBackend(const std::string& url, const std::string& key, const std::string& id)
      : ClientBackend(url, key) {
    session = id;
    mounts = "/sessync-contract/";
  }
  void with_model(const std::function<void(SessionModel&)>& /*use*/) override {
    throw std::logic_error("the real API has no model");
  }
  void add_fault(const FaultRule& /*rule*/) override {
    throw std::logic_error("the real API takes no faults");
  }
  void clear_faults() override {}
};

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

}  // namespace

std::unique_ptr<Backend> http_backend() { return std::make_unique<HttpBackend>(); }

std::unique_ptr<Backend> live_backend() {
  const std::string key = environment("ANTHROPIC_API_KEY", "");
  const std::string session = environment("SESSYNC_LIVE_SESSION", "");
  if (key.empty() || session.empty()) {
    return nullptr;
  }
  return std::make_unique<LiveBackend>(
      environment("ANTHROPIC_BASE_URL", "https://api.anthropic.com"), key, session);
}

}  // namespace sessync::contract
