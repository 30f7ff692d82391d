#include "reconciler/observe/find_uploads.h"

#include <catch2/catch.hpp>

#include "tests/reconciler/world.h"

using namespace sessync;
using FileIds = model::Switches::FileIds;

namespace {

struct Search {
  World world;
  std::vector<std::string> ids;

  /// `count` uploads that exist, and as many that do not.
  explicit Search(int count) {
    for (int i = 0; i < count; ++i) {
      model::NewFile file;
      file.filename = "f";
      file.content = model::Content::of(std::to_string(i));
      ids.push_back(world.model.upload(file)->id);
      ids.push_back("file_gone" + std::to_string(i));
    }
  }

  ports::Result<observe::FoundUploads> run() {
    ports::Ports ports{*world.api, world.store, world.loop, nullptr, nullptr};
    auto found = observe::find_uploads(ids, ports);
    world.loop.run_all();
    return found;
  }

  void fail(Operation operation, int status) {
    FaultRule rule;
    rule.operation = operation;
    rule.fault = Fault::of_status(status);
    world.api->faults.add(rule);
  }

  [[nodiscard]] std::uint64_t count(Operation operation) const {
    return world.api->calls.count(operation);
  }
};

}  // namespace

TEST_CASE("uploads are asked for a hundred at a time, each once") {
  Search search(125);
  search.ids.push_back(search.ids.front());
  const auto found = search.run();
  REQUIRE(found);
  CHECK(found->files.size() == 125);
  CHECK(found->unanswered.empty());
  CHECK(search.count(Operation::kFindFiles) == 3);
  CHECK(search.count(Operation::kGetFile) == 0);
}

TEST_CASE("a server that does not know a search by id is asked for each file") {
  for (const auto ids : {FileIds::kUnknown, FileIds::kIgnored}) {
    Search search(60);
    search.world.model.upload({"foreign.pdf", "", model::Content::of("x"), {}});
    search.world.model.switches().file_ids = ids;
    const auto found = search.run();
    REQUIRE(found);
    CHECK(found->files.size() == 60);
    CHECK(found->unanswered.empty());
    CHECK(search.count(Operation::kGetFile) == 120);
  }
}

TEST_CASE("what the API says of one malformed id is about no other") {
  Search search(3);
  search.ids.emplace_back("file_not-an-id");
  search.world.model.switches().malformed_id = model::Switches::MalformedId::kRefused400;
  const auto found = search.run();
  REQUIRE(found);
  CHECK(found->files.size() == 3);
  REQUIRE(found->unanswered.size() == 1);
  CHECK(found->unanswered.begin()->first == "file_not-an-id");
  CHECK(found->unanswered.begin()->second.kind == ports::ApiError::Kind::kInvalid);
}

TEST_CASE("a server that does not answer is not asked once more for each file") {
  Search search(3);
  search.fail(Operation::kFindFiles, 503);
  const auto found = search.run();
  REQUIRE(found);
  CHECK(found->unanswered.size() == 6);
  CHECK(search.count(Operation::kGetFile) == 0);
}

TEST_CASE("a credential that is refused ends a search") {
  for (const auto operation : {Operation::kFindFiles, Operation::kGetFile}) {
    Search search(2);
    search.world.model.switches().file_ids = FileIds::kUnknown;
    search.fail(operation, 401);
    const auto found = search.run();
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == ports::ApiError::Kind::kAuthentication);
  }
}

TEST_CASE("a search for nothing asks nothing") {
  Search search(0);
  CHECK(search.run()->files.empty());
  CHECK(search.count(Operation::kFindFiles) == 0);
}

TEST_CASE("an id that the API does not accept concerns the entry that has it") {
  World world;
  for (const auto ids : {FileIds::kKnown, FileIds::kUnknown, FileIds::kIgnored}) {
    world.model.switches().file_ids = ids;
    world.model.switches().malformed_id = model::Switches::MalformedId::kRefused400;
    model::NewFile file;
    file.filename = "reference.pdf";
    file.content = model::Content::of("pdf");
    const auto name = "/reference" + std::to_string(static_cast<int>(ids));
    world.uploaded(name, world.model.upload(file)->id);
    world.uploaded(name + "-malformed", "file_not-an-id");
    world.file("local", name);
    const auto outcome = world.settle();
    CHECK(outcome.settled());
    CHECK(world.held().at(name) == "pdf");
    CHECK(world.held().at("/local") == name);
    REQUIRE(!outcome.plan.blocked.empty());
    for (const auto& blocked : outcome.plan.blocked) {
      CHECK(blocked.code == desired::BlockCode::kFileNotFound);
      CHECK(blocked.reason.find("not a valid file id") != std::string::npos);
    }
  }
}

TEST_CASE("uploads that cannot be asked for hold back their own entries, until they can") {
  World world;
  world.file("local", "one");
  world.uploaded("/given",
                 world.model.upload({"given.pdf", "", model::Content::of("pdf"), {}})->id);
  FaultRule down;
  down.operation = Operation::kFindFiles;
  down.fault = Fault::of_status(503);
  world.api->faults.add(down);
  const auto outcome = world.pass();
  CHECK_FALSE(outcome.error.has_value());
  CHECK_FALSE(outcome.settled());
  REQUIRE(outcome.plan.pending.size() == 1);
  CHECK(outcome.plan.pending[0].path.text() == "/given");
  CHECK(world.held() == world.wanted());
  world.api->faults.clear();
  CHECK(world.settle().converged());
  CHECK(world.held().at("/given") == "pdf");
}

TEST_CASE("a key that is refused while uploads are looked up is that of the session") {
  World world;
  world.uploaded("/given", "file_1");
  FaultRule refused;
  refused.operation = Operation::kFindFiles;
  refused.fault = Fault::of_status(401);
  world.api->faults.add(refused);
  const auto outcome = world.pass();
  REQUIRE(outcome.error.has_value());
  CHECK(outcome.error->code == errors::SessionError::Code::kAuthenticationFailed);
}
