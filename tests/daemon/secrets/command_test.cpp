#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

using Catch::Contains;

using namespace std::chrono_literals;

struct Commands : TokenWorld {
  Commands() { options.allow_commands = true; }

  /// A script that notes each of its runs in "runs".
  [[nodiscard]] manifest::TokenCommand counted(const std::string& body) const {
    return script("mint", "echo run >>" + tree.at("runs") + "\n" + body);
  }
  [[nodiscard]] std::size_t runs() const { return lines("runs"); }

  [[nodiscard]] std::string text(const std::string& file) const {
    std::ifstream stream(tree.at(file));
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::string complaint(const manifest::TokenCommand& command) {
    const auto answer = fetch(command);
    REQUIRE_FALSE(answer);
    CHECK(shows_nothing_of(kCanary, answer.error().message));
    CHECK(answer.error().message.find("mint\" ") != std::string::npos);
    return answer.error().message;
  }
};

/// Waits for what other processes bring about.
template <class Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Gone, or dead and not yet collected by its parent.
bool is_dead(const std::string& process) {
  std::ifstream stat("/proc/" + process + "/stat");
  std::string word;
  stat >> word >> word >> word;
  return !stat || word == "Z" || word == "X";
}

TEST_CASE("a command prints a token") {
  Commands world;
  SECTION("as a line") {
    const auto command = world.counted("echo " + kCanary);
    const auto token = world.fetch(command).value();
    CHECK(token.secret.reveal() == kCanary);
    CHECK_FALSE(token.state.mints);
    CHECK(world.peek(command)->fingerprint == world.fingerprints.of_token(token.secret));
  }
  SECTION("as JSON without an end") {
    const auto command = world.counted(R"(echo ' {"token": "t-1", "expires_at": null, "x": 1}')");
    const auto token = world.fetch(command).value();
    CHECK(token.secret.reveal() == "t-1");
    CHECK_FALSE(token.state.mints);
  }
}

TEST_CASE("a token that expires is renewed when two thirds of its life are over") {
  Commands world;
  std::string expiry;
  SECTION("RFC 3339") { expiry = R"("2026-09-21T15:13:20Z")"; }
  SECTION("seconds") { expiry = "1790003600"; }
  const auto command = world.counted(R"(echo '{"token": "t-1", "expires_at": )" + expiry + "}'");
  const auto token = world.fetch(command).value();
  CHECK(token.state.mints);
  CHECK(token.renew_at == world.now() + 40min);
  CHECK(token.state.fingerprint != world.fingerprints.of_token(token.secret));
  CHECK(world.peek(command)->fingerprint == token.state.fingerprint);
}

TEST_CASE("a kept token is shared until it is to be renewed, or a new one is wanted") {
  Commands world;
  const auto command = world.counted(R"(echo '{"token": "t-1", "expires_at": 1790003600}')");
  for (int i = 0; i < 3; ++i) REQUIRE(world.fetch(command));
  CHECK(world.runs() == 1);
  REQUIRE(world.fetch(command, true));
  CHECK(world.runs() == 2);
  world.advance(39min);
  REQUIRE(world.fetch(command));
  CHECK(world.runs() == 2);
  world.advance(1min);
  REQUIRE(world.fetch(command));
  CHECK(world.runs() == 3);
}

TEST_CASE("a look runs a command that is known to mint no more") {
  Commands world;
  const auto command = world.counted(R"(echo '{"token": "t-1", "expires_at": 1790003600}')");
  const auto sent = world.fetch(command)->state.fingerprint;
  world.advance(24h);
  CHECK(world.peek(command, sent)->mints);
  CHECK(world.peek(command, "something else")->mints);
  CHECK(world.runs() == 1);
  Commands restarted;
  restarted.fingerprints = world.fingerprints;
  CHECK(restarted.peek(command, sent)->fingerprint == sent);
  CHECK(world.runs() == 1);
}

TEST_CASE("a plain command is run once a minute, and the fetch takes what the look saw") {
  Commands world;
  const auto command = world.counted("echo token-$(wc -l <" + world.tree.at("runs") + ")");
  const auto first = world.peek(command).value();
  CHECK(world.fetch(command)->secret.reveal() == "token-1");
  CHECK(world.peek(command, first.fingerprint)->fingerprint == first.fingerprint);
  CHECK(world.runs() == 1);
  world.advance(1min);
  CHECK(world.peek(command, first.fingerprint)->fingerprint != first.fingerprint);
  CHECK(world.fetch(command)->secret.reveal() == "token-2");
  CHECK(world.fetch(command, true)->secret.reveal() == "token-3");
}

TEST_CASE("commands are run only when that is allowed") {
  Commands world;
  const auto command = world.counted("echo token-1");
  SECTION("not allowed") {
    world.options.allow_commands = false;
    CHECK_THAT(world.complaint(command), Contains("--allow-commands"));
    CHECK_THAT(world.peek(command).error().message, Contains("--allow-commands"));
    const auto minting = world.fingerprints.of_source({"command", command.argv.front()});
    CHECK_FALSE(world.peek(command, minting));
  }
  SECTION("only looking") {
    world.options.may_run = false;
    const auto unseen = world.peek(command).value();
    CHECK(unseen.fingerprint.empty());
    CHECK_THAT(unseen.unchecked.value(), Contains("not run just to look"));
    CHECK_THAT(world.complaint(command), Contains("not run just to look"));
  }
  CHECK(world.runs() == 0);
}

TEST_CASE("to look knows a minting command by what was sent") {
  Commands world;
  const auto command = world.counted(R"(echo '{"token": "t-1", "expires_at": 1790003600}')");
  const auto sent = world.fetch(command)->state.fingerprint;
  Commands looking;
  looking.fingerprints = world.fingerprints;
  looking.options.may_run = false;
  looking.options.allow_commands = false;
  CHECK(looking.peek(command, sent)->mints);
  CHECK(looking.peek(command, "another")->fingerprint.empty());
  CHECK(world.runs() == 1);
}

TEST_CASE("no shell, no standard input, no descriptor, no credential of ours") {
  ::setenv("ANTHROPIC_API_KEY", kCanary.c_str(), 1);
  ::setenv("ANTHROPIC_AUTH_TOKEN", kCanary.c_str(), 1);
  ::setenv("ANTHROPIC_CUSTOM_HEADERS", ("X-Key: " + kCanary).c_str(), 1);
  Commands world;
  // Open in this process, and not close-on-exec.
  const os::UniqueFd leaked(::open("/dev/null", O_RDONLY));  // NOLINT: on purpose
  auto command = world.counted("env >" + world.tree.at("env") + "\nls /proc/self/fd >" +
                               world.tree.at("fds") + "\ncat >" + world.tree.at("in") +
                               "\nprintf %s \"$1\" >" + world.tree.at("arg") + "\necho token-1");
  command.argv.emplace_back("$(touch hit); 'a b'");
  REQUIRE(world.fetch(command));
  CHECK(world.text("arg") == "$(touch hit); 'a b'");
  CHECK(world.text("in").empty());
  CHECK(shows_nothing_of(kCanary, world.text("env")));
  CHECK_THAT(world.text("env"), Contains("PATH="));
  // 3 is the directory that ls reads; the shell's redirections are 1.
  CHECK(world.text("fds") == "0\n1\n2\n3\n");
  ::unsetenv("ANTHROPIC_API_KEY");
  ::unsetenv("ANTHROPIC_AUTH_TOKEN");
  ::unsetenv("ANTHROPIC_CUSTOM_HEADERS");
}

TEST_CASE("a program is found by the search path") {
  Commands world;
  CHECK(world.fetch(manifest::TokenCommand{{"printf", "token-%s\\n", "1"}})->secret.reveal() ==
        "token-1");
}

TEST_CASE("a command that fails says why, and shows no token") {
  Commands world;
  std::string expected;
  manifest::TokenCommand command;
  SECTION("exit code") {
    command = world.counted("echo 'no such role: ci' >&2; exit 3");
    expected = "failed with exit code 3";
  }
  SECTION("nothing printed") {
    command = world.counted("true");
    expected = "printed a text that is empty";
  }
  SECTION("two lines") {
    command = world.counted("echo " + kCanary + "; echo done");
    expected = "more than one line";
  }
  SECTION("JSON without a token") {
    command = world.counted("echo '{\"Token\": \"" + kCanary + "\"}'");
    expected = "without a \"token\"";
  }
  SECTION("JSON that is none") {
    command = world.counted("echo '{\"token\": \"" + kCanary + "\"'");
    expected = "no JSON object";
  }
  SECTION("a token that is none") {
    command = world.counted("printf %s '{\"token\": \"" + kCanary + "\\n\\nx\"}'");
    expected = "printed a \"token\" that has more than one line";
  }
  SECTION("a time that is none") {
    command = world.counted("echo '{\"token\": \"" + kCanary + "\", \"expires_at\": \"soon\"}'");
    expected = "neither RFC 3339";
  }
  SECTION("expired") {
    command = world.counted("echo '{\"token\": \"" + kCanary + "\", \"expires_at\": 1790000000}'");
    expected = "has expired already";
  }
  SECTION("too much") {
    command = world.counted("yes " + kCanary);
    expected = "printed more than 65536 bytes";
  }
  SECTION("killed by a signal") {
    command = world.counted("kill -TERM $$");
    expected = "was ended by signal 15";
  }
  CHECK_THAT(world.complaint(command), Contains(expected));
}

TEST_CASE("a program that cannot be started says so") {
  Commands world;
  CHECK_THAT(world.complaint({{world.tree.at("mint")}}),
             Contains("cannot be started: No such file"));
  world.tree.write("mint", "no program");
  CHECK_THAT(world.peek(manifest::TokenCommand{{world.tree.at("mint"), "x"}}).error().message,
             Contains("cannot be started: Permission denied"));
}

TEST_CASE("what a command says of its failure is not in the message, however much it says") {
  Commands world;
  const auto command = world.counted(
      "i=0; while [ $i -lt 3000 ]; do echo \"password hunter2 $i\" >&2; i=$((i+1)); done; "
      "echo >&2; exit 4");
  const std::string message = world.complaint(command);
  CHECK(message.find("hunter2") == std::string::npos);
  CHECK_THAT(message, Contains("failed with exit code 4"));
}

TEST_CASE("a command that takes too long is killed with all that it started") {
  Commands world;
  world.options.command_time = 300ms;
  const auto command = world.counted("sleep 1000 & echo $! >" + world.tree.at("child") +
                                     "\necho $$ >" + world.tree.at("self") + "\nwait");
  CHECK_THAT(world.complaint(command), Contains("was killed: it had not finished after 300 ms"));
  for (const std::string file : {"child", "self"}) {
    std::string process = world.text(file);
    REQUIRE(process.size() > 1);
    process.pop_back();
    CHECK(comes_true([&] { return is_dead(process); }));
  }
}

TEST_CASE("what a command leaves running does not hold up its token, and is ended") {
  Commands world;
  const auto command =
      world.counted("sleep 1000 & echo $! >" + world.tree.at("child") + "\necho token-1");
  CHECK(world.fetch(command)->secret.reveal() == "token-1");
  std::string process = world.text("child");
  process.pop_back();
  CHECK(comes_true([&] { return is_dead(process); }));
}

TEST_CASE("a stop ends commands at once, and those that are asked for later") {
  Commands world;
  const auto command = world.counted("echo $$ >" + world.tree.at("self") + "\nexec sleep 1000");
  auto& service = world.service();
  bool started = false;
  std::thread stopper([&] {
    started = comes_true([&] { return world.lines("self") == 1; });
    service.stop();
  });
  CHECK_THAT(world.complaint(command), Contains("sessync is stopping"));
  stopper.join();
  REQUIRE(started);
  std::string process = world.text("self");
  process.pop_back();
  CHECK(is_dead(process));
  const auto late = world.fetch(world.script("other-mint", "echo token-1"));
  CHECK_THAT(late.error().message, Contains("sessync is stopping"));
}

TEST_CASE("several passes that ask at once share one run") {
  Commands world;
  const auto command = world.counted("while [ ! -e " + world.tree.at("go") +
                                     " ]; do sleep 0.01; done\necho token-1");
  os::CompletionQueue loop;
  secrets::DaemonTokenSource tokens(world.service(), loop);
  int answers = 0;
  for (int i = 0; i < 5; ++i) {
    tokens.peek({kRepository, command, "", false},
                [&](const auto& state) { answers += state ? 1 : 0; });
    tokens.fetch({kRepository, command, "", true}, [&](const auto& token) {
      answers += token && token->secret.reveal() == "token-1" ? 1 : 0;
    });
  }
  world.tree.write("go", "");
  while (loop.run_one()) {
  }
  CHECK(answers == 10);
  CHECK(world.runs() == 1);
}

}  // namespace
}  // namespace sessync::test
