#include <atomic>
#include <new>

#include <catch2/catch.hpp>

#include "daemon/api/calls/api_caller.h"
#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

// Whatever is thrown while a call is begun or its answer handled, as when memory ends: the call is
// answered, and so is the next one, on the same connection.
using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// Throws as often as it was told to.
struct Thrower {
  std::atomic<int> times{0};
  void operator()() {
    if (times > 0) {
      --times;
      throw std::bad_alloc();
    }
  }
};

RawServer::Serve serving() {
  return answering([](const RawRequest& request) {
    if (request.method == "GET") return raw_answer(200, R"({"id":"sesn_1"})");
    return raw_answer(200, file_json("file_9"));
  });
}

/// With one connection, which whoever was lost must give back.
struct Lossy {
  explicit Lossy(RawServer::Serve serve = serving()) : server(std::move(serve)) {}

  api::ApiOptions options() {
    auto options = options_for(server.url());
    options.parallel = 1;
    options.key = {[this] {
                     key();
                     return ports::Secret(kKey);
                   },
                   [this] { refresh(); }};
    return options;
  }
  api::ApiHooks hooks() {
    api::ApiHooks hooks;
    hooks.finished = [this](const api::RequestReport&) { finished(); };
    hooks.uploads.find = [this](const auto&, const auto&) -> std::optional<ports::FileMetadata> {
      find();
      return std::nullopt;
    };
    hooks.uploads.uploaded = [this](const auto&, const auto&, const auto&) { uploaded(); };
    return hooks;
  }

  Thrower key, refresh, finished, find, uploaded;
  RawServer server;
  ApiFixture fixture{options(), hooks()};
};

}  // namespace

TEST_CASE("a call that cannot be begun for an exception is not sent, and says so") {
  Lossy lossy;
  lossy.key.times = 1;
  const auto error = lossy.fixture.session().error();
  CHECK(error.kind == Kind::kNotSent);
  CHECK(error.message.starts_with("get_session: not sent"));
  CHECK(lossy.server.requests().empty());
  CHECK(lossy.fixture.session());
}

TEST_CASE("an upload that cannot be begun for an exception is not sent, and the next one is") {
  Lossy lossy;
  SECTION("when it is looked for") { lossy.find.times = 1; }
  SECTION("when it is sent") { lossy.key.times = 1; }
  CHECK(lossy.fixture.upload(upload_of("aa", 1)).error().kind == Kind::kNotSent);
  CHECK(lossy.server.requests().empty());
  CHECK(lossy.fixture.upload(upload_of("aa", 1)));
}

TEST_CASE("those who wait for an upload that is lost go on without it") {
  Lossy lossy;
  lossy.key.times = 1;
  std::vector<std::optional<Kind>> ends;
  for (int i = 0; i < 3; ++i) {
    lossy.fixture.api.upload(upload_of("aa", 1), [&](const auto& file) {
      ends.push_back(file ? std::nullopt : std::optional(file.error().kind));
    });
  }
  lossy.fixture.drain();
  CHECK(ends == std::vector<std::optional<Kind>>{Kind::kNotSent, std::nullopt, std::nullopt});
  CHECK(lossy.server.count("POST") == 1);
}

TEST_CASE("an upload that cannot be remembered is in doubt, and not taken for a file") {
  Lossy lossy;
  lossy.uploaded.times = 1;
  CHECK(lossy.fixture.upload(upload_of("aa", 1)).error().kind == Kind::kUnknownOutcome);
  CHECK(lossy.server.count("POST") == 1);
  CHECK(lossy.fixture.upload(upload_of("aa", 1)));
}

TEST_CASE("a call that cannot be counted is answered as it was") {
  Lossy lossy;
  lossy.finished.times = 1;
  CHECK(lossy.fixture.session());
  CHECK(lossy.fixture.session());
}

TEST_CASE("a call whose answer meets an exception is in doubt") {
  Lossy lossy(answering([refused = false](const RawRequest&) mutable {
    return std::exchange(refused, true) ? raw_answer(200, R"({"id":"sesn_1"})")
                                        : raw_answer(401, "");
  }));
  lossy.refresh.times = 1;
  const auto error = lossy.fixture.session().error();
  CHECK(error.kind == Kind::kUnknownOutcome);
  CHECK(error.message.starts_with("get_session: sent, but its answer was lost"));
  CHECK(lossy.server.requests().size() == 1);
  CHECK(lossy.fixture.session());
}

TEST_CASE("an archive whose packing throws is not sent, and the next one is packed") {
  Lossy lossy;
  Thrower pack;
  pack.times = 1;
  lossy.fixture.source.pack = [&]() -> ports::Result<std::uint64_t> {
    pack();
    return 1;
  };
  const auto error = lossy.fixture.upload(archive_upload_of("aa")).error();
  CHECK(error.kind == Kind::kNotSent);
  CHECK(error.message.find("could not be packed") != std::string::npos);
  CHECK(lossy.server.requests().empty());
  CHECK(lossy.fixture.upload(archive_upload_of("aa")));
}

TEST_CASE("a call whose task throws before the engine has it is answered as lost") {
  Lossy lossy;
  const auto caller = std::make_shared<api::ApiCaller>(lossy.fixture.thread, lossy.fixture.queue);
  std::optional<Kind> end;
  caller->begin<ports::Done>(
      schedule::RateClass::kReads, "a test",
      [&](const ports::Result<ports::Done>& done) { end = done.error().kind; },
      [](api::RequestEngine&, const ports::Completion<ports::Done>&) { throw std::bad_alloc(); });
  lossy.fixture.drain();
  CHECK(end == Kind::kNotSent);
  CHECK_FALSE(caller->limited_until());
}

TEST_CASE("a call that the engine has and then forgets is answered as one in doubt") {
  Lossy lossy;
  const auto caller = std::make_shared<api::ApiCaller>(lossy.fixture.thread, lossy.fixture.queue);
  std::optional<Kind> end;
  caller->begin<ports::Done>(
      schedule::RateClass::kReads, "a test",
      [&](const ports::Result<ports::Done>& done) { end = done.error().kind; },
      [](api::RequestEngine&, const ports::Completion<ports::Done>&) {});
  lossy.fixture.drain();
  CHECK(end == Kind::kUnknownOutcome);
}

TEST_CASE("permits that are lost on the way keep nobody waiting") {
  Lossy lossy;
  const auto caller = std::make_shared<api::ApiCaller>(lossy.fixture.thread, lossy.fixture.queue);
  int ready = 0;
  caller->hand_over(
      schedule::RateClass::kWrites,
      [](api::RequestEngine&, const api::ApiCaller::DeliveryPtr&) { throw std::bad_alloc(); },
      [&ready] { ++ready; });
  lossy.fixture.drain();
  CHECK(ready == 1);
}
