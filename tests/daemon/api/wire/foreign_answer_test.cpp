// Answers that are well-formed and not about what was asked for.

#include <catch2/catch.hpp>

#include "daemon/api/wire/answer_match.h"
#include "reconciler/observe/marker.h"
#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// A file row of any path, as the API answers it.
std::string row_json(const std::string& mount_path) {
  return R"({"id":"sesrsc_1","type":"file","file_id":"file_c","mount_path":")" + mount_path +
         R"("})";
}

}  // namespace

TEST_CASE("a resource, file or session that was not asked for is no answer") {
  const RawServer server(answering([](const RawRequest& request) {
    if (request.target.find("/resources/") != std::string::npos) {
      return raw_answer(200, resource_json("sesrsc_2"));
    }
    const bool file = request.target.starts_with("/v1/files");
    return raw_answer(200, file ? file_json("file_2") : R"({"id":"sesn_2","status":"idle"})");
  }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.session("sesn_1").error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.session("sesn_2"));
  CHECK(fixture.session("session_2"));
  CHECK(fixture.file("file_1").error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.file("file_2"));
  const auto resource = [&](const std::string& id) {
    return fixture.wait<ports::ResourceRow>(
        [&](auto done) { fixture.api.get_resource("sesn_1", id, std::move(done)); });
  };
  CHECK(resource("sesrsc_1").error().kind == Kind::kUnusableAnswer);
  CHECK(resource("sesrsc_2"));
}

TEST_CASE("an update that another session answers is in doubt") {
  const RawServer server(always(raw_answer(200, R"({"id":"sesn_2"})")));
  ApiFixture fixture(options_for(server.url()));
  const auto updated = fixture.wait<ports::SessionInfo>(
      [&](auto done) { fixture.api.update_session({"sesn_1", "t", {}}, std::move(done)); });
  CHECK(updated.error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("an add is answered with its own path, in any of its spellings") {
  for (const char* same : {"/a.txt", "/mnt/session/uploads/a.txt", "/uploads/a.txt", "//a.txt"}) {
    const RawServer server(always(raw_answer(200, row_json(same))));
    CHECK(ApiFixture(options_for(server.url())).add());
  }
  const RawServer server(always(raw_answer(200, row_json("/mnt/session/uploads/b.txt"))));
  const auto added = ApiFixture(options_for(server.url())).add();
  CHECK(added.error().kind == Kind::kUnknownOutcome);
  CHECK(added.error().message.find("another mount path") != std::string::npos);
}

TEST_CASE("an upload is answered with its own size and digest") {
  const std::string name = observe::encode_marker("me", std::string(64, 'a'), "a.txt");
  ports::FileMetadata file;
  file.size_bytes = 7;
  for (const auto& kept :
       {name, observe::encode_marker("me", std::string(64, 'a'), "b"), std::string()}) {
    file.filename = kept;
    CHECK(api::problem_of_upload(file, name, 7).empty());
    CHECK_FALSE(api::problem_of_upload(file, name, 8).empty());
  }
  for (const auto& other :
       {observe::encode_marker("me", std::string(64, 'b'), "a.txt"),
        observe::encode_marker("you", std::string(64, 'a'), "a.txt"), std::string("report.pdf")}) {
    file.filename = other;
    CHECK_FALSE(api::problem_of_upload(file, name, 7).empty());
  }
  file.filename = "report.pdf";
  CHECK(api::problem_of_upload(file, "report.pdf", 7).empty());
}

TEST_CASE("a compressed answer is none, whatever is in it") {
  const std::string body = list_json("");
  for (const char* encoding : {"gzip", "deflate", "br", "x-unknown"}) {
    const std::string header = std::string("Content-Encoding: ") + encoding + "\r\n";
    const RawServer server(always(raw_answer(200, body, header)));
    ApiFixture fixture(options_for(server.url()));
    const auto error = fixture.list().error();
    CHECK(error.kind == Kind::kUnusableAnswer);
    CHECK(error.message.find("compressed") != std::string::npos);
    CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
  }
  const RawServer server(always(raw_answer(200, body, "Content-Encoding: identity\r\n")));
  CHECK(ApiFixture(options_for(server.url())).list());
}

TEST_CASE("an upload that succeeds before it was sent has not succeeded") {
  constexpr std::uint64_t kSize = 32U << 20U;
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read_head(request)) return;
    connection.send(raw_answer(200, file_json("file_1", kSize)));
    // It reads no more and waits: a close now would reset the connection, answer and all.
    static_cast<void>(connection.closes_within(60'000));
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(300);
  ApiFixture fixture(options);
  const auto uploaded = fixture.upload(upload_of("aa", kSize));
  REQUIRE_FALSE(uploaded);
  CHECK(uploaded.error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("an upload that is refused before it was sent is refused") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read_head(request)) return;
    connection.send(raw_answer(413, "<html>too large</html>", "Connection: close\r\n"));
    connection.wait_for_close();
  });
  ApiFixture fixture(options_for(server.url()));
  const auto uploaded = fixture.upload(upload_of("aa", 32U << 20U));
  REQUIRE_FALSE(uploaded);
  CHECK(uploaded.error().kind == Kind::kTooLarge);
}

TEST_CASE("a list with more rows than any is no list") {
  std::string rows;
  for (int i = 0; i < 200'001; ++i) rows += i == 0 ? "{}" : ",{}";
  const RawServer server(always(raw_answer(200, list_json(rows))));
  const auto listed = ApiFixture(options_for(server.url())).list();
  REQUIRE_FALSE(listed);
  CHECK(listed.error().message.find("more rows") != std::string::npos);
}
