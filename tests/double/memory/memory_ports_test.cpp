#include <catch2/catch.hpp>

#include "reconciler/ports/ports.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"

namespace sessync {

namespace {

struct PortRig {
  SessionModel model;
  TestLoop loop;
  MemoryContentSource content;
  MemorySessionApi api{model, loop, &content};
  MemoryStateStore store{loop};
  std::string session = model.create_session({}).value().id;

  ports::UploadRequest request(const std::string& bytes) {
    return {"owner", "name", content.put("file-" + bytes, bytes)};
  }
  ports::Result<ports::FileMetadata> upload(const ports::UploadRequest& wanted) {
    return ports::await<ports::FileMetadata>(loop, [&](auto done) { api.upload(wanted, done); });
  }
  ports::Result<ports::FileRow> add(const std::string& file, const std::string& path) {
    return ports::await<ports::FileRow>(loop, [&](auto done) {
      api.add_file({session, file, path}, {ports::Permit::kTake}, done);
    });
  }
  void fault(Operation operation, Fault::Kind kind, ports::Duration delay = {}) {
    FaultRule rule;
    rule.operation = operation;
    rule.times = 1;
    rule.fault = Fault::of(kind);
    rule.fault.delay = delay;
    api.faults.add(rule);
  }
};

}  // namespace

TEST_CASE("concurrent uploads of one owner and digest are one upload") {
  PortRig rig;
  const auto wanted = rig.request("same");
  std::vector<std::string> ids;
  for (int caller = 0; caller < 3; ++caller) {
    rig.api.upload(wanted, [&](const ports::Result<ports::FileMetadata>& file) {
      ids.push_back(file->file_id);
    });
  }
  CHECK(ids.empty());
  rig.loop.run_all();
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] == ids[2]);
  CHECK(rig.model.uploads().size() == 1);
}

TEST_CASE("when the leading upload fails the next one leads") {
  PortRig rig;
  rig.fault(Operation::kUpload, Fault::Kind::kCutBefore);
  const auto wanted = rig.request("same");
  std::vector<bool> fates;
  for (int caller = 0; caller < 3; ++caller) {
    rig.api.upload(wanted, [&](const ports::Result<ports::FileMetadata>& file) {
      fates.push_back(file.has_value());
    });
  }
  rig.loop.run_all();
  CHECK(fates == std::vector<bool>{false, true, true});
}

TEST_CASE("an upload whose source changed has no effect") {
  PortRig rig;
  const auto wanted = rig.request("planned");
  rig.content.put(wanted.content.path, "different");
  CHECK(rig.upload(wanted).error().kind == ports::ApiError::Kind::kSourceChanged);
  CHECK(rig.model.uploads().empty());
}

TEST_CASE("a cut connection leaves the effect or nothing, the caller cannot tell") {
  PortRig rig;
  const auto file = rig.upload(rig.request("x"))->file_id;
  rig.fault(Operation::kAddResource, Fault::Kind::kCutBefore);
  CHECK(ports::is_unknown_outcome(rig.add(file, "/a").error()));
  CHECK(rig.model.held(rig.session).empty());
  rig.fault(Operation::kAddResource, Fault::Kind::kCutAfter);
  CHECK(ports::is_unknown_outcome(rig.add(file, "/a").error()));
  CHECK(rig.model.held(rig.session).size() == 1);
}

TEST_CASE("a late effect happens after the caller gave up") {
  PortRig rig;
  const auto file = rig.upload(rig.request("x"))->file_id;
  rig.fault(Operation::kAddResource, Fault::Kind::kLateEffect, std::chrono::seconds(7));
  CHECK(ports::is_unknown_outcome(rig.add(file, "/a").error()));
  CHECK(rig.model.held(rig.session).empty());
  const ports::TimePoint before = rig.loop.now();
  rig.loop.run_all();
  CHECK(rig.model.held(rig.session).size() == 1);
  CHECK(rig.loop.now() - before == std::chrono::seconds(7));
}

TEST_CASE("a refused class of calls waits as long as it was told") {
  PortRig rig;
  const auto file = rig.upload(rig.request("x"))->file_id;
  FaultRule rule;
  rule.operation = Operation::kAddResource;
  rule.nth = 1;
  rule.fault = Fault::rate_limited(std::chrono::seconds(3));
  rig.api.faults.add(rule);
  const auto refused = rig.add(file, "/a");
  CHECK(refused.error().kind == ports::ApiError::Kind::kRateLimited);
  CHECK(refused.error().retry_after == std::chrono::seconds(3));
  const ports::TimePoint before = rig.loop.now();
  CHECK(rig.add(file, "/a").has_value());
  CHECK(rig.loop.now() - before == std::chrono::seconds(3));
}

TEST_CASE("faults hit the n-th, every k-th or a share of the calls") {
  FaultTable table;
  FaultRule rule;
  rule.operation = Operation::kAddResource;
  rule.every = 3;
  rule.fault = Fault::of_status(500);
  table.add(rule);
  std::string pattern;
  for (int call = 0; call < 6; ++call) {
    CHECK_FALSE(table.next(Operation::kUpload).has_value());
    pattern += table.next(Operation::kAddResource) ? 'x' : '.';
  }
  CHECK(pattern == "..x..x");
  table.clear();
  rule.every = 0;
  rule.probability = 0.25;
  table.add(rule);
  int hits = 0;
  for (int call = 0; call < 1000; ++call) {
    hits += table.next(Operation::kAddResource) ? 1 : 0;
  }
  CHECK(hits > 150);
  CHECK(hits < 350);
}

TEST_CASE("a crash loses what was not durable and nothing else") {
  PortRig rig;
  rig.store.commit({ports::change::SetTakenOver{"s1", "prod"}}, [](const auto&) {});
  rig.loop.run_all();
  bool heard = false;
  rig.store.commit({ports::change::SetTakenOver{"s2", "prod"}}, [&](const auto&) { heard = true; });
  CHECK(rig.store.load("s2").taken_over);
  rig.loop.crash(false);
  rig.store.crash();
  rig.loop.run_all();
  CHECK_FALSE(heard);
  CHECK(rig.store.load("s1").taken_over);
  CHECK_FALSE(rig.store.load("s2").taken_over);
}

TEST_CASE("requests on their way arrive although the process died") {
  PortRig rig;
  const auto file = rig.upload(rig.request("x"))->file_id;
  rig.api.add_file({rig.session, file, "/a"}, {ports::Permit::kTake},
                   [](const auto&) { FAIL("nobody is there to hear it"); });
  const bool arrives = GENERATE(true, false);
  rig.loop.crash(arrives);
  rig.loop.run_all();
  CHECK(rig.model.held(rig.session).size() == (arrives ? 1 : 0));
}

TEST_CASE("a commit that fails is not kept") {
  PortRig rig;
  rig.store.fail_next(1);
  bool failed = false;
  rig.store.commit({ports::change::SetTakenOver{"s1", "prod"}},
                   [&](const auto& r) { failed = !r; });
  rig.store.commit({ports::change::SetTakenOver{"s2", "prod"}}, [](const auto&) {});
  rig.loop.run_all();
  CHECK(failed);
  CHECK_FALSE(rig.store.load("s1").taken_over);
  CHECK(rig.store.load("s2").taken_over);
}

TEST_CASE("with a seed answers overtake each other, the same way each time") {
  const auto order = [](std::uint64_t seed) {
    TestLoop loop(seed);
    std::string seen;
    for (const char name : std::string("abcdefgh")) {
      loop.post([&seen, name] { seen += name; });
    }
    loop.run_all();
    return seen;
  };
  CHECK(order(3) != "abcdefgh");
  CHECK(order(3) == order(3));
  CHECK(order(3) != order(4));
}

}  // namespace sessync
