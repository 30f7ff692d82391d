#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "daemon/secrets/secret_files.h"
#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

const manifest::TokenFile kFile{"github-token"};

struct TokenFiles : TokenWorld {
  void put(const std::string& text, mode_t mode = 0600) {
    tree.write("secrets/github-token", text);
    ::chmod(tree.at("secrets/github-token").c_str(), mode);
  }
  std::string complaint() {
    const auto answer = fetch(kFile);
    REQUIRE_FALSE(answer);
    CHECK(peek(kFile).error().message == answer.error().message);
    return answer.error().message;
  }
};

TEST_CASE("a token in a file is its text without what stands around it") {
  TokenFiles world;
  for (const std::string end : {"", "\n", "\r\n", "\n\n", " "}) {
    std::string text(end.empty() ? "" : "\xEF\xBB\xBF\n");
    text.append(kCanary).append(end);
    world.put(text);
    const auto token = world.fetch(kFile).value();
    CHECK(token.secret.reveal() == kCanary);
    CHECK_FALSE(token.state.mints);
    CHECK_FALSE(token.renew_at);
    CHECK(world.peek(kFile)->fingerprint == token.state.fingerprint);
  }
}

TEST_CASE("a changed file is read at once, also behind a swapped link") {
  TokenFiles world;
  world.tree.write("secrets/..1/github-token", "first");
  world.tree.write("secrets/..2/github-token", "second");
  world.tree.link("secrets/..data", "..1");
  world.tree.link("secrets/github-token", "..data/github-token");
  const auto first = world.fetch(kFile).value();
  CHECK(first.secret.reveal() == "first");
  world.tree.link("secrets/..new", "..2");
  world.tree.rename("secrets/..new", "secrets/..data");
  CHECK(world.fetch(kFile)->secret.reveal() == "second");
  CHECK(world.peek(kFile)->fingerprint != first.state.fingerprint);
}

TEST_CASE("a file that holds no token is an error that names it and shows nothing of it") {
  TokenFiles world;
  std::string expected;
  SECTION("empty") {
    world.put("");
    expected = "is empty";
  }
  SECTION("only a newline") {
    world.put("\n");
    expected = "is empty";
  }
  SECTION("two lines") {
    world.put(kCanary + "\nsecond\n");
    expected = "more than one line";
  }
  SECTION("a blank in it") {
    world.put("Bearer " + kCanary);
    expected = "blanks";
  }
  SECTION("a byte order mark within it") {
    world.put("x\xef\xbb\xbf" + kCanary);
    expected = "not ASCII";
  }
  SECTION("a NUL byte") {
    world.put(kCanary + std::string(1, '\0'));
    expected = "control characters";
  }
  SECTION("too long") {
    world.put(kCanary + std::string(4096, 'x'));
    expected = "longer than";
  }
  SECTION("nothing there") { expected = "No such file"; }
  SECTION("a directory") {
    world.tree.directory("secrets/github-token");
    expected = "is no regular file";
  }
  SECTION("a FIFO that nobody writes to") {
    REQUIRE(::mkfifo(world.tree.at("secrets/github-token").c_str(), 0600) == 0);
    expected = "is no regular file";
  }
  const std::string message = world.complaint();
  CHECK(message.find(expected) != std::string::npos);
  CHECK(message.find(world.tree.at("secrets/github-token")) != std::string::npos);
  CHECK(message.find("no token is sent") != std::string::npos);
  CHECK(shows_nothing_of(kCanary, message));
}

TEST_CASE("a token may have the longest length there is") {
  TokenFiles world;
  world.put(std::string(4096, 'x') + "\r\n");
  CHECK(world.fetch(kFile)->secret.reveal().size() == 4096);
}

TEST_CASE("a file that others may read is warned of once") {
  TokenFiles world;
  world.put(kCanary, 0600);
  REQUIRE(world.fetch(kFile));
  CHECK(world.warnings().empty());
  world.put(kCanary, 0640);
  REQUIRE(world.peek(kFile));
  REQUIRE(world.fetch(kFile));
  REQUIRE(world.warnings().size() == 1);
  CHECK(world.warnings()[0].find(world.tree.at("secrets/github-token")) != std::string::npos);
  CHECK(shows_nothing_of(kCanary, world.warnings()[0]));
}

TEST_CASE("no name and no link leads out of the directory for secrets") {
  TokenFiles world;
  world.tree.write("elsewhere", kCanary);
  world.tree.write("secrets/sub/token", "token-1");
  world.tree.link("secrets/absolute", world.tree.at("elsewhere"));
  world.tree.link("secrets/up", "../elsewhere");
  world.tree.link("secrets/out", "..");
  world.tree.link("secrets/inside", world.tree.at("secrets/sub/token"));
  for (const std::string name : {"../elsewhere", "sub/../../elsewhere", "absolute", "up",
                                 "out/elsewhere", "inside", "..", "sub/", "."}) {
    INFO(name);
    const auto answer = world.fetch(manifest::TokenFile{name});
    REQUIRE_FALSE(answer);
    const std::string message = answer.error().message;
    CHECK(message == world.peek(manifest::TokenFile{name}).error().message);
    CHECK(message.find("is not read, because") != std::string::npos);
    CHECK(message.find("--secrets-dir") != std::string::npos);
    CHECK(shows_nothing_of(kCanary, message));
  }
  CHECK(world.fetch(manifest::TokenFile{"sub/token"})->secret.reveal() == "token-1");
}

TEST_CASE("what a manifest file is confined to is where its secrets really lie") {
  TokenFiles world;
  world.tree.write("secrets/theirs/token", kCanary);
  world.tree.write("secrets/ours/token", "token-1");
  world.tree.link("secrets/ours/same", "token");
  world.tree.link("secrets/ours/link", "../theirs/token");
  world.tree.link("secrets/ours/above", "..");
  world.tree.write("secrets/..2026_1/ours/new", "token-2");
  world.tree.link("secrets/ours/new", "../..2026_1/ours/new");
  const auto of = [](const std::string& name) {
    return manifest::TokenFile{"ours/" + name, "ours"};
  };
  for (const std::string name : {"link", "above/theirs/token", "above/ours2/token"}) {
    INFO(name);
    const auto answer = world.fetch(of(name));
    REQUIRE_FALSE(answer);
    CHECK(shows_nothing_of(kCanary, answer.error().message));
  }
  CHECK(world.fetch(of("link")).error().message.find("leads out of ours/ through a symlink") !=
        std::string::npos);
  CHECK(world.fetch(of("same"))->secret.reveal() == "token-1");
  CHECK(world.fetch(of("new"))->secret.reveal() == "token-2");
  CHECK(world.fetch(manifest::TokenFile{"ours/link"})->secret.reveal() == kCanary);
}

TEST_CASE("an absolute name is refused, and below the directory the message has the right one") {
  TokenFiles world;
  world.tree.write("elsewhere", "token-1");
  world.put("token-2");
  const auto outside = world.fetch(manifest::TokenFile{world.tree.at("elsewhere")});
  CHECK(outside.error().message.find("put the file there") != std::string::npos);
  const auto inside = world.fetch(manifest::TokenFile{world.tree.at("secrets/github-token")});
  CHECK(inside.error().message.find("write github-token") != std::string::npos);
}

TEST_CASE("what an option names as a key is no repository's token, by whatever name") {
  TokenFiles world;
  world.put(kCanary);
  world.tree.link("secrets/soft", "github-token");
  std::filesystem::create_hard_link(world.tree.at("secrets/github-token"),
                                    world.tree.at("secrets/hard"));
  world.tree.write("secrets/other", "token-1");
  world.options.own_files = {world.tree.at("not-there"), world.tree.at("secrets/github-token")};
  for (const std::string name : {"github-token", "soft", "hard"}) {
    INFO(name);
    const auto answer = world.fetch(manifest::TokenFile{name});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("never sent to a session") != std::string::npos);
    const auto key = world.fetch(manifest::TokenGithubApp{1, 2, name});
    CHECK(key.error().message.find("never sent to a session") != std::string::npos);
  }
  CHECK(world.fetch(manifest::TokenFile{"other"}));
}

TEST_CASE("a token of the environment") {
  TokenWorld world;
  world.options.allow_env = {"GITHUB_*"};
  const manifest::TokenEnv source{"GITHUB_TOKEN"};
  CHECK(world.peek(source).error().message.find("GITHUB_TOKEN is not set") != std::string::npos);
  world.variables["GITHUB_TOKEN"] = kCanary + " x";
  const auto bad = world.fetch(source);
  CHECK(bad.error().message.find("GITHUB_TOKEN has blanks") != std::string::npos);
  CHECK(shows_nothing_of(kCanary, bad.error().message));
  world.variables["GITHUB_TOKEN"] = kCanary + "\n";
  CHECK(world.fetch(source)->secret.reveal() == kCanary);
  CHECK(world.peek(source)->fingerprint == world.fetch(source)->state.fingerprint);
}

TEST_CASE("a variable is a token only if --allow-env names it, and some never are") {
  TokenWorld world;
  std::vector<std::string> asked;
  world.options.allow_env = {"TEAM_?", "SESSYNC_*", "*"};
  world.options.environment = [&asked](const std::string& name) {
    asked.push_back(name);
    return std::optional(kCanary);
  };
  SECTION("nothing is allowed") {
    world.options.allow_env = {};
    const auto answer = world.fetch(manifest::TokenEnv{"GITHUB_TOKEN"});
    CHECK(answer.error().message.find("--allow-env GITHUB_TOKEN") != std::string::npos);
    CHECK(world.peek(manifest::TokenEnv{"GITHUB_TOKEN"}).error().message == answer.error().message);
    CHECK(asked.empty());
  }
  SECTION("another one is") {
    world.options.allow_env = {"TEAM_?"};
    CHECK_FALSE(world.fetch(manifest::TokenEnv{"TEAM_AB"}));
    CHECK(asked.empty());
    CHECK(world.fetch(manifest::TokenEnv{"TEAM_A"}));
  }
  SECTION("whatever is allowed") {
    for (const std::string name :
         {"ANTHROPIC_API_KEY", "ANTHROPIC_X", "SESSYNC_ADMIN_TOKEN_FILE", "https_proxy",
          "HTTPS_PROXY", "No_Proxy", "AWS_SESSION_TOKEN", "PATH", "HOME"}) {
      INFO(name);
      const auto answer = world.fetch(manifest::TokenEnv{name});
      CHECK(answer.error().message.find("is never sent to a session") != std::string::npos);
    }
    CHECK(asked.empty());
    for (const std::string name : {"AWS", "MY_PATH", "HOMES", "_proxy", "PROXY"}) {
      INFO(name);
      CHECK(world.fetch(manifest::TokenEnv{name}));
    }
  }
}

TEST_CASE("the files that a session's tokens depend on") {
  const auto repository = [](std::optional<manifest::TokenSpec> token) {
    manifest::RepositoryResource resource;
    resource.authorization_token = std::move(token);
    return manifest::ResourceSpec{{}, resource};
  };
  manifest::SessionSpec session;
  session.resources = {repository(manifest::TokenFile{"b"}),
                       repository(manifest::TokenGithubApp{1, 2, "app.pem"}),
                       repository(manifest::TokenFile{"/run/a"}),
                       repository(manifest::TokenFile{"sub/../b"}),
                       repository(manifest::TokenEnv{"TOKEN"}),
                       repository(std::nullopt),
                       {{}, manifest::UploadedFileResource{"file_1", "/x"}}};
  const std::vector<secrets::NamedSecretFile> read = {{"/secrets/app.pem"}, {"/secrets/b"}};
  CHECK(secrets::secret_files(session, "/secrets") == read);
  const std::vector<secrets::NamedSecretFile> all = {
      {"/run/a"}, {"/secrets/app.pem"}, {"/secrets/b"}};
  CHECK(secrets::secret_files(session, "/secrets", secrets::SecretNames::kAll) == all);
}

}  // namespace
}  // namespace sessync::test
