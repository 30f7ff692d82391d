#include <algorithm>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using LeftOut = std::vector<ports::LeftOut>;

/// "path: target" of what the link rules refuse.
Lines refused(const ports::SourceFiles& found, ports::LeftOut::Rule rule) {
  Lines lines;
  for (const auto& one : found.left_out) {
    if (one.rule == rule) lines.push_back(one.path + ": " + one.name);
  }
  std::ranges::sort(lines);
  return lines;
}

manifest::DirectoryResource widened(manifest::DirectoryResource entry) {
  entry.links = manifest::LinkScope::kWorkspace;
  return entry;
}

/// A team's directory in a workspace that several share.
struct Teams : Workspace {
  Teams() {
    tree.write("a/public/readme", "readme");
    tree.write("a/private/plan", "plan");
    tree.write("a/notes.txt", "notes");
    tree.write("b/salaries.csv", "salaries");
    tree.write("shared/logo.png", "logo");
  }
};

TEST_CASE("A link does not go around an exclude pattern, of the file or of its directory") {
  Teams ws;
  ws.tree.link("a/public/to-plan", "../private/plan");
  ws.tree.link("a/public/to-notes", "../notes.txt");
  ws.tree.link("a/chain", "public/to-plan");
  const Lines exclude = GENERATE(Lines{"private/"}, Lines{"/private"}, Lines{"plan"},
                                 Lines{"private/*"}, Lines{"**/private/**"});
  const auto found = ws.files(directory_source("a", {}, exclude));
  CHECK(paths(found) == Lines{"notes.txt", "public/readme", "public/to-notes"});
  CHECK(refused(found, ports::LeftOut::Rule::kLinkExcluded) ==
        Lines{"chain: a/private/plan", "public/to-plan: a/private/plan"});
  CHECK(found.warnings.size() == 2);
  CHECK(found.issues.empty());
}

TEST_CASE("A link does not go around an ignore file, wherever that stands") {
  Teams ws;
  ws.tree.link("a/public/to-plan", "../private/plan");
  SECTION("in the workspace") { ws.tree.write(".sessyncignore", "/a/private/plan\n"); }
  SECTION("in the source") { ws.tree.write("a/.sessyncignore", "private/\n"); }
  SECTION("beside the target") { ws.tree.write("a/private/.sessyncignore", "plan\n"); }
  SECTION("one that lets its directory's other files through") {
    ws.tree.write("a/private/.sessyncignore", "*\n!other\n");
  }
  const auto found = ws.files(directory_source("a"));
  CHECK(refused(found, ports::LeftOut::Rule::kLinkExcluded) ==
        Lines{"public/to-plan: a/private/plan"});
  CHECK(paths(found) == Lines{"notes.txt", "public/readme"});
}

TEST_CASE("A .gitignore counts for links where it counts for files") {
  Teams ws;
  ws.tree.link("a/public/to-plan", "../private/plan");
  ws.tree.write("a/.gitignore", "private/\n");
  auto entry = directory_source("a");
  CHECK(paths(ws.files(entry)).size() == 5);
  entry.gitignore = true;
  CHECK(refused(ws.files(entry), ports::LeftOut::Rule::kLinkExcluded) ==
        Lines{"public/to-plan: a/private/plan"});
}

TEST_CASE("The target of a link has to be included as a file of its own would be") {
  Teams ws;
  ws.tree.link("a/plan.txt", "private/plan");
  ws.tree.link("a/again.txt", "notes.txt");
  const auto found = ws.files(directory_source("a", {"*.txt"}));
  CHECK(paths(found) == Lines{"again.txt", "notes.txt"});
  CHECK(refused(found, ports::LeftOut::Rule::kLinkExcluded) == Lines{"plan.txt: a/private/plan"});
  CHECK(paths(ws.files(directory_source("a", {"*.txt", "plan"}))) ==
        Lines{"again.txt", "notes.txt", "plan.txt", "private/plan"});
}

TEST_CASE("A link leads out of its source only where the entry says so") {
  Teams ws;
  ws.tree.link("a/salaries", "../b/salaries.csv");
  ws.tree.link("a/public/logo", "../../shared/logo.png");
  ws.tree.link("ab", "b/salaries.csv");
  ws.tree.write("ab.txt", "begins as the source does");
  ws.tree.link("a/near", "../ab.txt");
  const auto found = ws.files(directory_source("a"));
  CHECK(paths(found) == Lines{"notes.txt", "private/plan", "public/readme"});
  CHECK(refused(found, ports::LeftOut::Rule::kLinkOutside) ==
        Lines{"near: ab.txt", "public/logo: shared/logo.png", "salaries: b/salaries.csv"});
  CHECK(paths(ws.files(widened(directory_source("a")))).size() == 6);
  CHECK(refused(ws.files(directory_source("")), ports::LeftOut::Rule::kLinkOutside).empty());
}

TEST_CASE("Where links may lead anywhere patterns and ignore files count all the same") {
  Teams ws;
  ws.tree.write("shared/drafts/new", "new");
  ws.tree.link("a/public/logo", "../../shared/logo.png");
  ws.tree.link("a/public/new.png", "../../shared/drafts/new");
  const auto taken = [&ws](const Lines& include, const Lines& exclude) {
    return paths(ws.files(widened(directory_source("a", include, exclude))));
  };
  CHECK(taken({"public/*"}, {}) == Lines{"public/logo", "public/new.png", "public/readme"});
  // As if the target stood where the link does.
  CHECK(taken({"logo*", "*.png"}, {}) == Lines{"public/logo"});
  CHECK(taken({"public/*"}, {"logo.png"}) == Lines{"public/new.png", "public/readme"});
  CHECK(taken({"public/*"}, {"drafts/"}) == Lines{"public/logo", "public/readme"});
  ws.tree.write("shared/.sessyncignore", "drafts/\n");
  CHECK(taken({"public/*"}, {}) == Lines{"public/logo", "public/readme"});
  ws.tree.write("shared/.env", "secret");
  ws.tree.link("a/public/env", "../../shared/.env");
  CHECK(taken({"public/*"}, {}) == Lines{"public/logo", "public/readme"});
}

TEST_CASE("A generation of a ConfigMap volume is looked through, by every rule") {
  Workspace ws;
  ws.tree.write("conf/..2026_1/app.conf", "one");
  ws.tree.write("conf/..2026_1/drafts.md", "two");
  ws.tree.link("conf/..data", "..2026_1");
  ws.tree.link("conf/app.conf", "..data/app.conf");
  ws.tree.link("conf/drafts.md", "..data/drafts.md");
  const auto taken = [&ws](const std::string& source, const Lines& include,
                           const Lines& exclude = {}) {
    return paths(ws.files(directory_source(source, include, exclude)));
  };
  CHECK(taken("conf", {"/app.conf"}) == Lines{"app.conf"});
  CHECK(taken("", {"/conf/*"}) == Lines{"conf/app.conf", "conf/drafts.md"});
  CHECK(taken("conf", {}, {"/drafts.md"}) == Lines{"app.conf"});
  CHECK(taken("conf", {}, {"/..2026_1/app.conf"}) == Lines{"drafts.md"});
  CHECK(paths(ws.files(file_source("conf/app.conf"))) == Lines{""});
  ws.tree.write("conf/.sessyncignore", "/app.conf\n");
  CHECK(taken("conf", {}) == Lines{"drafts.md"});
  ws.tree.link("conf/other", "..data/app.conf");
  CHECK(taken("conf", {}) == Lines{"drafts.md"});
}

TEST_CASE("A link whose target's ignore file cannot be read is no absent file") {
  Teams ws;
  ws.tree.link("a/public/to-plan", "../private/plan");
  REQUIRE(::mkfifo(ws.tree.at("a/private/.sessyncignore").c_str(), 0600) == 0);
  const auto found = ws.files(directory_source("a"));
  CHECK(issue_paths(found) == Lines{"public/to-plan"});
  CHECK(found.issues.front().kind == ports::ScanIssue::Kind::kUnreadable);
}

TEST_CASE("A secret is one before it is outside") {
  Teams ws;
  ws.tree.write("b/.aws/config", "secret");
  ws.tree.link("a/cloud", "../b/.aws/config");
  CHECK(ws.files(directory_source("a")).left_out ==
        LeftOut{{"cloud", false, ports::LeftOut::Rule::kLately, ".aws"}});
}

TEST_CASE("The links that a source itself goes through lead into the directory they stand in") {
  Teams ws;
  ws.tree.link("a/latest", "notes.txt");
  ws.tree.link("a/report.csv", "../b/salaries.csv");
  ws.tree.link("a/data", "../b");
  ws.tree.link("a/again", "data");
  ws.tree.link("team", "a");
  ws.tree.link("a/self", ".");
  for (const std::string inside : {"a/latest", "team/notes.txt", "team/latest", "a/self/latest"}) {
    INFO(inside);
    CHECK(paths(ws.files(file_source(inside))) == Lines{""});
  }
  for (const std::string outside :
       {"a/report.csv", "a/data/salaries.csv", "team/data/salaries.csv", "a/again/salaries.csv"}) {
    INFO(outside);
    auto entry = file_source(outside);
    const auto found = ws.files(entry);
    CHECK(found.files.empty());
    REQUIRE(issue_paths(found) == Lines{""});
    CHECK(found.issues.front().kind == ports::ScanIssue::Kind::kLinkOutside);
    CHECK(found.left_out ==
          LeftOut{{"", false, ports::LeftOut::Rule::kLinkOutside, "b/salaries.csv"}});
    entry.links = manifest::LinkScope::kWorkspace;
    CHECK(paths(ws.files(entry)) == Lines{""});
  }
  const auto tree = ws.files(directory_source("a/data"));
  CHECK(tree.left_out == LeftOut{{"", true, ports::LeftOut::Rule::kLinkOutside, "b"}});
  CHECK(paths(ws.files(widened(directory_source("a/data")))) == Lines{"salaries.csv"});
  CHECK(paths(ws.files(directory_source("team/public"))) == Lines{"readme"});
}

}  // namespace
}  // namespace sessync::test
