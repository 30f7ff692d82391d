#include "reconciler/gc/garbage.h"

#include <catch2/catch.hpp>

#include "reconciler/gc/gc.h"
#include "reconciler/observe/server_time.h"
#include "tests/reconciler/fixtures.h"
#include "tests/reconciler/world.h"

using namespace sessync;
using fixtures::digest;
using Ids = std::vector<std::string>;

namespace {

const ports::TimePoint kNow{std::chrono::sys_days(std::chrono::year(2026) / 6 / 1)};

ports::FileMetadata upload(const std::string& id, char content, const std::string& created,
                           const std::string& owner = "prod") {
  ports::FileMetadata file;
  file.file_id = id;
  file.filename = observe::encode_marker(owner, digest(content), "f.csv");
  file.created_at = created;
  file.size_bytes = 3;
  file.answered_at = kNow;
  return file;
}

const std::string kOld = "2026-05-01T00:00:00Z";
const std::string kOlder = "2026-04-01T00:00:00Z";

Ids ids(const std::vector<gc::Garbage>& garbage) {
  Ids out;
  for (const auto& one : garbage) {
    out.push_back(one.file.file_id);
  }
  return out;
}

Ids found(const std::vector<ports::FileMetadata>& uploads, const gc::NeededUploads& needed = {},
          const std::vector<ports::Upload>& recorded = {}) {
  return ids(gc::garbage_uploads(uploads, recorded, needed, "prod"));
}

gc::GarbageFound search(World& world, bool with_files = true) {
  auto declared = world.spec;
  gc::GarbageSession session{declared, {"/w", {}}, true};
  if (with_files) {
    ports::SourceFiles files;
    for (const auto& [path, bytes] : world.wanted()) {
      files.files.push_back({path.substr(1), model::sha256_hex(bytes), bytes.size(), false});
    }
    declared.resources.push_back({{}, manifest::DirectoryResource{"", {}, {}, "/"}});
    session.snapshot.sources.emplace_back(std::move(files));
  } else {
    declared.resources.push_back({{}, manifest::FileResource{"a", "/a"}});
    session.snapshot.sources.emplace_back(ports::SourceUnavailable{"a is not there"});
  }
  ports::Ports ports{*world.api, world.store, world.loop};
  return gc::find_garbage(world.owner, {session}, ports);
}

/// The world after "b" was taken out of the session, two hours ago.
void make_garbage(World& world) {
  world.file("a", "one");
  world.file("b", "two");
  world.settle();
  world.somebody_adds("/theirs", "precious");
  world.remove("b");
  world.settle();
  world.loop.advance(std::chrono::hours(2));
}

}  // namespace

TEST_CASE("an upload of ours that nothing declares is garbage once it is an hour old") {
  CHECK(found({upload("u", 'a', kOld)}) == Ids{"u"});
  CHECK(found({upload("u", 'a', "2026-05-31T23:00:00Z")}) == Ids{"u"});
  CHECK(found({upload("u", 'a', "2026-05-31T23:00:00.001Z")}).empty());
  CHECK(found({upload("u", 'a', "2027-01-01T00:00:00Z")}).empty());
  const auto garbage =
      gc::garbage_uploads({upload("u", 'a', "2026-05-31T22:00:00Z")}, {}, {}, "prod");
  CHECK(garbage.at(0).age == std::chrono::hours(2));
}

TEST_CASE("what is not known to be old is never garbage") {
  for (const auto* created : {"", "yesterday", "2026-05-01", "2026-05-01T00:00"}) {
    CHECK(found({upload("u", 'a', created)}).empty());
  }
}

TEST_CASE("an age is told by the API's clock, and without it nothing is garbage") {
  auto fresh = upload("u", 'a', kOld);
  fresh.answered_at = std::chrono::floor<ports::Duration>(*observe::parse_server_time(kOld)) +
                      std::chrono::minutes(2);
  CHECK(found({fresh}).empty());
  CHECK_FALSE(gc::has_undated({fresh}, "prod"));
  auto undated = upload("u", 'a', kOld);
  undated.answered_at.reset();
  CHECK(found({undated}).empty());
  CHECK(gc::has_undated({undated}, "prod"));
  CHECK_FALSE(gc::has_undated({undated}, "staging"));
}

TEST_CASE("a clock of ours that is wrong makes nothing garbage") {
  World world;
  world.api->clock_skew = -std::chrono::hours(2);
  make_garbage(world);
  CHECK(search(world).uploads.size() == 1);
  World young;
  young.api->clock_skew = -std::chrono::hours(2);
  young.file("a", "one");
  young.settle();
  young.remove("a");
  young.settle();
  young.loop.advance(std::chrono::minutes(5));
  CHECK(search(young).uploads.empty());
}

TEST_CASE("what does not carry our marker is never garbage") {
  auto plain = upload("p", 'a', kOld);
  plain.filename = "report.pdf";
  auto almost = upload("q", 'a', kOld);
  almost.filename = "sessync.prod.0123.report.pdf";
  CHECK(found({plain, almost, upload("o", 'a', kOld, "staging")}).empty());
}

TEST_CASE("a declared or named upload is needed") {
  gc::NeededUploads needed;
  needed.digests = {digest('a')};
  needed.file_ids = {"named"};
  CHECK(found({upload("u", 'a', kOld), upload("named", 'b', kOld), upload("x", 'c', kOld)},
              needed) == Ids{"x"});
}

TEST_CASE("of several with a declared digest one is needed: the recorded one, else the newest") {
  gc::NeededUploads needed;
  needed.digests = {digest('a')};
  const std::vector<ports::FileMetadata> two{upload("old", 'a', kOlder), upload("new", 'a', kOld)};
  CHECK(found(two, needed) == Ids{"old"});
  ports::Upload recorded;
  recorded.owner = "prod";
  recorded.file_id = "old";
  CHECK(found(two, needed, {recorded}) == Ids{"new"});
  recorded.file_id = "gone";
  CHECK(found(two, needed, {recorded}) == Ids{"old"});

  auto expired = upload("expired", 'a', kOld);
  expired.expires_at = "2026-05-02T00:00:00Z";
  CHECK(found({upload("live", 'a', kOlder), expired}, needed) == Ids{"expired"});
}

TEST_CASE("copies that no row has are garbage, outputs and others' files are not") {
  auto output = upload("output", 'a', kOld);
  output.downloadable = true;
  auto theirs = upload("theirs", 'a', kOld);
  theirs.filename = "report.pdf";
  const std::vector<ports::FileMetadata> files{upload("mounted", 'a', kOld),
                                               upload("left", 'b', kOld),
                                               upload("fresh", 'c', "2026-05-31T23:59:00Z"),
                                               output,
                                               theirs,
                                               upload("other", 'd', kOld, "staging")};
  const std::vector<ports::ResourceRow> rows{ports::FileRow{"sesrsc_1", "mounted", "/a", kOld}};
  CHECK(ids(gc::garbage_copies(files, rows, "prod")) == Ids{"left"});
}

TEST_CASE("garbage is found and deleted, and nothing else is") {
  World world;
  make_garbage(world);
  const auto held = world.held();
  const auto found = search(world);
  CHECK(found.doubts.empty());
  REQUIRE(found.uploads.size() == 1);
  REQUIRE(found.copies.size() == 1);
  CHECK(found.copies[0].session_id == *world.spec.session_id);

  ports::Ports ports{*world.api, world.store, world.loop};
  for (const auto* kind : {&found.uploads, &found.copies}) {
    for (const auto& result : gc::delete_garbage("prod", *kind, ports)) {
      CHECK(result.done);
    }
  }
  world.loop.run_all();
  CHECK(world.store.uploads("prod").size() == 1);
  const auto after = search(world);
  CHECK(after.uploads.empty());
  CHECK(after.copies.empty());
  CHECK(world.model.uploads().size() == 2);
  CHECK(world.held() == held);
  CHECK(world.pass(true).plan.empty());
}

TEST_CASE("a source that cannot be read keeps every upload") {
  World world;
  make_garbage(world);
  const auto found = search(world, false);
  CHECK(found.uploads.empty());
  REQUIRE(found.doubts.size() == 1);
  CHECK(found.doubts[0].session == "research");
  CHECK(found.doubts[0].error.code == errors::SessionError::Code::kSourceUnavailable);
  CHECK(found.copies.size() == 1);
}

TEST_CASE("a list that fails keeps what it could concern") {
  const auto [operation, uploads, copies] =
      GENERATE(table<Operation, std::size_t, std::size_t>({{Operation::kListFiles, 0, 1},
                                                           {Operation::kListSessionFiles, 1, 0},
                                                           {Operation::kListResources, 1, 0}}));
  World world;
  make_garbage(world);
  FaultRule rule;
  rule.operation = operation;
  rule.fault = Fault::of_status(500);
  world.api->faults.add(rule);
  const auto found = search(world);
  CHECK(found.uploads.size() == uploads);
  CHECK(found.copies.size() == copies);
  CHECK(found.doubts.size() == 1);
}

TEST_CASE("an upload that an open write names is needed") {
  World world;
  make_garbage(world);
  const auto garbage = search(world).uploads.at(0).file.file_id;
  ports::Intent intent;
  intent.path = "/x";
  const bool as_previous = GENERATE(false, true);
  if (as_previous) {
    intent.previous = {{"/a", garbage, "", 0}};
  } else {
    intent.adds_file_id = garbage;
  }
  world.store.commit({ports::change::PutIntent{*world.spec.session_id, intent}},
                     [](const auto&) {});
  CHECK(search(world).uploads.empty());
}

TEST_CASE("a file that somebody deleted first counts as deleted, one that fails is said") {
  World world;
  make_garbage(world);
  const auto found = search(world);
  REQUIRE(world.model.delete_file(found.uploads.at(0).file.file_id));
  ports::Ports ports{*world.api, world.store, world.loop};
  CHECK(gc::delete_garbage("prod", found.uploads, ports).at(0).done);

  FaultRule rule;
  rule.operation = Operation::kDeleteFile;
  rule.fault = Fault::of_status(500);
  world.api->faults.add(rule);
  const auto failed = gc::delete_garbage("prod", found.copies, ports);
  CHECK_FALSE(failed.at(0).done);
  CHECK_FALSE(failed.at(0).error.empty());
  CHECK(search(world).copies.size() == 1);
}

TEST_CASE("nothing is deleted once the process is to stop") {
  World world;
  make_garbage(world);
  const auto found = search(world);
  world.loop.stop();
  ports::Ports ports{*world.api, world.store, world.loop};
  const auto result = gc::delete_garbage("prod", found.uploads, ports).at(0);
  CHECK_FALSE(result.done);
  CHECK(result.error.empty());
  CHECK(search(world).uploads.size() == 1);
}
