#include "daemon/workspace/scan/default_exclusions.h"

#include <catch2/catch.hpp>

#include "daemon/workspace/scan/source_filter.h"

namespace sessync::test {
namespace {

using workspace::default_exclusion;
using Rule = ports::LeftOut::Rule;

TEST_CASE("A name is left out by the usual rule as every version did, by another one else") {
  for (const auto* name :
       {".git", ".hg", ".svn", "..data", "a~", ".a.swp", "4913", ".DS_Store", ".sessyncignore",
        ".env", ".env.local", "a.pem", "id_rsa", "id_rsa.pub", "id_ed25519_sk"}) {
    CHECK(default_exclusion(name, false) == Rule::kUsual);
    CHECK(default_exclusion(name, true) == Rule::kUsual);
  }
  for (const auto* name : {".GIT", ".Env", "a.PEM", "ID_RSA", ".ds_store", "lost+found"}) {
    CHECK(default_exclusion(name, false) == Rule::kLately);
    CHECK(default_exclusion(name, true) == Rule::kLately);
  }
}

TEST_CASE("A rule about files leaves directories alone, and the other way round") {
  for (const auto* name : {".npmrc", "a.key", "A.KEY", "x_history", "secrets.yaml", "secrets.yml",
                           "terraform.tfstate.1", "service-account.json", "prod.env"}) {
    CHECK(default_exclusion(name, false) == Rule::kLately);
    CHECK_FALSE(default_exclusion(name, true));
  }
  for (const auto* name : {".aws", ".Azure", ".kube", ".ssh", ".gnupg"}) {
    CHECK(default_exclusion(name, true) == Rule::kLately);
    CHECK_FALSE(default_exclusion(name, false));
  }
}

TEST_CASE("A rule of two parts needs both, wherever the path begins") {
  CHECK(default_exclusion(".docker/config.json", false) == Rule::kLately);
  CHECK(default_exclusion("a/b/.Docker/Config.json", false) == Rule::kLately);
  CHECK(default_exclusion("config.json", false, ".docker") == Rule::kLately);
  CHECK(default_exclusion("config.json", false, "home/.docker") == Rule::kLately);
  CHECK(default_exclusion(".cargo/credentials.toml", false) == Rule::kLately);
  CHECK(default_exclusion(".config/gcloud", true) == Rule::kLately);
  for (const auto* path : {"config.json", "docker/config.json", ".docker/x/config.json",
                           ".cargo/config.toml", "x.docker/config.json"}) {
    CHECK_FALSE(default_exclusion(path, false));
  }
  CHECK_FALSE(default_exclusion(".config/gcloud", false));
  CHECK_FALSE(default_exclusion("gcloud", true));
  CHECK_FALSE(default_exclusion("a/config.json", false, ".docker"));
}

TEST_CASE("A glob needs all of its fixed text, and odd names fit nothing") {
  for (const auto* name : {"", "a", "key", "xkey", ".ke", "secrets.yl", "secrets.m", "env", "~a",
                           ".", "\xff\xfe", "service-account.jso"}) {
    CHECK_FALSE(default_exclusion(name, false));
  }
  CHECK(default_exclusion("secrets.yml", false));
  CHECK_FALSE(default_exclusion("secrets.y", false));
}

TEST_CASE("An include pattern and allow let names through, and their own names only") {
  const auto include = manifest::Patterns::parse({"*", "tls/a.key"}).value();
  const workspace::SourceFilter filter(include, {}, {"b.key", ".aws"});
  CHECK(filter.takes("tls/a.key"));
  CHECK(filter.takes("x/b.key"));
  CHECK_FALSE(filter.takes("x/c.key"));
  CHECK(filter.enters(".aws"));
  CHECK_FALSE(filter.enters(".ssh"));
  CHECK_FALSE(workspace::target_exclusion(filter, "x/.aws/b.key"));
  const auto excluded = workspace::target_exclusion(filter, ".ssh/.git/x");
  REQUIRE(excluded);
  CHECK(excluded->rule == Rule::kUsual);
  CHECK(excluded->name == ".git");
}

}  // namespace
}  // namespace sessync::test
