#include <catch2/catch.hpp>

#include "daemon/controller/schedule.h"

namespace sessync {
namespace {

const std::string kOne = R"(version: 1
owner: prod
sessions:
  - {name: s1, session_id: sesn_1, resources: []}
)";
const std::string kGood =
    "version: 1\nrules:\n  - {files: [m.yaml], names: [s1], session_ids: [sesn_1]}\n";
const std::string kStrict = "version: 1\nrules: []\n";

/// Has a policy that somebody edits.
class EditedHost : public controller::ScheduleHost, public controller::HoldingsKeeper {
 public:
  std::optional<manifest::Holdings> remembered() override { return manifest::Holdings(); }
  void remember(const manifest::Holdings& /*holdings*/) override {}
  std::vector<manifest::ManifestText> read_manifest() override { return {{"m.yaml", kOne, ""}}; }
  policy::Given read_policy() override { return {.policy = policy}; }
  void announce(const manifest::Manifest& manifest) override { announced.push_back(manifest); }
  bool watching_degraded() override { return false; }

  manifest::ManifestText policy{"p.yaml", "", "No such file or directory"};
  std::vector<manifest::Manifest> announced;
};

struct Edited {
  EditedHost host;
  controller::Schedule schedule{host, host, {}};
  ports::TimePoint now{};

  /// What the session may do after a step; `is_told`: of the change.
  manifest::Permission step(bool is_told = true) {
    controller::Wakeup wakeup;
    wakeup.manifest = is_told;
    const auto work = schedule.step(wakeup, now);
    retries = work.next;
    const auto due = schedule.table().start(now);
    if (due) {
      schedule.table().finish(due->spec.name, {}, now, 0.5);
      last = due->spec.permission;
    }
    return last;
  }
  manifest::Permission last;
  std::optional<ports::TimePoint> retries;
};

TEST_CASE("a policy comes into force when it changes, and the last good one stays") {
  Edited e;
  CHECK(e.step().policy_missing);
  CHECK_FALSE(e.host.announced.back().valid());

  // Nobody has to say that it is there.
  e.host.policy = {"p.yaml", kGood, ""};
  REQUIRE(e.retries);
  e.now = *e.retries + std::chrono::seconds(10);
  CHECK_FALSE(e.step(false).denied);
  CHECK(e.host.announced.back().valid());

  e.host.policy.text = "rules";
  CHECK_FALSE(e.step().denied);
  CHECK_FALSE(e.host.announced.back().valid());
  e.host.policy = {"p.yaml", "", "Permission denied"};
  CHECK_FALSE(e.step().denied);

  e.host.policy = {"p.yaml", kStrict, ""};
  const auto strict = e.step();
  CHECK(strict.denied);
  CHECK_FALSE(strict.policy_missing);
}

TEST_CASE("what a pass was made with is no longer in force once the policy is another one") {
  EditedHost host;
  host.policy = {"p.yaml", kGood, ""};
  controller::Schedule schedule(host, host, {});
  controller::Wakeup wakeup;
  wakeup.manifest = true;
  schedule.step(wakeup, {});
  const auto due = schedule.table().start({});
  REQUIRE(due);
  schedule.step(wakeup, {});
  CHECK(schedule.table().is_in_force("s1", due->revision));
  host.policy.text = kStrict;
  schedule.step(wakeup, {});
  CHECK_FALSE(schedule.table().is_in_force("s1", due->revision));
}

/// Has a manifest directory in which somebody works.
class SharedHost : public controller::ScheduleHost, public controller::HoldingsKeeper {
 public:
  std::optional<manifest::Holdings> remembered() override { return manifest::Holdings(); }
  void remember(const manifest::Holdings& /*holdings*/) override {}
  std::vector<manifest::ManifestText> read_manifest() override { return files; }
  void announce(const manifest::Manifest& /*manifest*/) override {}
  bool watching_degraded() override { return false; }

  std::vector<manifest::ManifestText> files;
};

TEST_CASE("whoever waits for what another file had gets it when that one is gone for good") {
  SharedHost host;
  controller::Schedule schedule(host, host, {});
  ports::TimePoint now{};
  const auto step = [&](bool is_told) {
    controller::Wakeup wakeup;
    wakeup.manifest = is_told;
    return schedule.step(wakeup, now);
  };
  const auto holder = [&] {
    const auto sessions = schedule.manifest().sessions();
    return sessions.empty() ? "" : sessions.front().at.file;
  };
  const manifest::ManifestText mine{"m.yaml", kOne, ""};
  const manifest::ManifestText theirs{"a.yaml", kOne, ""};
  host.files = {mine};
  step(true);
  host.files = {mine, theirs};
  step(true);
  host.files = {theirs};
  step(true);
  CHECK(holder().empty());
  host.files = {mine, theirs};
  step(true);
  CHECK(holder() == "m.yaml");

  host.files = {theirs};
  auto work = step(true);
  const auto grace = controller::AbsentFiles::kGrace;
  for (const auto begin = now; now < begin + grace;) {
    CHECK(holder().empty());
    REQUIRE(work.next);
    REQUIRE(*work.next <= begin + grace);
    now = *work.next;
    work = step(false);
  }
  CHECK(holder() == "a.yaml");
}

}  // namespace
}  // namespace sessync
