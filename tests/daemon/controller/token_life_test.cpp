#include <catch2/catch.hpp>

#include "daemon/controller/session_table.h"
#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

namespace sessync {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const std::string kUrl = "https://github.com/o/r";
constexpr Duration kLife = seconds(60);

/// A daemon's queue over one session with a repository whose tokens live for a minute.
class Daemon {
 public:
  Daemon() : table_(SessionTable::Pace{}) {
    model::NewSession request;
    model::NewResource repository;
    repository.type = "github_repository";
    repository.url = kUrl;
    repository.mount_path = "/workspace/r";
    request.resources = {repository};
    world.spec.session_id = world.model.create_session(request).value().id;
    RepositoryResource entry;
    entry.url = kUrl;
    entry.mount_path = "/workspace/r";
    entry.authorization_token = TokenGithubApp{1, 2, "app.pem"};
    world.spec.resources = {{{}, entry}};
    world.tokens.mint(kUrl, kLife);
    world.declare_directory = false;
    put_in_force();
  }

  /// One second passes; what is due is done.
  void tick() {
    world.loop.advance(seconds(1));
    if (table_.next_due() <= world.loop.now()) {
      const auto spec = table_.start(world.loop.now());
      REQUIRE(spec);
      table_.finish(spec->name, world.pass(), world.loop.now(), 0.5);
    }
    if (const auto now = token(); now != last_token_) {
      last_token_ = now;
      sent_at_ = world.loop.now();
    }
  }

  [[nodiscard]] Duration age() const { return world.loop.now() - sent_at_; }

  World world;

 private:
  void put_in_force() {
    Manifest manifest;
    ManifestFile file;
    file.path = "m.yaml";
    file.owner = world.owner;
    file.sessions = {world.spec};
    manifest.files = {file};
    manifest.owner = world.owner;
    table_.put_in_force(manifest, world.loop.now());
  }

  [[nodiscard]] std::string token() const {
    return world.model.session(*world.spec.session_id).resources.front().token.value_or("");
  }

  SessionTable table_;
  std::string last_token_;
  TimePoint sent_at_;
};

TEST_CASE("tokens that live for a minute never expire in a session, for five hours") {
  Daemon daemon;
  const double lost_answers = GENERATE(0.0, 0.2);
  auto fault = on(Operation::kRotateToken, Fault::of(Fault::Kind::kCutBefore));
  fault.probability = lost_answers;
  daemon.world.api->faults.add(fault);
  Duration oldest{0};
  daemon.tick();
  for (TimePoint end = daemon.world.loop.now() + hours(5); daemon.world.loop.now() < end;) {
    daemon.tick();
    oldest = std::max(oldest, daemon.age());
  }
  CHECK(oldest < kLife);
  CHECK(daemon.world.api->calls.count(Operation::kRotateToken) < 600);
}

}  // namespace
}  // namespace sessync
