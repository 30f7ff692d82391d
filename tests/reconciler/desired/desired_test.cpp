#include "reconciler/desired/desired.h"

#include <catch2/catch.hpp>

using namespace sessync;
using Lines = std::vector<std::string>;

namespace {

ports::ScannedFile scanned(const std::string& path) { return {path, std::string(64, 'a'), 1}; }

struct Builder {
  manifest::SessionSpec spec;
  ports::WorkspaceSnapshot snapshot{"/w", {}};

  void add(manifest::ResourceVariant what, ports::SourceSnapshot source = ports::SourceFiles{}) {
    spec.resources.push_back({{}, std::move(what)});
    snapshot.sources.push_back(std::move(source));
  }
  void directory(const std::string& source, const std::string& mount,
                 std::vector<ports::ScannedFile> files) {
    ports::SourceFiles found;
    found.files = std::move(files);
    add(manifest::DirectoryResource{source, {}, {}, mount}, std::move(found));
  }
  [[nodiscard]] desired::DesiredState resolve() const {
    return sessync::desired::resolve(spec, snapshot);
  }
};

std::vector<std::string> paths(const desired::DesiredState& state) {
  std::vector<std::string> result;
  result.reserve(state.files.size());
  for (const auto& [path, file] : state.files) {
    result.push_back(path.text());
  }
  return result;
}

std::vector<std::string> blocked(const desired::DesiredState& state) {
  std::vector<std::string> result;
  result.reserve(state.blocked.size());
  for (const auto& entry : state.blocked) {
    result.push_back(std::string(desired::to_string(entry.code)) + " " + entry.path.text());
  }
  return result;
}

}  // namespace

TEST_CASE("a directory becomes one file per match, below its mount path") {
  Builder builder;
  builder.directory("src", "/code", {scanned("a.py"), scanned("lib/b.py")});
  const auto state = builder.resolve();
  CHECK(paths(state) == Lines{"/code/a.py", "/code/lib/b.py"});
  const auto& file = state.files.begin()->second;
  CHECK(file.mount_text == "/code/a.py");
  CHECK(file.local()->path == "src/a.py");
  CHECK(file.local()->root == "/w");
}

TEST_CASE("the whole workspace mounted at the root") {
  Builder builder;
  builder.directory("", "/", {scanned("a"), scanned("b/c")});
  CHECK(paths(builder.resolve()) == Lines{"/a", "/b/c"});
}

TEST_CASE("entries that meet on one path are both blocked, the others go on") {
  Builder builder;
  builder.directory("one", "/d", {scanned("x"), scanned("y")});
  builder.directory("two", "/d", {scanned("x")});
  const auto state = builder.resolve();
  CHECK(paths(state) == Lines{"/d/y"});
  CHECK(blocked(state) == Lines{"path_collision /d/x"});
}

TEST_CASE("spellings of one path meet") {
  Builder builder;
  builder.directory("one", "/", {scanned("uploads/x"), scanned("x")});
  CHECK(blocked(builder.resolve()) == Lines{"path_collision /x"});
}

TEST_CASE("a file above another one's path: both are blocked") {
  Builder builder;
  builder.directory("one", "/", {scanned("a")});
  builder.directory("two", "/a", {scanned("b/c")});
  const auto state = builder.resolve();
  CHECK(blocked(state) == Lines{"path_collision /a", "path_collision /a/b/c"});
  CHECK(state.kept.size() == 2);
}

TEST_CASE("files at, above or below a repository are blocked") {
  Builder builder;
  builder.add(manifest::RepositoryResource{"https://github.com/o/r", "/workspace/r", {}, {}, {}});
  builder.directory("one", "/", {scanned("workspace/r/a"), scanned("workspace/s/a"), scanned("x")});
  builder.directory("two", "/", {scanned("workspace/r")});
  const auto state = builder.resolve();
  CHECK(paths(state) == Lines{"/workspace/s/a", "/x"});
  CHECK(blocked(state) == Lines{"path_collision /workspace/r", "path_collision /workspace/r/a"});
}

TEST_CASE("what could not be read is blocked at its path, and kept") {
  Builder builder;
  ports::SourceFiles found;
  found.issues = {{"bad\nname", ports::ScanIssue::Kind::kInvalidName, "control character"},
                  {"busy", ports::ScanIssue::Kind::kUnstable, "changes all the time"}};
  builder.add(manifest::DirectoryResource{"d", {}, {}, "/d"}, std::move(found));
  const auto state = builder.resolve();
  CHECK(blocked(state) == Lines{"invalid_name /d/bad\nname", "unstable /d/busy"});
  CHECK(state.kept.size() == 2);
  CHECK(state.protected_trees.empty());
}

TEST_CASE("a source that is lost or matches nothing protects what is mounted below it") {
  Builder builder;
  builder.add(manifest::DirectoryResource{"d", {}, {}, "/d"},
              ports::SourceUnavailable{"d/ is missing"});
  builder.directory("e", "/e", {});
  ports::SourceFiles partly;
  partly.files = {scanned("a")};
  partly.unreadable_directories = {"locked"};
  builder.add(manifest::DirectoryResource{"f", {}, {}, "/f"}, std::move(partly));
  const auto state = builder.resolve();
  REQUIRE(state.protected_trees.size() == 3);
  CHECK(state.protected_trees[0].prefix.text() == "/d");
  CHECK(state.protected_trees[0].source_missing);
  CHECK(state.protected_trees[1].prefix.text() == "/e");
  CHECK_FALSE(state.protected_trees[1].source_missing);
  CHECK(state.protected_trees[2].prefix.text() == "/f/locked");
}

TEST_CASE("an archive is one file, with the digest of its member list") {
  Builder builder;
  ports::SourceFiles found;
  found.files = {scanned("a"), scanned("b/c")};
  found.archive_sha256 = std::string(64, 'd');
  builder.add(
      manifest::ArchiveResource{"c", {}, {}, manifest::ArchiveResource::Format::kZip, "/c.zip"},
      found);
  const auto state = builder.resolve();
  REQUIRE(paths(state) == Lines{"/c.zip"});
  const auto* content = state.files.begin()->second.local();
  REQUIRE(content != nullptr);
  CHECK(content->path == "c");
  CHECK(content->sha256 == std::string(64, 'd'));
  REQUIRE(content->archive != nullptr);
  CHECK(content->archive->members == found.files);
}

TEST_CASE("an archive with a member that cannot be read is not packed without it") {
  Builder builder;
  const manifest::ArchiveResource entry{
      "c", {}, {}, manifest::ArchiveResource::Format::kTarGz, "/c.tar.gz"};
  ports::SourceFiles unstable;
  unstable.files = {scanned("a")};
  unstable.issues = {{"b", ports::ScanIssue::Kind::kUnstable, "changes all the time"}};
  builder.add(entry, std::move(unstable));
  const auto state = builder.resolve();
  CHECK(state.files.empty());
  CHECK(blocked(state) == Lines{"unstable /c.tar.gz"});
  CHECK(state.kept.size() == 1);
}

TEST_CASE("an archive whose source is lost or matches nothing protects its mount") {
  Builder builder;
  const manifest::ArchiveResource entry{
      "c", {}, {}, manifest::ArchiveResource::Format::kTarGz, "/c.tar.gz"};
  builder.add(entry, ports::SourceUnavailable{"c/ is missing"});
  builder.add(entry, ports::SourceFiles{});
  const auto state = builder.resolve();
  REQUIRE(state.protected_trees.size() == 2);
  CHECK(state.protected_trees[0].source_missing);
  CHECK_FALSE(state.protected_trees[1].source_missing);
}

TEST_CASE("a path that grew too long for the API is blocked by name") {
  Builder builder;
  builder.directory("d", "/d", {scanned(std::string(4200, 'x'))});
  CHECK(builder.resolve().blocked.front().code == desired::BlockCode::kInvalidName);
}

namespace {

ports::ScannedFile secret(const std::string& path, char digit = 'b') {
  auto file = scanned(path);
  file.sha256 = std::string(64, digit);
  file.secret = {ports::SecretKind::kGithubToken, 12};
  return file;
}

}  // namespace

TEST_CASE("a content with a secret is blocked with its place and kind, and kept") {
  Builder builder;
  builder.directory("d", "/d", {scanned("a"), secret("sub/b")});
  const auto state = builder.resolve();
  CHECK(paths(state) == Lines{"/d/a"});
  REQUIRE(blocked(state) == Lines{"secret_suspected /d/sub/b"});
  CHECK(state.blocked.front().reason.starts_with("d/sub/b:12 looks like a GitHub token: "));
  CHECK(state.blocked.front().reason.find("add b to \"allow\"") != std::string::npos);
  CHECK(state.kept.contains(manifest::MountPath::of_file("/d/sub/b")));
  CHECK(state.withheld.at(std::string(64, 'b')).text() == "/d/sub/b");
  CHECK(state.warnings.empty());
}

TEST_CASE(
    "what is done about secrets is said by the source, else by the session; allow names files") {
  using Policy = manifest::SecretsPolicy;
  struct Case {
    Policy of_session;
    std::optional<Policy> of_source;
    Lines allow;
    Lines mounted;
    bool warned;
  };
  const Lines both{"/d/a", "/d/sub/b"};
  const auto which = GENERATE_COPY(Case{Policy::kBlock, {}, {}, {}, false},
                                   Case{Policy::kAllow, {}, {}, both, false},
                                   Case{Policy::kWarn, {}, {}, both, true},
                                   Case{Policy::kBlock, Policy::kAllow, {}, both, false},
                                   Case{Policy::kAllow, Policy::kBlock, {}, {}, false},
                                   Case{Policy::kBlock, {}, {"b"}, {"/d/sub/b"}, false},
                                   Case{Policy::kBlock, {}, {"sub"}, {"/d/sub/b"}, false},
                                   Case{Policy::kBlock, {}, {"d"}, both, false},
                                   Case{Policy::kBlock, {}, {"su", "B"}, {}, false});
  Builder builder;
  builder.spec.secrets = which.of_session;
  ports::SourceFiles found;
  found.files = {secret("a"), secret("sub/b")};
  manifest::DirectoryResource entry{"d", {}, {}, "/d", which.allow};
  entry.secrets = which.of_source;
  builder.add(entry, std::move(found));
  const auto state = builder.resolve();
  CHECK(paths(state) == which.mounted);
  CHECK(state.blocked.size() == 2 - which.mounted.size());
  CHECK(state.warnings.size() == (which.warned ? 2 : 0));
}

TEST_CASE("an archive with a secret in it is blocked as a whole, and names the first three") {
  Builder builder;
  const manifest::ArchiveResource entry{
      "c", {}, {}, manifest::ArchiveResource::Format::kZip, "/c.zip"};
  ports::SourceFiles found;
  found.files = {scanned("a"), secret("b"), secret("d"), secret("e"), secret("f")};
  found.archive_sha256 = std::string(64, 'e');
  builder.add(entry, found);
  const auto state = builder.resolve();
  CHECK(state.files.empty());
  REQUIRE(blocked(state) == Lines{"secret_suspected /c.zip"});
  CHECK(state.blocked.front().reason.starts_with(
      "4 files in it seem to hold secrets (c/b:12 a GitHub token, c/d:12 a GitHub token, "
      "c/e:12 a GitHub token, ...): the archive is not packed"));
  CHECK(state.withheld.contains(std::string(64, 'e')));

  builder.spec.secrets = manifest::SecretsPolicy::kWarn;
  const auto warned = builder.resolve();
  CHECK(paths(warned) == Lines{"/c.zip"});
  CHECK(warned.warnings.size() == 1);
}

TEST_CASE("what is left out since lately is known by where an earlier version mounted it") {
  using Rule = ports::LeftOut::Rule;
  Builder builder;
  ports::SourceFiles found;
  found.files = {scanned("a")};
  found.archive_sha256 = std::string(64, 'c');
  found.left_out = {{".git", true, Rule::kUsual},
                    {"lost+found", true, Rule::kLately},
                    {"x.key", false, Rule::kLately}};
  builder.add(manifest::DirectoryResource{"data", {}, {}, "/d"}, found);
  // The same directory at another place, and packed: they count once.
  builder.add(manifest::DirectoryResource{"data", {}, {}, "/e"}, found);
  builder.add(
      manifest::ArchiveResource{"data", {}, {}, manifest::ArchiveResource::Format::kZip, "/d.zip"},
      found);
  const auto state = builder.resolve();
  CHECK(state.blocked.empty());
  CHECK(state.protected_trees.empty());
  const auto find = [&](const char* text) {
    return state.left_out.find(manifest::MountPath::of_file(text));
  };
  for (const auto* mounted : {"/d/x.key", "/e/x.key", "/d/lost+found/#1", "/d/lost+found/a/b"}) {
    REQUIRE(find(mounted) != nullptr);
  }
  CHECK(find("/d/x.key")->path == "data/x.key");
  for (const auto* other : {"/d/.git/config", "/d/x.key/y", "/d/a", "/x.key", "/d", "/d.zip"}) {
    CHECK(find(other) == nullptr);
  }
  const auto count = state.left_out.count();
  CHECK(count.files == 1);
  CHECK(count.directories == 2);
  CHECK(desired::describe(count) ==
        "1 file and 2 directories (data/.git/, data/lost+found/, data/x.key)");
}

TEST_CASE("a link that its source does not take keeps what is mounted, and says what to do") {
  using Rule = ports::LeftOut::Rule;
  Builder builder;
  ports::SourceFiles found;
  found.files = {scanned("a")};
  found.left_out = {{"plan", false, Rule::kLinkExcluded, "data/private/plan"},
                    {"pay", false, Rule::kLinkOutside, "other/pay"}};
  builder.add(manifest::DirectoryResource{"data", {}, {}, "/d"}, found);
  found = {};
  found.issues = {{"", ports::ScanIssue::Kind::kLinkOutside, "leads to other"}};
  found.left_out = {{"", true, Rule::kLinkOutside, "other"}};
  builder.add(manifest::DirectoryResource{"out", {}, {}, "/out"}, found);
  const auto state = builder.resolve();
  CHECK(blocked(state) == Lines{"link_outside /out"});
  const auto kept = [&](const char* text) {
    const auto* what = state.left_out.find(manifest::MountPath::of_file(text));
    REQUIRE(what != nullptr);
    CHECK(desired::code_of(*what) == desired::BlockCode::kLinkOutside);
    return desired::describe(*what);
  };
  CHECK(kept("/d/plan").find("data/plan is a symlink to data/private/plan, which") == 0);
  CHECK(kept("/d/pay").find("data/pay is a symlink to other/pay, outside of its source") == 0);
  CHECK(kept("/d/pay").find("\"links: workspace\"") != std::string::npos);
  CHECK(kept("/out/below").find("out/ is a symlink to other, outside") == 0);
}

TEST_CASE("a whole source that is left out keeps all that is mounted below it") {
  Builder builder;
  ports::SourceFiles found;
  found.issues = {{"", ports::ScanIssue::Kind::kSecret, "leads to .aws"}};
  found.left_out = {{"", true, ports::LeftOut::Rule::kLately, ".aws"}};
  builder.add(manifest::DirectoryResource{"cloud", {}, {}, "/"}, found);
  const auto state = builder.resolve();
  CHECK(blocked(state) == Lines{"secret /"});
  const auto* below = state.left_out.find(manifest::MountPath::of_file("/a/b"));
  REQUIRE(below != nullptr);
  CHECK(desired::describe(*below).find("leads to .aws") != std::string::npos);
  CHECK(desired::describe(*below).find("add .aws to \"allow\"") != std::string::npos);
}

TEST_CASE("a source of which only the number of files is known is one entry, and all of it stays") {
  Builder builder;
  builder.spec.max_files = 2;
  ports::SourceFiles many;
  many.too_many = 150'000;
  builder.add(manifest::DirectoryResource{"many", {}, {}, "/m"}, many);
  builder.directory("few", "/f", {scanned("a")});
  const auto state = builder.resolve();
  CHECK(blocked(state) == Lines{"quota /m"});
  CHECK(state.blocked.front().reason.find("many/ selects 150000 files, but max_files is 2") !=
        std::string::npos);
  CHECK(state.uncollected == 150'000);
  CHECK(paths(state) == Lines{"/f/a"});
  for (const char* const path : {"/m", "/m/x", "/m/deep/er"}) {
    CHECK(state.keeps(manifest::MountPath::of_file(path)));
  }
  for (const char* const path : {"/", "/mm", "/f/a"}) {
    CHECK_FALSE(state.keeps(manifest::MountPath::of_file(path)));
  }
}

TEST_CASE("where more is left out than is told one by one, all that is mounted stays") {
  Builder builder;
  ports::SourceFiles found;
  found.files = {scanned("a")};
  found.left_out_is_cut = true;
  builder.add(manifest::DirectoryResource{"d", {}, {}, "/d"}, found);
  const auto state = builder.resolve();
  CHECK(paths(state) == Lines{"/d/a"});
  CHECK(state.keeps(manifest::MountPath::of_file("/d/key.pem")));
}
