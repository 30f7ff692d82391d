#include <filesystem>
#include <future>
#include <map>

#include <catch2/catch.hpp>

#include "daemon/controller/session_table.h"
#include "daemon/secrets/token_service.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/secrets/github_double.h"
#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

namespace sessync {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const std::string kUrl = "https://github.com/o/r";
constexpr ports::Duration kLife = seconds(60);

/// A daemon's queue over one session with a repository whose tokens live for a minute.
class Daemon {
 public:
  Daemon() : table_(controller::SessionTable::Pace{}) {
    model::NewSession request;
    model::NewResource repository;
    repository.type = "github_repository";
    repository.url = kUrl;
    repository.mount_path = "/workspace/r";
    request.resources = {repository};
    world.spec.session_id = world.model.create_session(request).value().id;
    manifest::RepositoryResource entry;
    entry.url = kUrl;
    entry.mount_path = "/workspace/r";
    entry.authorization_token = manifest::TokenGithubApp{1, 2, "app.pem"};
    world.spec.resources = {{{}, entry}};
    world.declare_directory = false;
    world.tokens.mint(kUrl, kLife);
    activate();
  }

  /// One second passes; what is due is done.
  void tick() {
    world.loop.advance(seconds(1));
    if (table_.next_due_after(ports::TimePoint{}) <= world.loop.now()) {
      const auto due = table_.start(world.loop.now());
      REQUIRE(due);
      table_.finish(due->spec.name, world.pass(), world.loop.now(), 0.5);
    }
  }

  [[nodiscard]] std::string token() const {
    return world.model.session(*world.spec.session_id).resources.front().token.value_or("");
  }
  [[nodiscard]] std::size_t rotations() { return world.api->calls.count(Operation::kRotateToken); }

  World world;

 private:
  void activate() {
    manifest::ManifestFile file;
    file.path = "m.yaml";
    file.owner = world.owner;
    file.sessions = {world.spec};
    manifest::Manifest manifest;
    manifest.files = {file};
    manifest.owner = world.owner;
    table_.activate(manifest, world.loop.now());
  }

  controller::SessionTable table_;
};

/// The real source of tokens in simulated time: the clock stands still while GitHub is asked.
class AwaitedTokens : public ports::TokenSource {
 public:
  AwaitedTokens(secrets::TokenService& service, TestLoop& loop) : service_(service), loop_(loop) {}

  void peek(ports::TokenRequest request,
            std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) override {
    std::promise<tl::expected<ports::TokenState, ports::TokenError>> answer;
    service_.peek(request, [&answer](const auto& state) { answer.set_value(state); });
    loop_.post([done = std::move(done), state = answer.get_future().get()] { done(state); });
  }
  void fetch(ports::TokenRequest request,
             std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) override {
    std::promise<tl::expected<ports::Token, ports::TokenError>> answer;
    service_.fetch(request, [&answer](const auto& token) { answer.set_value(token); });
    loop_.post([done = std::move(done), token = answer.get_future().get()] { done(token); });
  }

 private:
  secrets::TokenService& service_;
  TestLoop& loop_;
};

/// A GitHub App whose tokens live for a minute, behind a server that verifies its signature.
class App {
 public:
  explicit App(TestLoop& loop) : loop_(loop) {
    tree_.write("app.pem", keys_.pkcs1);
    std::filesystem::permissions(tree_.at("app.pem"), std::filesystem::perms::owner_read);
  }

  secrets::TokenOptions options() {
    secrets::TokenOptions options;
    options.secrets_dir = tree_.at("");
    options.github_api_url = github_.url();
    options.clocks = {[this] { return loop_.now(); }, [this] { return loop_.now(); }};
    return options;
  }

  /// What is minted from now on.
  void mint_at_this_time() {
    const auto expires = loop_.now() + kLife;
    const auto token = "ghs_" + std::to_string(expiries_.size());
    expiries_[token] = expires;
    github_.answer(
        {201,
         R"({"token":")" + token + R"(","expires_at":")" + model::to_text(expires) + R"("})",
         {}});
  }

  [[nodiscard]] ports::TimePoint expiry(const std::string& token) const {
    return expiries_.at(token);
  }
  [[nodiscard]] bool every_signature_holds() const {
    return std::ranges::all_of(github_.calls(), &test::GithubDouble::Call::signature_holds);
  }

 private:
  TestLoop& loop_;
  test::AppKeyPair keys_ = test::AppKeyPair::make();
  test::GithubDouble github_{keys_.public_key};
  test::TempTree tree_;
  std::map<std::string, ports::TimePoint> expiries_;
};

TEST_CASE("tokens of a GitHub App that live for a minute never expire in a session, for 5 hours") {
  Daemon daemon;
  App app(daemon.world.loop);
  secrets::TokenService service(app.options(), secrets::Fingerprints::in_memory());
  AwaitedTokens tokens(service, daemon.world.loop);
  daemon.world.other_tokens = &tokens;
  app.mint_at_this_time();
  daemon.tick();
  int expired = 0;
  for (auto end = daemon.world.loop.now() + hours(5); daemon.world.loop.now() < end;) {
    app.mint_at_this_time();
    daemon.tick();
    expired += app.expiry(daemon.token()) <= daemon.world.loop.now() ? 1 : 0;
  }
  CHECK(expired == 0);
  CHECK(app.every_signature_holds());
  constexpr std::size_t kMinutes = 300;
  CHECK(daemon.rotations() > kMinutes);
  CHECK(daemon.rotations() < kMinutes * 2);
}

TEST_CASE("they do not expire while a fifth of the answers is lost") {
  Daemon daemon;
  auto fault = on(Operation::kRotateToken, Fault::of(Fault::Kind::kCutBefore));
  fault.probability = 0.2;
  daemon.world.api->faults.add(fault);
  std::string last;
  ports::TimePoint sent_at;
  ports::Duration oldest{0};
  for (auto end = daemon.world.loop.now() + hours(5); daemon.world.loop.now() < end;) {
    daemon.tick();
    if (const auto token = daemon.token(); token != last) {
      last = token;
      sent_at = daemon.world.loop.now();
    }
    oldest = std::max(oldest, daemon.world.loop.now() - sent_at);
  }
  CHECK_FALSE(last.empty());
  CHECK(oldest < kLife);
}

}  // namespace
}  // namespace sessync
