#include "daemon/secrets/fingerprints.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

using Access = secrets::Fingerprints::Access;

struct KeyDirectory {
  TempTree tree;
  std::vector<std::string> warnings;

  secrets::Fingerprints open(Access access = Access::kWrite) {
    return secrets::Fingerprints::open(
        tree.path(), access, [this](const std::string& text) { warnings.push_back(text); });
  }
  [[nodiscard]] std::string path() const { return tree.at("fingerprint.key"); }
  [[nodiscard]] std::string bytes() const {
    std::ifstream stream(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  [[nodiscard]] mode_t mode() const {
    struct stat info = {};
    REQUIRE(::stat(path().c_str(), &info) == 0);
    return info.st_mode & 07777U;
  }
};

const ports::Secret kToken{kCanary};

TEST_CASE("a fingerprint is the same after a restart, and another with another key") {
  KeyDirectory here;
  const auto first = here.open().of_token(kToken);
  CHECK(first.size() == 64);
  CHECK(here.open().of_token(kToken) == first);
  CHECK(here.open(Access::kReadOnly).of_token(kToken) == first);
  KeyDirectory elsewhere;
  CHECK(elsewhere.open().of_token(kToken) != first);
  CHECK(secrets::Fingerprints::in_memory().of_token(kToken) != first);
  CHECK(here.warnings.empty());
}

TEST_CASE("tokens and sources are told apart, and so are lists that read alike") {
  const auto prints = secrets::Fingerprints::in_memory();
  CHECK(prints.of_token(ports::Secret("a")) != prints.of_source({"a"}));
  CHECK(prints.of_source({"ab", "c"}) != prints.of_source({"a", "bc"}));
  CHECK(prints.of_source({"a", ""}) != prints.of_source({"a"}));
  CHECK(shows_nothing_of(kCanary, prints.of_token(kToken)));
}

TEST_CASE("the key is 32 bytes that only we can read") {
  KeyDirectory here;
  static_cast<void>(here.open());
  CHECK(here.bytes().size() == 32);
  CHECK(here.mode() == 0600);
  ::chmod(here.path().c_str(), 0644);
  static_cast<void>(here.open());
  CHECK(here.mode() == 0600);
}

TEST_CASE("to look makes no key") {
  KeyDirectory here;
  static_cast<void>(here.open(Access::kReadOnly));
  CHECK(std::filesystem::is_empty(here.tree.path()));
  CHECK(here.warnings.empty());
  here.tree.write("fingerprint.key", "short");
  static_cast<void>(here.open(Access::kReadOnly));
  CHECK(here.bytes() == "short");
  CHECK(here.warnings.size() == 1);
}

TEST_CASE("a damaged key is replaced, and that is said") {
  KeyDirectory here;
  const auto before = here.open().of_token(kToken);
  SECTION("cut short") { std::filesystem::resize_file(here.path(), 31); }
  SECTION("empty") { std::filesystem::resize_file(here.path(), 0); }
  SECTION("too long") { std::filesystem::resize_file(here.path(), 33); }
  const auto after = here.open().of_token(kToken);
  CHECK(after != before);
  REQUIRE(here.warnings.size() == 1);
  CHECK(here.warnings[0].find(here.path() + " is damaged") != std::string::npos);
  CHECK(here.open().of_token(kToken) == after);
  CHECK(here.bytes().size() == 32);
  CHECK(here.mode() == 0600);
}

TEST_CASE("a crash while the key was written leaves nothing in the way") {
  KeyDirectory here;
  here.tree.write("fingerprint.key.new", "half");
  const auto first = here.open().of_token(kToken);
  CHECK(here.open().of_token(kToken) == first);
  CHECK_FALSE(std::filesystem::exists(here.path() + ".new"));
}

TEST_CASE("a key that cannot be written is kept in memory, and that is said") {
  std::vector<std::string> warnings;
  const auto prints = secrets::Fingerprints::open(
      "/proc/no-such-directory", Access::kWrite,
      [&warnings](const std::string& text) { warnings.push_back(text); });
  CHECK(prints.of_token(kToken) == prints.of_token(kToken));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("cannot be written") != std::string::npos);
}

}  // namespace
}  // namespace sessync::test
