#include <catch2/catch.hpp>

#include "reconciler/ports/ports.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/memory/memory_session_api.h"

namespace sessync {

namespace {

struct CallRig {
  SessionModel model;
  TestLoop loop;
  MemoryContentSource content;
  MemorySessionApi api{model, loop, &content};

  CallRig() { model.set_time(loop.now()); }

  void fault(Operation operation, Fault::Kind kind) {
    FaultRule rule;
    rule.operation = operation;
    rule.times = 1;
    rule.fault = Fault::of(kind);
    api.faults.add(rule);
  }
  ports::Result<ports::CreatedSession> create(const ports::NewSession& request) {
    return ports::await<ports::CreatedSession>(
        loop, [&](auto done) { api.create_session(request, std::move(done)); });
  }
  ports::Result<ports::Done> rotate(const std::string& session, const std::string& id,
                                    const std::string& token) {
    return ports::await<ports::Done>(loop, [&](auto done) {
      api.rotate_token({session, id, ports::Secret(token)}, std::move(done));
    });
  }
};

class Collector : public ports::ContentSink {
 public:
  explicit Collector(std::size_t room = 1 << 20) : room_(room) {}

  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    if (text.size() + bytes.size() > room_) {
      return tl::unexpected(std::string("the disk is full"));
    }
    text += bytes;
    return ports::Done{};
  }

  std::string text;

 private:
  std::size_t room_;
};

ports::NewSession with_repository(const std::string& token) {
  ports::NewSession request;
  request.spec.agent_id = "agent_1";
  request.spec.environment_id = "env_1";
  request.metadata = {{"key", "unique"}};
  request.repositories = {
      {"https://github.com/acme/app", "/workspace/app", std::nullopt, ports::Secret(token)}};
  return request;
}

}  // namespace

TEST_CASE("a created session holds its token, and rotations are remembered") {
  CallRig rig;
  const auto created = rig.create(with_repository("first"));
  REQUIRE(created);
  CHECK(created->info.created_at == model::to_text(rig.loop.now()));
  REQUIRE(created->rows.size() == 1);
  const std::string id = std::get<ports::RepositoryRow>(created->rows.front()).resource_id;
  const std::string session = created->info.session_id;
  CHECK(rig.model.repositories(session).front().token == "first");

  rig.fault(Operation::kRotateToken, Fault::Kind::kCutAfter);
  CHECK(rig.rotate(session, id, "second").error().kind == ports::ApiError::Kind::kUnknownOutcome);
  CHECK(rig.rotate(session, id, "third"));
  const auto repository = rig.model.repositories(session).front();
  CHECK(repository.token == "third");
  CHECK(repository.rotated == std::vector<std::string>{"second", "third"});
}

TEST_CASE("a create whose answer is lost is found in the list of sessions") {
  CallRig rig;
  rig.fault(Operation::kCreateSession, Fault::Kind::kCutAfter);
  CHECK(rig.create(with_repository("t")).error().kind == ports::ApiError::Kind::kUnknownOutcome);
  const auto listed = ports::await<std::vector<ports::SessionInfo>>(
      rig.loop, [&](auto done) { rig.api.list_sessions(std::move(done)); });
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().metadata.at("key") == "unique");
}

TEST_CASE("a download that is cut short has fed half of the bytes") {
  CallRig rig;
  const std::string session = rig.create(with_repository("t"))->info.session_id;
  const std::string bytes(10'000, 'x');
  const auto file = rig.model.add_output(session, "../evil", bytes);
  const auto download = [&](const std::shared_ptr<ports::ContentSink>& sink) {
    return ports::await<ports::Done>(
        rig.loop, [&](auto done) { rig.api.download(file.id, sink, std::move(done)); });
  };
  rig.fault(Operation::kDownloadFile, Fault::Kind::kTruncatedBody);
  const auto half = std::make_shared<Collector>();
  CHECK(download(half).error().kind == ports::ApiError::Kind::kUnusableAnswer);
  CHECK(half->text.size() == bytes.size() / 2);

  const auto whole = std::make_shared<Collector>();
  CHECK(download(whole));
  CHECK(whole->text == bytes);

  const auto full = download(std::make_shared<Collector>(5'000));
  REQUIRE_FALSE(full);
  CHECK(full.error().kind == ports::ApiError::Kind::kNotStored);
  CHECK(full.error().message == "the disk is full");
}

TEST_CASE("faults are listed after a time, oldest first") {
  CallRig rig;
  const std::string session = rig.create(with_repository("t"))->info.session_id;
  rig.model.add_fault(session, "repository_clone_error", "https://github.com/acme/app");
  const std::string first = model::to_text(rig.model.time());
  rig.loop.advance(ports::Duration{5});
  rig.model.set_time(rig.loop.now());
  rig.model.add_fault(session, "repository_authentication_error", "https://github.com/acme/app");
  rig.model.add_fault(session, "model_overloaded_error", "");
  const auto list = [&](const std::string& since) {
    return ports::await<std::vector<ports::SessionFault>>(
        rig.loop, [&](auto done) { rig.api.list_faults(session, since, std::move(done)); });
  };
  CHECK(list("")->size() == 3);
  const auto later = list(first);
  REQUIRE(later);
  REQUIRE(later->size() == 2);
  CHECK(later->front().error_type == "repository_authentication_error");
  CHECK(later->front().repository_url == "https://github.com/acme/app");
  CHECK(later->back().repository_url.empty());
  CHECK(list("yesterday").error().organization_id == "org_double");
}

TEST_CASE("an archive is uploaded with the size that its reader says") {
  CallRig rig;
  ports::ArchiveContent archive;
  archive.members = {{"a", std::string(64, '0'), 1, false}};
  const auto content = rig.content.put_archive("packed", archive, "the packed bytes");
  CHECK(content.size == 0);
  const auto file = ports::await<ports::FileMetadata>(
      rig.loop, [&](auto done) { rig.api.upload({"owner", "name", content}, std::move(done)); });
  REQUIRE(file);
  CHECK(file->size_bytes == 16);
}

}  // namespace sessync
