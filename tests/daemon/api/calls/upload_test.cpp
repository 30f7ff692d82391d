#include <atomic>

#include <catch2/catch.hpp>
#include <httplib.h>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/gate.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// An independent reader of multipart bodies.
struct MultipartServer {
  MultipartServer() {
    server.Post("/v1/files", [this](const httplib::Request& request, httplib::Response& response) {
      parts.assign(request.files.begin(), request.files.end());
      length = request.get_header_value("Content-Length");
      beta = request.get_header_value("anthropic-beta");
      response.set_content(file_json("file_9", parts.at(0).second.content.size()),
                           "application/json");
    });
    port = server.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server.listen_after_bind(); });
  }
  MultipartServer(const MultipartServer&) = delete;
  MultipartServer& operator=(const MultipartServer&) = delete;
  ~MultipartServer() {
    server.stop();
    thread.join();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }

  httplib::Server server;
  std::vector<std::pair<std::string, httplib::MultipartFormData>> parts;
  std::string length;
  std::string beta;
  int port = 0;
  std::thread thread;
};

}  // namespace

TEST_CASE("an upload is one part of exact bytes with its name") {
  MultipartServer server;
  ApiFixture fixture(options_for(server.url()));
  for (const char* const name : {"sessync.me.0123.r\xc3\xa9sum\xc3\xa9 v1;final.txt",
                                 "sessync.me.0123.it's 100%, {a}=[b]&c#d~.tar.gz"}) {
    for (const std::uint64_t size : {0U, 1U, 70000U}) {
      const auto file = fixture.upload(upload_of("aa", size, name));
      REQUIRE(file);
      CHECK(file->file_id == "file_9");
      REQUIRE(server.parts.size() == 1);
      const auto& part = server.parts[0].second;
      CHECK(part.name == "file");
      CHECK(part.filename == name);
      CHECK(part.content_type == "application/octet-stream");
      CHECK(part.content == generated(size));
      CHECK(std::stoul(server.length) > size);
      CHECK(server.beta.empty());
    }
  }
}

TEST_CASE("content that fails midway leaves no upload and keeps its own error") {
  std::atomic<int> whole = 0;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (connection.read(request)) ++whole;
  });
  for (const std::uint64_t fails_after :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{99999}}) {
    ApiFixture fixture(options_for(server.url()));
    fixture.source.fails_after = fails_after;
    const auto error = fixture.upload(upload_of("aa", 100000)).error();
    CHECK(error.kind == Kind::kSourceChanged);
    CHECK(error.message == "a.txt changed while it was read");
  }
  CHECK(whole == 0);
}

TEST_CASE("an upload cut off before its end had no effect") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    connection.read_head(request);
  });
  ApiFixture fixture(options_for(server.url()));
  const auto error = fixture.upload(upload_of("aa", std::uint64_t{64} << 20)).error();
  CHECK(error.kind == Kind::kNotSent);
}

TEST_CASE("a refusal in the middle of an upload is understood") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read_head(request)) return;
    connection.send(raw_answer(413, "<html>too large</html>", "Connection: close\r\n"));
    connection.wait_for_close();
  });
  ApiFixture fixture(options_for(server.url()));
  const auto error = fixture.upload(upload_of("aa", std::uint64_t{64} << 20)).error();
  CHECK(error.kind == Kind::kTooLarge);
}

TEST_CASE("an answer with another size is not believed") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, file_json("file_1", 4)); }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.upload(upload_of("aa", 5)).error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("memory stays flat while a large file is uploaded") {
  std::uint64_t received = 0;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (!connection.read_head(request)) return;
    // A body as long as the head promised, but thrown away.
    received = std::stoull(request.headers.at("content-length"));
    connection.discard(received);
    connection.send(raw_answer(200, file_json("file_1", std::uint64_t{64} << 20)));
  });
  ApiFixture fixture(options_for(server.url()));
  const long before = peak_kib();
  REQUIRE(fixture.upload(upload_of("aa", std::uint64_t{64} << 20)));
  CHECK(received > std::uint64_t{64} << 20);
  CHECK(peak_kib() - before < 16L * 1024);
}

TEST_CASE("concurrent uploads of one content are one upload, for all workers") {
  Gate gate;
  const RawServer server(answering([&](const RawRequest&) {
    gate.pass();
    return raw_answer(200, file_json("file_1", 5));
  }));
  ApiFixture fixture(options_for(server.url()));
  os::CompletionQueue other_queue;
  api::HttpSessionApi other(fixture.thread, other_queue);
  std::vector<std::string> ids;
  const auto remember = [&](const ports::Result<ports::FileMetadata>& file) {
    ids.push_back(file->file_id);
  };
  fixture.api.upload(upload_of("aa", 5), remember);
  fixture.api.upload(upload_of("aa", 5), remember);
  other.upload(upload_of("aa", 5), remember);
  settle(fixture.thread);
  gate.open();
  fixture.drain();
  while (other_queue.run_one()) {
  }
  CHECK(ids == std::vector<std::string>(3, "file_1"));
  CHECK(server.count("POST") == 1);
}

TEST_CASE("other contents and owners are other uploads") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, file_json("file_1", 5)); }));
  ApiFixture fixture(options_for(server.url()));
  auto foreign = upload_of("aa", 5);
  foreign.owner = "you";
  for (const auto& request : {upload_of("aa", 5), upload_of("bb", 5), foreign}) {
    fixture.api.upload(request,
                       [](const ports::Result<ports::FileMetadata>& file) { CHECK(file); });
  }
  fixture.drain();
  CHECK(server.count("POST") == 3);
}

TEST_CASE("when an upload fails the next one that waits leads") {
  Gate gate;
  std::atomic<int> asked = 0;
  const RawServer server(answering([&](const RawRequest&) {
    if (++asked > 1) return raw_answer(200, file_json("file_2", 5));
    gate.pass();
    return raw_answer(500, "");
  }));
  ApiFixture fixture(options_for(server.url()));
  std::vector<std::string> results;
  for (int i = 0; i < 3; ++i) {
    fixture.api.upload(upload_of("aa", 5), [&](const ports::Result<ports::FileMetadata>& file) {
      results.push_back(file ? file->file_id : "failed");
    });
  }
  settle(fixture.thread);
  gate.open();
  fixture.drain();
  CHECK(results == std::vector<std::string>{"failed", "file_2", "file_2"});
  CHECK(asked == 2);
}

TEST_CASE("a finished upload is known before anyone can ask for it again") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, file_json("file_1", 5)); }));
  std::map<std::string, ports::FileMetadata> known;
  api::ApiHooks hooks;
  hooks.uploads.find = [&](const std::string& owner,
                           const std::string& sha256) -> std::optional<ports::FileMetadata> {
    const auto found = known.find(owner + sha256);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
  hooks.uploads.uploaded = [&](const std::string& owner, const std::string& sha256,
                               const ports::FileMetadata& file) { known[owner + sha256] = file; };
  ApiFixture fixture(options_for(server.url()), hooks);
  REQUIRE(fixture.upload(upload_of("aa", 5)));
  const auto again = fixture.upload(upload_of("aa", 5));
  REQUIRE(again);
  CHECK(again->file_id == "file_1");
  CHECK(server.count("POST") == 1);
}

TEST_CASE("aborting ends uploads that run and wait; other calls go on") {
  Gate gate;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    while (connection.read(request)) {
      if (request.method == "POST") {
        gate.pass();
        return;
      }
      connection.send(raw_answer(200, R"({"id":"sesn_1"})"));
    }
  });
  auto options = options_for(server.url());
  options.parallel = 2;  // one upload runs, the other waits
  ApiFixture fixture(options);
  std::vector<Kind> ends;
  for (const char* const digest : {"aa", "bb"}) {
    fixture.api.upload(upload_of(digest, 5), [&](const ports::Result<ports::FileMetadata>& file) {
      REQUIRE(!file);
      ends.push_back(file.error().kind);
    });
  }
  gate.wait_for_arrival();
  fixture.thread.abort_uploads();
  fixture.drain();
  CHECK(ends == std::vector<Kind>{Kind::kAborted, Kind::kAborted});
  CHECK(fixture.session());
  CHECK(fixture.upload(upload_of("cc", 5)).error().kind == Kind::kAborted);
  CHECK(server.count("POST") == 1);
  gate.open();
}

TEST_CASE("uploads leave a connection for other calls") {
  Gate gate;
  const RawServer server(answering([&](const RawRequest& request) {
    if (request.method == "GET") return raw_answer(200, R"({"id":"sesn_1"})");
    gate.pass();
    return raw_answer(200, file_json("file_1", 5));
  }));
  auto options = options_for(server.url());
  options.parallel = 4;
  ApiFixture fixture(options);
  for (int i = 0; i < 8; ++i) {
    fixture.api.upload(upload_of(std::to_string(i), 5),
                       [](const ports::Result<ports::FileMetadata>&) {});
  }
  gate.wait_for_arrival(3);
  CHECK(fixture.session());
  CHECK(server.count("POST") == 3);
  gate.open();
  fixture.drain();
  CHECK(server.count("POST") == 8);
}

TEST_CASE("ending the thread completes what is under way") {
  Gate gate;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    gate.pass();
  });
  GeneratedSource source;
  os::CompletionQueue queue;
  auto options = options_for(server.url());
  options.parallel = 1;
  auto thread = std::make_unique<api::ApiThread>(options, source);
  api::HttpSessionApi api(*thread, queue);
  std::vector<Kind> ends;
  for (int i = 0; i < 2; ++i) {
    api.get_session("sesn_1", [&](const ports::Result<ports::SessionInfo>& session) {
      ends.push_back(session.error().kind);
    });
  }
  gate.wait_for_arrival();
  thread.reset();
  while (queue.run_one()) {
  }
  std::ranges::sort(ends);
  CHECK(ends == std::vector<Kind>{Kind::kNotSent, Kind::kAborted});
  gate.open();
}
