#include <catch2/catch.hpp>

#include "reconciler/outputs/pull_outputs.h"
#include "tests/double/memory/memory_output_directory.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/test_loop.h"

using namespace sessync;
using Catch::Matchers::Contains;
using Names = std::vector<std::string>;
using Files = std::map<std::string, std::string>;

namespace {

/// A session with an agent that writes outputs, and a destination.
struct Rig {
  explicit Rig(std::uint64_t seed = 7) : loop(seed) {
    spec.destination = "research";
    tick();
    session = model.create_session({}).value().id;
  }

  void tick() {
    loop.advance(std::chrono::seconds(1));
    model.set_time(loop.now());
  }

  /// The agent writes a file; returns its id.
  std::string agent_writes(const std::string& name, const std::string& bytes) {
    tick();
    return model.add_output(session, name, bytes).id;
  }

  outputs::OutputsReport pull(const std::optional<std::string>& refusal = std::nullopt) {
    const auto inventory = store.load(session);
    ports::Ports ports{*api, store, loop, nullptr, &directory};
    auto report = outputs::pull_outputs({session, spec, inventory, refusal}, ports);
    loop.run_all();
    CHECK(directory.on_their_way == 0);
    return report;
  }

  void fault(const Fault& fault, std::uint64_t times = 1) {
    FaultRule rule;
    rule.operation = Operation::kDownloadFile;
    rule.times = times;
    rule.fault = fault;
    api->faults.add(rule);
  }

  [[nodiscard]] std::size_t downloads() const { return api->calls.count(Operation::kDownloadFile); }

  void crash() {
    loop.crash(false);
    store.crash();
    api.emplace(model, loop);
  }

  SessionModel model;
  TestLoop loop;
  std::optional<MemorySessionApi> api{std::in_place, model, loop};
  MemoryStateStore store{loop};
  MemoryOutputDirectory directory;
  manifest::OutputsSpec spec;
  std::string session;
};

Names fetched(const outputs::OutputsReport& report) {
  Names names;
  for (const auto& output : report.fetched) {
    names.push_back(output.name);
  }
  return names;
}

Names blocked_outputs(const outputs::OutputsReport& report) {
  Names lines;
  for (const auto& entry : report.blocked) {
    CHECK(entry.type == desired::BlockedType::kOutputs);
    lines.push_back(std::string(desired::to_string(entry.code)) + " " + entry.path.text());
  }
  return lines;
}

bool quiet(const outputs::OutputsReport& report) {
  return report.fetched.empty() && report.blocked.empty() && !report.error && !report.again;
}

}  // namespace

TEST_CASE(
    "where it is not said what can be downloaded, the outputs arrive, and copies are asked for "
    "once") {
  Rig rig;
  rig.model.switches().optional = model::Switches::Optional::kOmitted;
  rig.agent_writes("a.md", "alpha");
  model::NewFile file;
  file.filename = "theirs.pdf";
  file.content = model::Content::of("theirs");
  model::NewResource resource;
  resource.file_id = rig.model.upload(file).value().id;
  REQUIRE(rig.model.add_resource(rig.session, resource));
  const auto report = rig.pull();
  CHECK(fetched(report) == Names{"a.md"});
  CHECK(report.blocked.empty());
  CHECK_FALSE(report.error);
  CHECK(rig.directory.files == Files{{"a.md", "alpha"}});
  CHECK(quiet(rig.pull()));
  CHECK(rig.downloads() == 2);
}

TEST_CASE("every output arrives once") {
  Rig rig;
  rig.agent_writes("a.md", "alpha");
  const auto beta = rig.agent_writes("b.csv", "");
  auto report = rig.pull();
  CHECK(fetched(report) == Names{"a.md", "b.csv"});
  CHECK(report.fetched[1].file_id == beta);
  CHECK(report.fetched[0].size == 5);
  CHECK_FALSE(report.again);
  CHECK(rig.directory.files == Files{{"a.md", "alpha"}, {"b.csv", ""}});

  CHECK(quiet(rig.pull()));
  CHECK(rig.downloads() == 2);
  rig.directory.files.erase("a.md");
  CHECK(quiet(rig.pull()));
  CHECK(rig.downloads() == 2);
}

TEST_CASE("copies of mounted files are no outputs") {
  Rig rig;
  model::NewFile file;
  file.filename = "input.csv";
  file.content = model::Content::of("in");
  model::NewResource resource;
  resource.file_id = rig.model.upload(file).value().id;
  REQUIRE(rig.model.add_resource(rig.session, resource));
  CHECK(quiet(rig.pull()));
}

TEST_CASE("only what is included arrives, by its cleaned name") {
  Rig rig;
  rig.spec.include = manifest::Patterns::parse({"*.md", "!secret*"}).value();
  rig.agent_writes("a.md", "1");
  rig.agent_writes("a.csv", "2");
  rig.agent_writes("secret.md", "3");
  rig.agent_writes("dir/b.md", "4");
  CHECK(fetched(rig.pull()) == Names{"a.md", "dir_b.md"});
}

TEST_CASE("hostile names stay inside") {
  Rig rig;
  rig.agent_writes("../../etc/cron.d/x", "1");
  rig.agent_writes("..", "2");
  rig.agent_writes("", "3");
  rig.agent_writes(std::string(400, 'l') + ".txt", "4");
  CHECK(rig.pull().fetched.size() == 4);
  for (const auto& [name, bytes] : rig.directory.files) {
    CHECK(name.find('/') == std::string::npos);
    CHECK(name.size() <= 255);
  }
}

TEST_CASE("of several with one name the newest has it") {
  Rig rig;
  const auto old = rig.agent_writes("a", "old");
  rig.agent_writes("a", "new");
  CHECK(fetched(rig.pull()) == Names{"a", "a~" + old});
  CHECK(rig.directory.files == Files{{"a", "new"}, {"a~" + old, "old"}});
}

TEST_CASE("a newer output of a name takes its place, and the older one stays beside it") {
  Rig rig;
  const auto first = rig.agent_writes("a", "one");
  rig.pull();
  const auto second = rig.agent_writes("a", "two");
  CHECK(fetched(rig.pull()) == Names{"a"});
  CHECK(rig.directory.files == Files{{"a", "two"}, {"a~" + first, "one"}});
  rig.agent_writes("a", "three");
  CHECK(fetched(rig.pull()) == Names{"a"});
  CHECK(rig.directory.files ==
        Files{{"a", "three"}, {"a~" + first, "one"}, {"a~" + second, "two"}});
  CHECK(quiet(rig.pull()));
}

TEST_CASE("an older output stays in its place until the newer one is whole") {
  Rig rig;
  rig.agent_writes("a", "one");
  rig.pull();
  rig.agent_writes("a", "second");
  rig.fault(Fault::of(Fault::Kind::kTruncatedBody));
  CHECK(rig.pull().again);
  CHECK(rig.directory.files == Files{{"a", "one"}});
  CHECK(fetched(rig.pull()) == Names{"a"});
}

TEST_CASE("a file that was changed here makes no room") {
  Rig rig;
  rig.agent_writes("a", "one");
  rig.pull();
  rig.directory.files["a"] = "edited by hand";
  rig.agent_writes("a", "two");
  CHECK(blocked_outputs(rig.pull()) == Names{"conflict /a"});
  CHECK(rig.directory.files == Files{{"a", "edited by hand"}});
}

TEST_CASE("what is there and unknown counts as fetched if its size agrees, else it is a conflict") {
  Rig rig;
  rig.directory.files = {{"same", "1234"}, {"other", "12"}};
  rig.directory.links = {"link"};
  rig.agent_writes("same", "abcd");
  rig.agent_writes("other", "abcd");
  rig.agent_writes("link", "");
  const auto report = rig.pull();
  CHECK(blocked_outputs(report) == Names{"conflict /link", "conflict /other"});
  CHECK_THAT(report.blocked[0].reason, Contains("not a regular file"));
  CHECK_THAT(report.blocked[1].reason, Contains("2 bytes") && Contains("move it away"));
  CHECK_FALSE(report.again);
  CHECK(rig.downloads() == 0);
  CHECK(rig.store.load(rig.session).outputs.size() == 1);
  CHECK(rig.directory.files == Files{{"same", "1234"}, {"other", "12"}});

  rig.directory.files.erase("other");
  CHECK(fetched(rig.pull()) == Names{"other"});
}

TEST_CASE("lost state fetches nothing twice") {
  Rig rig;
  rig.agent_writes("a", "one");
  rig.agent_writes("b", "two!");
  rig.agent_writes("b", "three");
  rig.pull();
  rig.store.wipe();
  CHECK(quiet(rig.pull()));
  CHECK(rig.downloads() == 3);
}

TEST_CASE("at most four are under way at once") {
  Rig rig;
  for (int i = 0; i < 30; ++i) {
    rig.agent_writes("f" + std::to_string(i), "x");
  }
  CHECK(rig.pull().fetched.size() == 30);
  CHECK(rig.directory.most_at_once == 4);
}

TEST_CASE("what fails for now is fetched in a later pass, the others now") {
  const auto fault = GENERATE(Fault::of(Fault::Kind::kTruncatedBody), Fault::of_status(500),
                              Fault::of(Fault::Kind::kNotSent), Fault::of(Fault::Kind::kCutAfter));
  Rig rig;
  rig.agent_writes("a", "one");
  rig.agent_writes("b", "two");
  rig.fault(fault);
  const auto report = rig.pull();
  CHECK(report.fetched.size() == 1);
  CHECK(report.blocked.empty());
  CHECK(report.again);
  REQUIRE(report.error);
  CHECK_THAT(report.error->message, Contains("downloading output"));
  CHECK(rig.pull().fetched.size() == 1);
  CHECK(rig.directory.files == Files{{"a", "one"}, {"b", "two"}});
}

TEST_CASE("an output that is listed no more is forgotten after a day, and not before") {
  Rig rig;
  const auto gone = rig.agent_writes("a", "one");
  rig.agent_writes("b", "two");
  REQUIRE(rig.pull().fetched.size() == 2);
  REQUIRE(rig.model.delete_file(gone));
  rig.pull();
  CHECK(rig.store.load(rig.session).outputs.size() == 2);
  rig.loop.advance(std::chrono::hours(23));
  rig.pull();
  CHECK(rig.store.load(rig.session).outputs.size() == 2);
  rig.loop.advance(std::chrono::hours(1));
  rig.pull();
  REQUIRE(rig.store.load(rig.session).outputs.size() == 1);
  CHECK(rig.store.load(rig.session).outputs.front().name == "b");
  CHECK(rig.directory.files.size() == 2);
}

TEST_CASE("a list that fails fetches nothing and says so") {
  Rig rig;
  rig.agent_writes("a", "one");
  FaultRule rule;
  rule.operation = Operation::kListSessionFiles;
  rule.times = 1;
  rule.fault = Fault::of_status(500);
  rig.api->faults.add(rule);
  const auto report = rig.pull();
  CHECK(report.again);
  CHECK(report.error);
  CHECK(rig.downloads() == 0);
  CHECK(fetched(rig.pull()) == Names{"a"});
}

TEST_CASE("an output that cannot be downloaded is blocked, and asked for again in an hour") {
  const int status = GENERATE(400, 404);
  Rig rig;
  rig.agent_writes("a", "one");
  rig.fault(Fault::of_status(status));
  const auto report = rig.pull();
  CHECK(blocked_outputs(report) == Names{"refused /a"});
  CHECK_FALSE(report.again);
  CHECK_FALSE(report.error);
  CHECK(blocked_outputs(rig.pull()) == Names{"refused /a"});
  CHECK(rig.downloads() == 1);
  rig.loop.advance(std::chrono::minutes(61));
  CHECK(fetched(rig.pull()) == Names{"a"});
}

TEST_CASE("on a full disk the small ones arrive, and the rest once there is room") {
  Rig rig;
  rig.agent_writes("big", std::string(1000, 'b'));
  rig.agent_writes("bigger", std::string(2000, 'b'));
  for (int i = 0; i < 10; ++i) {
    rig.agent_writes("small" + std::to_string(i), "x");
  }
  rig.directory.capacity = 500;
  auto report = rig.pull();
  CHECK(report.fetched.size() == 10);
  CHECK(report.again);
  REQUIRE(report.error);
  CHECK(report.error->code == errors::SessionError::Code::kOutputsNotStored);
  CHECK(report.error->message == "the disk is full");
  rig.directory.capacity = 5000;
  CHECK(fetched(rig.pull()) == Names{"big", "bigger"});
}

TEST_CASE("a destination that cannot be read is an error, not an empty one") {
  Rig rig;
  rig.agent_writes("a", "one");
  rig.directory.broken = "it is on fire";
  const auto report = rig.pull();
  REQUIRE(report.error);
  CHECK(report.error->message == "it is on fire");
  CHECK(report.again);
  CHECK(rig.downloads() == 0);
}

TEST_CASE("a destination that may not be used is blocked without a call") {
  Rig rig;
  rig.agent_writes("a", "one");
  const auto report = rig.pull("it overlaps a source");
  CHECK(blocked_outputs(report) == Names{"conflict /research"});
  CHECK(report.blocked[0].reason == "it overlaps a source");
  CHECK(rig.api->calls.entries().empty());
}

TEST_CASE("nothing is started once the process is to stop") {
  Rig rig;
  rig.agent_writes("a", "one");
  rig.loop.stop();
  const auto report = rig.pull();
  CHECK(report.again);
  CHECK(rig.api->calls.entries().empty());
}

TEST_CASE("whenever the process dies, what arrived is kept and the rest follows") {
  struct Death {};
  for (std::uint64_t steps = 1; steps <= 20; ++steps) {
    Rig rig(steps);
    const auto first = rig.agent_writes("f0", "first");
    rig.pull();
    Files expected{{"f0~" + first, "first"}};
    for (int i = 0; i < 8; ++i) {
      const auto name = "f" + std::to_string(i);
      expected[name] = std::string(static_cast<std::size_t>(i), 'x');
      rig.agent_writes(name, expected[name]);
    }
    rig.directory.on_step = [left = steps]() mutable {
      if (--left == 0) {
        throw Death{};
      }
    };
    bool died = false;
    try {
      rig.pull();
    } catch (const Death&) {
      died = true;
      rig.crash();
    }
    CHECK(died == (steps <= 17));  // 8 created, 8 put in place, 1 moved aside
    rig.directory.on_step = nullptr;
    rig.pull();
    CHECK(quiet(rig.pull()));
    CHECK(rig.directory.files == expected);
  }
}

TEST_CASE("an output larger than max_file is blocked, the others arrive") {
  Rig rig;
  rig.spec.max_file = 5;
  rig.agent_writes("a.md", "12345");
  rig.agent_writes("b.md", "123456");
  const auto report = rig.pull();
  CHECK(fetched(report) == Names{"a.md"});
  CHECK(blocked_outputs(report) == Names{"output_too_large /b.md"});
  CHECK_THAT(report.blocked.front().reason, Contains("has 6 bytes") && Contains("max_file"));
  CHECK_FALSE(report.again);
  CHECK(rig.downloads() == 1);
}

TEST_CASE("no more is fetched than max_total and max_files let lie there, and one entry says so") {
  Rig rig;
  SECTION("bytes") {
    rig.spec.max_total = 10;
    rig.agent_writes("a", "12345");
    rig.agent_writes("b", "123456");
    rig.agent_writes("c", "1234567");
    const auto report = rig.pull();
    CHECK(fetched(report) == Names{"a"});
    CHECK(blocked_outputs(report) == Names{"quota /research"});
    CHECK_THAT(report.blocked.front().reason,
               Contains("2 outputs are not fetched") && Contains("max_total is 10 bytes"));
    rig.directory.files.clear();  // moved away
    CHECK(fetched(rig.pull()) == Names{"b"});
  }
  SECTION("files") {
    rig.spec.max_files = 2;
    for (const char* const name : {"a", "b", "c", "d"}) {
      rig.agent_writes(name, "");
    }
    const auto report = rig.pull();
    CHECK(report.fetched.size() == 2);
    CHECK_THAT(report.blocked.front().reason, Contains("max_files is 2"));
    CHECK(rig.pull().fetched.empty());
  }
  SECTION("what people put there does not count") {
    rig.spec.max_total = 10;
    rig.directory.files["mine"] = "12345678901";
    rig.agent_writes("a", "12345");
    CHECK(fetched(rig.pull()) == Names{"a"});
  }
}

TEST_CASE("more than is usual, as an older version left it, holds nothing back until it is said") {
  Rig rig;
  constexpr std::uint64_t kLarge = manifest::OutputsSpec::kUsualTotal + 1;
  rig.store.commit({ports::change::PutOutput{rig.session, {"file_old", "old", kLarge}}},
                   [](const auto&) {});
  rig.directory.sizes["old"] = kLarge;
  rig.agent_writes("a", "12345");
  const auto report = rig.pull();
  CHECK(fetched(report) == Names{"a"});
  REQUIRE(report.warnings.size() == 1);
  CHECK_THAT(report.warnings.front(), Contains("outputs.max_total"));
  rig.spec.max_total = kLarge;
  rig.agent_writes("b", "12345");
  CHECK(blocked_outputs(rig.pull()) == Names{"quota /research"});
}

TEST_CASE("another directory is fetched into again, and one that was moved is not") {
  Rig rig;
  rig.agent_writes("a.md", "alpha");
  CHECK(fetched(rig.pull()) == Names{"a.md"});
  CHECK(rig.store.load(rig.session).outputs.front().directory == "first");
  rig.directory.files.clear();
  CHECK(quiet(rig.pull()));
  rig.directory.directory_id.clear();
  rig.directory.next_id = "second";
  CHECK(fetched(rig.pull()) == Names{"a.md"});
  CHECK(rig.store.load(rig.session).outputs.front().directory == "second");
  CHECK(quiet(rig.pull()));
  CHECK(rig.downloads() == 2);
}

TEST_CASE("what an older version brought back is in the directory that is there") {
  Rig rig;
  const auto id = rig.agent_writes("a.md", "alpha");
  rig.store.commit({ports::change::PutOutput{rig.session, {id, "a.md", 5}}}, [](const auto&) {});
  SECTION("it is there") {
    rig.directory.files["a.md"] = "alpha";
    CHECK(quiet(rig.pull()));
    CHECK(rig.store.load(rig.session).outputs.front().directory == "first");
  }
  SECTION("nothing is there: it was removed, as far as anybody knows") {
    CHECK(quiet(rig.pull()));
    CHECK(rig.store.load(rig.session).outputs.front().directory.empty());
  }
  CHECK(rig.downloads() == 0);
}
