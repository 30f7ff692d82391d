#include <atomic>

#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/gate.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

constexpr std::uint64_t kPacked = 70'000;

/// Takes uploads and says that they have `size` bytes; knows one session.
RawServer::Serve storing(std::uint64_t size) {
  return answering([size](const RawRequest& request) {
    if (request.method == "GET") return raw_answer(200, R"({"id":"sesn_1"})");
    return raw_answer(200, file_json("file_9", size));
  });
}

ports::ApiError cannot_pack() {
  ports::ApiError error;
  error.kind = Kind::kNotStored;
  error.message = "a cannot be packed: the disk is full";
  return error;
}

}  // namespace

TEST_CASE("an archive is packed elsewhere, and has the size that it got") {
  const RawServer server(storing(kPacked));
  Gate gate;
  auto options = options_for(server.url());
  options.parallel = 1;
  ApiFixture fixture(options);
  fixture.source.pack = [&]() -> ports::Result<std::uint64_t> {
    gate.pass();
    return kPacked;
  };
  std::optional<ports::Result<ports::FileMetadata>> file;
  fixture.api.upload(archive_upload_of("aa"), [&](auto result) { file = std::move(result); });
  gate.wait_for_arrival();
  // The one connection is free meanwhile.
  CHECK(fixture.session());
  CHECK(!file);
  CHECK(server.count("POST") == 0);
  gate.open();
  fixture.drain();
  REQUIRE(file);
  REQUIRE(*file);
  CHECK((*file)->size_bytes == kPacked);
  const auto body = server.requests().back().body;
  CHECK(body.find(generated(kPacked)) != std::string::npos);
}

TEST_CASE("archives are packed one at a time, and those of one digest once") {
  const RawServer server(storing(kPacked));
  std::atomic<int> packing = 0;
  std::atomic<int> packed = 0;
  ApiFixture fixture(options_for(server.url()));
  fixture.source.pack = [&]() -> ports::Result<std::uint64_t> {
    CHECK(++packing == 1);
    ++packed;
    --packing;
    return kPacked;
  };
  int done = 0;
  for (const char* const digest : {"aa", "bb", "aa", "cc"}) {
    fixture.api.upload(archive_upload_of(digest), [&](const auto& file) { done += file ? 1 : 0; });
  }
  fixture.drain();
  CHECK(done == 4);
  CHECK(packed == 3);
  CHECK(server.count("POST") == 3);
}

TEST_CASE("an answer with another size than that of the archive is not believed") {
  const RawServer server(storing(kPacked - 1));
  ApiFixture fixture(options_for(server.url()));
  fixture.source.pack = [] { return ports::Result<std::uint64_t>(kPacked); };
  CHECK(fixture.upload(archive_upload_of("aa")).error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("an archive that cannot be packed is not sent") {
  const RawServer server(storing(kPacked));
  ApiFixture fixture(options_for(server.url()));
  fixture.source.pack = []() -> ports::Result<std::uint64_t> {
    return tl::unexpected(cannot_pack());
  };
  const auto error = fixture.upload(archive_upload_of("aa")).error();
  CHECK(error.kind == Kind::kNotStored);
  CHECK(error.message == cannot_pack().message);
  CHECK(server.requests().empty());
}

TEST_CASE("an archive is packed again for a call that is made again") {
  const RawServer server(answering([](const RawRequest& request) {
    if (request.headers.at("x-api-key") == "old") return raw_answer(401, "");
    return raw_answer(200, file_json("file_9", kPacked));
  }));
  std::atomic<bool> refreshed = false;
  auto options = options_for(server.url());
  options.key = {[&] { return ports::Secret(refreshed ? "new" : "old"); },
                 [&] { refreshed = true; }};
  ApiFixture fixture(options);
  std::atomic<int> packed = 0;
  fixture.source.pack = [&]() -> ports::Result<std::uint64_t> {
    ++packed;
    return kPacked;
  };
  CHECK(fixture.upload(archive_upload_of("aa")));
  CHECK(packed == 2);
}

TEST_CASE("aborting ends what is packed and what waits for it, at once") {
  const RawServer server(storing(kPacked));
  Gate gate;
  std::atomic<bool> told = false;
  ApiFixture fixture(options_for(server.url()));
  fixture.source.pack = [&]() -> ports::Result<std::uint64_t> {
    gate.pass();
    return kPacked;
  };
  fixture.source.on_stop = [&] { told = true; };
  std::vector<Kind> ends;
  for (const char* const digest : {"aa", "bb"}) {
    fixture.api.upload(archive_upload_of(digest),
                       [&](const auto& file) { ends.push_back(file.error().kind); });
  }
  gate.wait_for_arrival();
  fixture.thread.abort_uploads();
  fixture.drain();  // although the packing goes on
  CHECK(ends == std::vector<Kind>{Kind::kAborted, Kind::kAborted});
  CHECK(told);
  gate.open();
  CHECK(fixture.upload(archive_upload_of("cc")).error().kind == Kind::kAborted);
  CHECK(server.count("POST") == 0);
}

TEST_CASE("ending the thread ends the packing") {
  const RawServer server(storing(kPacked));
  Gate gate;
  GeneratedSource source;
  source.pack = [&]() -> ports::Result<std::uint64_t> {
    gate.pass();
    return tl::unexpected(cannot_pack());
  };
  source.on_stop = [&] { gate.open(); };
  os::CompletionQueue queue;
  auto thread = std::make_unique<api::ApiThread>(options_for(server.url()), source);
  api::HttpSessionApi api(*thread, queue);
  std::optional<Kind> end;
  api.upload(archive_upload_of("aa"), [&](const auto& file) { end = file.error().kind; });
  gate.wait_for_arrival();
  thread.reset();
  while (queue.run_one()) {
  }
  CHECK(end == Kind::kAborted);
}
