#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "reconciler/condition.h"
#include "reconciler/gc/garbage.h"
#include "reconciler/import/import.h"
#include "reconciler/observe/marker_reader.h"
#include "tests/double/memory/memory_marker_key.h"
#include "tests/reconciler/world.h"

/// Markers that only we could have written.
namespace sessync {
namespace {

using Code = errors::SessionError::Code;

ports::MarkerRules keyed(std::initializer_list<const char*> keys) {
  ports::MarkerRules rules;
  for (const auto* key : keys) {
    rules.keys.push_back(std::make_shared<MemoryMarkerKey>(key));
  }
  return rules;
}

std::string unkeyed_name(const std::string& bytes) {
  return observe::encode_marker("prod", model::sha256_hex(bytes), "x");
}

std::string forged_name(const std::string& bytes) {
  return observe::encode_marker("prod", model::sha256_hex(bytes), "x", keyed({"theirs"}).keys);
}

World filled(const ports::MarkerRules& rules) {
  World world;
  world.markers = rules;
  world.file("a", "content a");
  world.file("b", "content b");
  world.settle();
  world.loop.advance(std::chrono::seconds(31));
  world.pass();
  return world;
}

std::size_t writes(const World& world) { return world.api->calls.writes(); }

std::vector<std::string> blocked_lines(const pass::PassOutcome& outcome) {
  std::vector<std::string> lines;
  lines.reserve(outcome.plan.blocked.size());
  for (const auto& one : outcome.plan.blocked) {
    lines.push_back(one.path.text() + " " + desired::to_string(one.code));
  }
  return lines;
}

}  // namespace

TEST_CASE("a marker with a key says what it marks only to who has key and content") {
  const auto ours = keyed({"new", "old"});
  const auto sha256 = model::sha256_hex("content");
  for (const auto* key : {"new", "old"}) {
    const auto name = observe::encode_marker("prod", sha256, "a.txt", keyed({key}).keys);
    CHECK(name.starts_with("sessync.prod.k"));
    CHECK(name.size() == std::string("sessync.prod..a.txt").size() + 32);
    const auto marker = observe::decode_marker(name);
    REQUIRE(marker);
    CHECK(marker->digest_prefix.empty());
    CHECK(marker->seal.size() == 31);
    CHECK(marker->basename == "a.txt");
    CHECK_FALSE(observe::marker_matches(*marker, sha256));

    const auto known = observe::MarkerReader(&ours, {sha256}).read(name);
    REQUIRE(known.marker);
    CHECK(observe::marker_matches(*known.marker, sha256));
    const auto stranger = observe::MarkerReader(&ours, {model::sha256_hex("other")}).read(name);
    REQUIRE(stranger.marker);
    CHECK(stranger.marker->digest_prefix.empty());
    CHECK_FALSE(stranger.unproven);
  }
}

TEST_CASE("a marker made with another key, for another owner or without one proves nothing") {
  const auto ours = keyed({"ours"});
  const observe::MarkerReader reader(&ours, {model::sha256_hex("content")});
  const auto name = observe::encode_marker("prod", model::sha256_hex("content"), "x", ours.keys);
  REQUIRE(reader.read(name).marker);
  for (std::size_t i = std::string("sessync.prod.k").size(); i < name.size() - 2; ++i) {
    auto changed = name;
    changed[i] = changed[i] == '0' ? '1' : '0';
    CHECK(reader.read(changed).unproven == observe::Unproven::kOtherKey);
  }
  auto of_another = name;
  of_another.replace(8, 4, "test");
  CHECK(reader.read(of_another).unproven == observe::Unproven::kOtherKey);
  CHECK(reader.read(forged_name("content")).unproven == observe::Unproven::kOtherKey);
  CHECK(reader.read(unkeyed_name("content")).unproven == observe::Unproven::kNoKey);
  CHECK(reader.read(unkeyed_name("content"), true).marker);
  CHECK(observe::MarkerReader(nullptr).read(name).unproven == observe::Unproven::kOtherKey);
  CHECK_FALSE(reader.read("report.pdf").unproven);
}

TEST_CASE("with a key a session converges, and again without its state") {
  auto world = filled(keyed({"ours"}));
  CHECK(world.held() == world.wanted());
  const auto before = writes(world);
  CHECK(world.pass().converged());
  world.store.wipe();
  world.remove("a");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  CHECK(writes(world) == before + 1);
}

TEST_CASE("a new first key changes nothing that is mounted, and old rows are still ours") {
  auto world = filled(keyed({"old"}));
  const auto before = writes(world);
  world.markers = keyed({"new", "old"});
  if (GENERATE(false, true)) {
    world.store.wipe();
  }
  CHECK(world.settle().converged());
  CHECK(writes(world) == before);
  world.file("a", "content c");
  world.remove("b");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  const auto name = world.model.file_rows(*world.spec.session_id).front().filename;
  const auto newest = keyed({"new"});
  CHECK(observe::MarkerReader(&newest).read(name).marker);
}

TEST_CASE("where nothing of ours was marked with the key nothing is written, whatever the state") {
  auto world = filled(keyed({"old"}));
  const auto before = writes(world);
  world.markers = GENERATE(keyed({"other"}), keyed({}));
  if (GENERATE(false, true)) {
    world.store.wipe();
  }
  world.file("c", "content c");
  world.remove("a");
  for (const bool dry_run : {true, false}) {
    const auto outcome = world.pass(dry_run);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == Code::kWrongMarkerKey);
    CHECK(outcome.plan.empty());
    CHECK(reconciler::conditions_of(outcome).front().reason == "WrongMarkerKey");
  }
  CHECK(writes(world) == before);
  world.markers = keyed({"other", "old"});
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a forged marker makes nothing ours, with the declared content or without") {
  auto world = filled(keyed({"ours"}));
  world.store.wipe();
  world.file("declared", "our bytes");
  const auto name = GENERATE(unkeyed_name("our bytes"), forged_name("our bytes"));
  world.somebody_adds("/declared", "bad bytes", name);
  world.somebody_adds("/elsewhere", "bad bytes", name);
  world.spec.on_conflict = GENERATE(manifest::OnConflict::kBlock, manifest::OnConflict::kAdopt);
  const auto outcome = world.settle();
  CHECK(blocked_lines(outcome) == std::vector<std::string>{"/declared conflict"});
  CHECK(outcome.plan.blocked.front().reason.find("its marker was made with") != std::string::npos);
  CHECK(outcome.plan.unmanaged.size() == 1);
  CHECK(outcome.warnings.size() == 1);
  CHECK(world.held().at("/declared") == "bad bytes");
  CHECK(world.held().at("/elsewhere") == "bad bytes");
}

TEST_CASE("a forged marker does not stop a session of which anything is known") {
  World world;
  world.markers = keyed({"ours"});
  world.pass();
  world.loop.advance(std::chrono::seconds(31));
  world.pass();
  world.somebody_adds("/elsewhere", "theirs", forged_name("theirs"));
  world.file("c", "content c");
  CHECK(world.settle().converged());
  CHECK(world.held().at("/c") == "content c");
}

TEST_CASE("what was mounted without a key stays as it is where the state knows it") {
  auto world = filled({});
  const auto before = writes(world);
  world.markers = keyed({"ours"});
  CHECK(world.pass().converged());
  CHECK(writes(world) == before);
  world.file("a", "changed");
  world.remove("b");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  // What was uploaded without a key is uploaded again before it is mounted anywhere else.
  world.file("again", "content b");
  CHECK(world.settle().converged());
  for (const auto& row : world.model.file_rows(*world.spec.session_id)) {
    CHECK(row.filename.starts_with("sessync.prod.k"));
  }
}

TEST_CASE(
    "without the state unkeyed rows are somebody else's, and --adopt-unkeyed takes them over") {
  auto world = filled({});
  const auto before = writes(world);
  world.markers = keyed({"ours"});
  world.store.wipe();
  world.remove("b");
  const auto refused = world.settle();
  CHECK(blocked_lines(refused) == std::vector<std::string>{"/a conflict"});
  CHECK(refused.plan.blocked.front().reason.find("--adopt-unkeyed") != std::string::npos);
  CHECK(writes(world) == before);
  world.loop.advance(std::chrono::seconds(31));
  world.pass();

  world.markers.adopt_unkeyed = true;
  const auto planned = world.pass(true);
  CHECK(planned.plan.actions.size() == 1);
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  world.markers.adopt_unkeyed = false;
  const auto after = writes(world);
  CHECK(world.pass().converged());
  CHECK(writes(world) == after);
}

TEST_CASE("what --adopt-unkeyed finds off every declared path is ours in doubt") {
  auto world = filled({});
  world.markers = keyed({"ours"});
  world.markers.adopt_unkeyed = true;
  world.store.wipe();
  world.remove("a");
  world.remove("b");
  world.file("c", "content c");
  const auto outcome = world.settle();
  CHECK(blocked_lines(outcome) == std::vector<std::string>{"/a guard", "/b guard"});
  CHECK(world.held().size() == 3);
}

TEST_CASE("of uploads with a marker that proves nothing only a recorded one is garbage") {
  const auto rules = keyed({"ours"});
  const auto upload = [](const std::string& id, const std::string& name) {
    ports::FileMetadata file;
    file.file_id = id;
    file.filename = name;
    file.created_at = "2026-01-01T00:00:00Z";
    file.answered_at = ports::TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 1 / 2));
    return file;
  };
  const auto sha256 = model::sha256_hex("needed");
  const std::vector uploads{
      upload("forged", forged_name("x")), upload("unkeyed", unkeyed_name("x")),
      upload("recorded", unkeyed_name("y")),
      upload("old", observe::encode_marker("prod", model::sha256_hex("x"), "x", rules.keys)),
      upload("needed", observe::encode_marker("prod", sha256, "x", rules.keys))};
  ports::Upload recorded;
  recorded.owner = "prod";
  recorded.file_id = "recorded";
  std::set<std::string> found;
  for (const auto& one : gc::garbage_uploads(uploads, {recorded}, {{sha256}, {}}, "prod", &rules)) {
    found.insert(one.file.file_id);
  }
  CHECK(found == std::set<std::string>{"old", "recorded"});
}

TEST_CASE("an imported manifest has the owner that a key proves, and no other") {
  const auto rules = keyed({"ours"});
  importer::LiveSession live;
  live.info.session_id = "sesn_1";
  live.rows = {ports::FileRow{"r", "copy", "/a", ""}};
  ports::FileMetadata copy;
  copy.file_id = "copy";
  const auto owner_in = [&] {
    live.files = {copy};
    const auto text = importer::import_sessions({live}, &rules).text;
    return text.find("owner: prod") != std::string::npos;
  };
  copy.filename = observe::encode_marker("prod", model::sha256_hex("x"), "x", rules.keys);
  CHECK(owner_in());
  copy.filename = unkeyed_name("x");
  CHECK_FALSE(owner_in());
  copy.filename = forged_name("x");
  CHECK_FALSE(owner_in());
}

}  // namespace sessync
