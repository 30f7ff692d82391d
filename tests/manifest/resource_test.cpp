#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;
using std::chrono_literals::operator""min;

namespace {

template <class Resource>
Resource load_resource(const std::string& text) {
  const auto session = load_session(with_resource(text + "\n"));
  REQUIRE(session.resources.size() == 1);
  CHECK(session.resources.front().at.line == 7);
  CHECK(session.resources.front().at.column == 9);
  REQUIRE(std::holds_alternative<Resource>(session.resources.front().what));
  return std::get<Resource>(session.resources.front().what);
}

}  // namespace

TEST_CASE("A wrong file resource says where") {
  const auto c = GENERATE(values<FaultyText>({
      {"file", {"7:9 wrong_type"}},
      {"{source: a}", {"7:9 missing_key"}},
      {"{type: files, source: a}", {"7:16 invalid_choice"}},
      {"{type: file}", {"7:9 missing_key"}},
      {"{type: file, source: a, file_id: file_1}", {"7:33 conflicting_keys"}},
      {"{type: file, source: a, links: anywhere}", {"7:40 invalid_choice"}},
      {"{type: file, source: a/, links: true}", {"7:41 wrong_type"}},
      {"{type: file, file_id: file_1, links: source}", {"7:39 misplaced_key"}},
      {"{type: file, source: ''}", {"7:30 invalid_source"}},
      {"{type: file, source: 5}", {"7:30 wrong_type"}},
      {"{type: file, source: .}", {"7:30 invalid_source"}},
      {"{type: file, source: a/.}", {"7:30 invalid_source"}},
      {"{type: file, source: a/b/..}", {"7:30 invalid_source"}},
      {"{type: file, source: \"a\\nb\"}", {"7:30 invalid_source"}},
      {"{type: file, source: ..}", {"7:30 source_outside_workspace"}},
      {"{type: file, source: ../a}", {"7:30 source_outside_workspace"}},
      {"{type: file, source: a/../../b/}", {"7:30 source_outside_workspace"}},
      {"{type: file, source: /etc/passwd}", {"7:30 source_outside_workspace"}},
      {"{type: file, source: a, include: ['*']}", {"7:33 misplaced_key"}},
      {"{type: file, source: a, exclude: ['*']}", {"7:33 misplaced_key"}},
      {"{type: file, source: a, archive: zip}", {"7:33 misplaced_key"}},
      {"{type: file, source: a/, archive: rar}", {"7:43 invalid_choice"}},
      {"{type: file, source: a, gitignore: true}", {"7:33 misplaced_key"}},
      {"{type: file, source: a/, gitignore: yes}", {"7:45 invalid_boolean"}},
      {"{type: file, source: a/, allow: a.key}", {"7:41 wrong_type"}},
      {"{type: file, source: a/, allow: [1]}", {"7:42 wrong_type"}},
      {"{type: file, source: a/, allow: ['b/a.key', '.aws/', '..', 'a.key']}",
       {"7:42 invalid_name", "7:53 invalid_name", "7:62 invalid_name"}},
      {"{type: file, source: a/, allow: ['*.key']}", {"7:42 name_is_no_pattern?"}},
      {"{type: file, file_id: file_1, allow: [a]}", {"7:39 misplaced_key"}},
      {"{type: file, file_id: file_1, gitignore: true}", {"7:39 misplaced_key"}},
      {"{type: file, file_id: file_1, secrets: allow}", {"7:39 misplaced_key"}},
      {"{type: file, source: a, secrets: never}", {"7:42 invalid_choice"}},
      {"{type: file, source: a/, secrets: true}", {"7:43 wrong_type"}},
      {"{type: file, source: a/, include: '*'}", {"7:43 wrong_type"}},
      {"{type: file, source: a/, include: [1]}", {"7:44 wrong_type"}},
      {"{type: file, source: a/, include: ['[a', ok, '#b']}",
       {"7:44 invalid_pattern", "7:54 invalid_pattern"}},
      {"{type: file, source: a/, exclude: ['']}", {"7:44 invalid_pattern"}},
      {"{type: file, source: a/, include: ['!b']}", {"7:43 include_selects_nothing?"}},
      {"{type: file, source: a, mount_path: b}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: }", {"7:33 wrong_type"}},
      {"{type: file, source: a, mount_path: ''}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: /b/}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: /}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: /b/../c}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: \"/a\\tb\"}", {"7:45 invalid_mount_path"}},
      {"{type: file, source: a, mount_path: /" + std::string(4096, 'x') + "}",
       {"7:45 invalid_mount_path"}},
      {"{type: file, source: a/, mount_path: /b/}", {"7:46 invalid_mount_path"}},
      {"{type: file, source: ./, archive: zip}", {"7:9 invalid_mount_path"}},
      {"{type: file, file_id: ''}", {"7:31 empty_value"}},
      {"{type: file, file_id: sesn_1}", {"7:31 invalid_id"}},
      {"{type: file, file_id: file_1, include: ['*']}", {"7:39 misplaced_key"}},
      {"{type: file, file_id: file_1, archive: zip}", {"7:39 misplaced_key"}},
      {"{type: file, source: a, url: x}", {"7:33 unknown_key"}},
      {"{type: file, source: ../a, mount_path: b, include: ['[']}",
       {"7:30 source_outside_workspace", "7:48 invalid_mount_path", "7:61 invalid_pattern"}},
      {"{type: file, source: \"a\\ud800\"}", {"7:38 yaml_syntax"}},
  }));
  CAPTURE(c.text);
  CHECK(places(load(with_resource(c.text + "\n")).problems) == c.places);
}

TEST_CASE("A file is cleaned and mounted where it lies, or where it is said") {
  const auto file =
      load_resource<manifest::FileResource>("{type: file, source: ./data//x/../orders.csv}");
  CHECK(file.source == "data/orders.csv");
  CHECK(file.mount_path == "/data/orders.csv");
  const auto mounted =
      load_resource<manifest::FileResource>("{type: file, source: a, mount_path: /uploads//b/./c}");
  CHECK(mounted.mount_path == "/uploads/b/c");
}

TEST_CASE("A directory ends in a slash") {
  const auto directory = load_resource<manifest::DirectoryResource>(
      "{type: file, source: src/, include: ['**/*.py'], exclude: ['**/test_*']}");
  CHECK(directory.source == "src");
  CHECK(directory.mount_path == "/src");
  CHECK(directory.include.selects("a/b.py", false));
  CHECK_FALSE(directory.include.selects("a/b.txt", false));
  CHECK(directory.exclude.selects("a/test_b.py", false));
  const auto whole = load_resource<manifest::DirectoryResource>("{type: file, source: ./}");
  CHECK(whole.source.empty());
  CHECK(whole.mount_path == "/");
  CHECK(whole.include.empty());
  const auto same =
      load_resource<manifest::DirectoryResource>("{type: file, source: a/../, mount_path: /}");
  CHECK(same.source.empty());
  CHECK(same.mount_path == "/");
}

TEST_CASE(
    "A source lets names through that are left out by default, a directory knows .gitignore") {
  using Names = std::vector<std::string>;
  const auto directory = load_resource<manifest::DirectoryResource>(
      "{type: file, source: src/, allow: [a.key, .aws], gitignore: true}");
  CHECK(directory.allow == Names{"a.key", ".aws"});
  CHECK(directory.gitignore);
  const auto archive = load_resource<manifest::ArchiveResource>(
      "{type: file, source: src/, archive: zip, allow: [a.key], gitignore: true}");
  CHECK(archive.allow == Names{"a.key"});
  CHECK(archive.gitignore);
  CHECK(load_resource<manifest::FileResource>("{type: file, source: a, allow: [b]}").allow ==
        Names{"b"});
  const auto plain = load_resource<manifest::DirectoryResource>("{type: file, source: src/}");
  CHECK(plain.allow.empty());
  CHECK_FALSE(plain.gitignore);
}

TEST_CASE("A source may say what is done about secrets in its files") {
  using Policy = manifest::SecretsPolicy;
  CHECK(load_resource<manifest::FileResource>("{type: file, source: a, secrets: warn}").secrets ==
        Policy::kWarn);
  CHECK(load_resource<manifest::DirectoryResource>("{type: file, source: a/, secrets: allow}")
            .secrets == Policy::kAllow);
  CHECK(load_resource<manifest::ArchiveResource>(
            "{type: file, source: a/, archive: zip, secrets: block}")
            .secrets == Policy::kBlock);
  CHECK_FALSE(load_resource<manifest::DirectoryResource>("{type: file, source: a/}").secrets);
}

TEST_CASE("A directory may be packed") {
  const auto archive = load_resource<manifest::ArchiveResource>(
      "{type: file, source: corpus/, archive: tar.gz, mount_path: /corpus.tar.gz}");
  CHECK(archive.source == "corpus");
  CHECK(archive.format == manifest::ArchiveResource::Format::kTarGz);
  CHECK(archive.mount_path == "/corpus.tar.gz");
  const auto zip = load_resource<manifest::ArchiveResource>(
      "{type: file, source: c/, archive: zip, include: ['*.md'], exclude: ['x*']}");
  CHECK(zip.format == manifest::ArchiveResource::Format::kZip);
  CHECK(zip.mount_path == "/c");
  CHECK(zip.include.selects("a.md", false));
  CHECK(zip.exclude.selects("x.md", false));
}

TEST_CASE("A file that was uploaded elsewhere") {
  const auto file = load_resource<manifest::UploadedFileResource>(
      "{type: file, file_id: file_1, mount_path: /r.pdf}");
  CHECK(file.file_id == "file_1");
  CHECK(file.mount_path == "/r.pdf");
  // The API's own default, so that lists written for it can be pasted.
  CHECK(load_resource<manifest::UploadedFileResource>("{type: file, file_id: file_1}").mount_path ==
        "/file_1");
}

TEST_CASE("A wrong repository says where, and repeats no secret") {
  const std::string repo = "{type: github_repository, url: https://github.com/o/r, ";
  const auto c = GENERATE_COPY(values<FaultyText>({
      {"{type: github_repository}", {"7:9 missing_key"}},
      {"{type: github_repository, url: http://github.com/o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/o/r.git}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/o/r/}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/o}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/o/r/tree/main}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: 'https://github.com/o/r?x=s3cret'}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com:443/o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://u:s3cret@github.com/o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://gitlab.com/o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: git@github.com:o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/-o/r}", {"7:40 invalid_url"}},
      {"{type: github_repository, url: https://github.com/o/..}", {"7:40 invalid_url"}},
      {repo + "mount_path: workspace/r}", {"7:76 invalid_mount_path"}},
      {repo + "mount_path: /}", {"7:76 invalid_mount_path"}},
      {repo + "checkout: main}", {"7:74 wrong_type"}},
      {repo + "checkout: {name: main}}", {"7:74 missing_key"}},
      {repo + "checkout: {type: tag, name: v1}}", {"7:81 invalid_choice"}},
      {repo + "checkout: {type: branch}}", {"7:74 missing_key"}},
      {repo + "checkout: {type: branch, name: ''}}", {"7:95 invalid_checkout"}},
      {repo + "checkout: {type: branch, name: a b}}", {"7:95 invalid_checkout"}},
      {repo + "checkout: {type: branch, name: -x}}", {"7:95 invalid_checkout"}},
      {repo + "checkout: {type: branch, name: a..b}}", {"7:95 invalid_checkout"}},
      {repo + "checkout: {type: branch, name: a, sha: abcdef0}}", {"7:98 misplaced_key"}},
      {repo + "checkout: {type: commit, sha: xyz}}", {"7:94 invalid_checkout"}},
      {repo + "checkout: {type: commit, sha: 1234567}}", {"7:94 wrong_type"}},
      {repo + "checkout: {type: commit, name: main}}", {"7:74 missing_key", "7:89 misplaced_key"}},
      {repo + "checkout: {type: branch, nam: x}}", {"7:74 missing_key", "7:89 unknown_key"}},
      {repo + "authorization_token: ghp_s3cret}", {"7:85 literal_token"}},
      {repo + "authorization_token: \"${TOKEN}s3cret\"}", {"7:85 literal_token"}},
      {repo + "authorization_token: 5}", {"7:85 literal_token"}},
      {repo + "authorization_token: }", {"7:64 wrong_type"}},
      {repo + "authorization_token: {}}", {"7:85 token_source"}},
      {repo + "authorization_token: {token: ghp_s3cret}}",
       {"7:85 token_source", "7:86 unknown_key"}},
      {repo + "authorization_token: {file: a, env: B}}", {"7:85 token_source"}},
      {repo + "authorization_token: {file: ghp_s3cret}}", {"7:92 literal_token"}},
      {repo + "authorization_token: {file: ''}}", {"7:92 empty_value"}},
      {repo + "authorization_token: {file: [s3cret]}}", {"7:92 wrong_type"}},
      {repo + "authorization_token: {env: github_pat_s3cret}}", {"7:91 literal_token"}},
      {repo + "authorization_token: {env: s3-cret}}", {"7:91 invalid_name"}},
      {repo + "authorization_token: {env: 5a}}", {"7:91 invalid_name"}},
      {repo + "authorization_token: {command: mint s3cret}}", {"7:95 wrong_type"}},
      {repo + "authorization_token: {command: []}}", {"7:95 empty_value"}},
      {repo + "authorization_token: {command: ['', s3cret]}}", {"7:95 empty_value"}},
      {repo + "authorization_token: {command: [a, 5]}}", {"7:99 wrong_type"}},
      {repo + "authorization_token: {command: [a, \"s3cret\\0\"]}}", {"7:99 control_character"}},
      {repo + "authorization_token: {github_app: {}}}",
       {"7:98 missing_key", "7:98 missing_key", "7:98 missing_key"}},
      {repo + "authorization_token: {github_app: {app_id: 0, installation_id: '1', private_key: "
              "{file: a}}}}",
       {"7:107 out_of_range", "7:127 wrong_type"}},
      {repo + "authorization_token: {github_app: {app_id: 1, installation_id: 1, private_key: "
              "s3cret}}}",
       {"7:143 literal_token"}},
      {repo + "authorization_token: {github_app: {app_id: 1, installation_id: 1, private_key: "
              "{}}}}",
       {"7:143 missing_key"}},
      {repo + "rotate_every: 45m}", {"7:64 misplaced_key"}},
      {repo + "authorization_token: {file: a}, rotate_every: 45}", {"7:110 invalid_duration"}},
      {repo + "authorization_token: {file: a}, rotate_every: 0s}", {"7:110 out_of_range"}},
  }));
  CAPTURE(c.text);
  const auto problems = load(with_resource(c.text + "\n")).problems;
  CHECK(places(problems) == c.places);
  for (const auto& problem : problems) CHECK(problem.message.find("s3") == std::string::npos);
}

TEST_CASE("A repository with the least and with everything") {
  const auto least = load_resource<manifest::RepositoryResource>(
      "{type: github_repository, url: https://github.com/example-org/example.repo}");
  CHECK(least.url == "https://github.com/example-org/example.repo");
  CHECK(least.mount_path == "/workspace/example.repo");
  CHECK_FALSE(least.checkout.has_value());
  CHECK_FALSE(least.authorization_token.has_value());
  CHECK_FALSE(least.rotate_every.has_value());
  const auto full = load_resource<manifest::RepositoryResource>(
      "{type: github_repository, url: https://github.com/o/r, mount_path: /workspace//x, "
      "checkout: {type: branch, name: feature/a}, authorization_token: {file: t}, rotate_every: "
      "45m}");
  CHECK(full.mount_path == "/workspace/x");
  REQUIRE(full.checkout.has_value());
  CHECK(std::get<manifest::BranchCheckout>(*full.checkout).name == "feature/a");
  CHECK(std::get<manifest::TokenFile>(full.authorization_token.value()).path == "t");
  CHECK(full.rotate_every == 45min);
  const auto commit = load_resource<manifest::RepositoryResource>(
      "{type: github_repository, url: https://github.com/o/r, checkout: {type: commit, sha: "
      "'1234567890abcdef1234567890abcdef12345678'}}");
  CHECK(std::get<manifest::CommitCheckout>(commit.checkout.value()).sha ==
        "1234567890abcdef1234567890abcdef12345678");
}

TEST_CASE("Links lead where the entry says") {
  using manifest::LinkScope;
  const auto links = [](const std::string& keys) {
    const auto one = load_session(with_resource("{type: file, " + keys + "}\n")).resources.at(0);
    if (const auto* file = std::get_if<manifest::FileResource>(&one.what)) return file->links;
    if (const auto* tree = std::get_if<manifest::DirectoryResource>(&one.what)) return tree->links;
    return std::get<manifest::ArchiveResource>(one.what).links;
  };
  for (const std::string source : {"a", "a/", "a/, archive: zip, mount_path: /a.zip"}) {
    CHECK(links("source: " + source) == LinkScope::kSource);
    CHECK(links("source: " + source + ", links: source") == LinkScope::kSource);
    CHECK(links("source: " + source + ", links: workspace") == LinkScope::kWorkspace);
  }
}

TEST_CASE("A token comes from one of four places") {
  const auto token = [](const std::string& text) {
    const auto repository = load_resource<manifest::RepositoryResource>(
        "{type: github_repository, url: https://github.com/o/r, authorization_token: " + text +
        "}");
    return repository.authorization_token.value();
  };
  CHECK(std::get<manifest::TokenFile>(token("{file: dir/github-token}")).path ==
        "dir/github-token");
  CHECK(std::get<manifest::TokenEnv>(token("{env: GITHUB_TOKEN}")).variable == "GITHUB_TOKEN");
  CHECK(std::get<manifest::TokenCommand>(token("{command: [mint, --repo, 'o/r', '']}")).argv ==
        std::vector<std::string>{"mint", "--repo", "o/r", ""});
  const auto app = std::get<manifest::TokenGithubApp>(
      token("{github_app: {app_id: 123, installation_id: 456, private_key: {file: app.pem}}}"));
  CHECK(app.app_id == 123);
  CHECK(app.installation_id == 456);
  CHECK(app.private_key_file == "app.pem");
}

TEST_CASE("The name of a secret file is cleaned; one that leads elsewhere is no error") {
  const auto c = GENERATE(table<std::string, std::string, Places>({
      {"a//b/./c", "a/b/c", {}},
      {"./x/../token", "token", {}},
      {"..data/token", "..data/token", {}},
      {"/etc/machine-id", "/etc/machine-id", {"7:92 secret_file_outside?"}},
      {"../token", "../token", {"7:92 secret_file_outside?"}},
      {"a/../../token", "a/../../token", {"7:92 secret_file_outside?"}},
      {"tokens/", "tokens/", {"7:92 secret_file_outside?"}},
      {"..", "..", {"7:92 secret_file_outside?"}},
  }));
  const auto& [written, read, faults] = c;
  INFO(written);
  const std::string repository =
      "{type: github_repository, url: https://github.com/o/r, authorization_token: ";
  const auto file = load(with_resource(repository + "{file: " + written + "}}\n"));
  CHECK(places(file.problems) == faults);
  CHECK(file.valid());
  const auto app = load(with_resource(
      repository + "{github_app: {app_id: 1, installation_id: 1, private_key: {file: " + written +
      "}}}}\n"));
  CHECK(app.problems.size() == faults.size());
  for (const auto* one : {&file, &app}) {
    const auto& token =
        std::get<manifest::RepositoryResource>(one->sessions.at(0).resources.at(0).what)
            .authorization_token.value();
    if (const auto* in_file = std::get_if<manifest::TokenFile>(&token)) {
      CHECK(in_file->path == read);
    } else {
      CHECK(std::get<manifest::TokenGithubApp>(token).private_key_file == read);
    }
  }
}

TEST_CASE("A variable that is never a token is warned of") {
  const auto faults = [](const std::string& name) {
    return places(load(with_resource("{type: github_repository, url: https://github.com/o/r, "
                                     "authorization_token: {env: " +
                                     name + "}}\n"))
                      .problems);
  };
  for (const std::string name : {"ANTHROPIC_API_KEY", "SESSYNC_X", "AWS_X", "PATH", "HTTP_PROXY"}) {
    CHECK(faults(name) == Places{"7:91 reserved_variable?"});
  }
  CHECK(faults("GITHUB_TOKEN").empty());
}

TEST_CASE("Memory stores") {
  const auto least = load_resource<manifest::MemoryStoreResource>(
      "{type: memory_store, memory_store_id: memstore_1}");
  CHECK(least.memory_store_id == "memstore_1");
  CHECK(least.access == "read_write");
  CHECK_FALSE(least.instructions.has_value());
  const auto full = load_resource<manifest::MemoryStoreResource>(
      "{type: memory_store, memory_store_id: memstore_1, access: read_only, instructions: " +
      std::string(4096, 'x') + "}");
  CHECK(full.access == "read_only");
  CHECK(full.instructions == std::string(4096, 'x'));
  const auto c = GENERATE(values<FaultyText>({
      {"{type: memory_store}", {"7:9 missing_key"}},
      {"{type: memory_store, memory_store_id: file_1}", {"7:47 invalid_id"}},
      {"{type: memory_store, memory_store_id: m, access: write}", {"7:58 invalid_choice"}},
      {"{type: memory_store, memory_store_id: m, mount_path: /m}", {"7:50 misplaced_key"}},
      {"{type: memory_store, memory_store_id: m, instructions: [a]}", {"7:64 wrong_type"}},
      {"{type: memory_store, memory_store_id: m, instructions: " + std::string(4097, 'x') + "}",
       {"7:64 too_long"}},
      {"{type: memory_store, memory_store_id: m}\n"
       "      - {type: memory_store, memory_store_id: m}",
       {"8:9 duplicate_memory_store"}},
  }));
  CAPTURE(c.text);
  CHECK(places(load(with_resource(c.text + "\n")).problems) == c.places);
}

TEST_CASE("Two entries cannot have one place") {
  const auto mount = [](const std::string& keys) { return "      - {type: file, " + keys + "}\n"; };
  const auto repo = [](const std::string& path) {
    return "      - {type: github_repository, url: https://github.com/o/r, mount_path: " + path +
           "}\n";
  };
  const auto c = GENERATE_COPY(values<FaultyText>({
      {mount("source: a") + mount("source: b, mount_path: /a"), {"8:45 mount_path_collision"}},
      {mount("source: a") + mount("source: b, mount_path: /uploads/a"),
       {"8:45 mount_path_collision"}},
      {mount("source: a, mount_path: /mnt/session/uploads/x/y") +
           mount("file_id: file_1, mount_path: //x/./y"),
       {"8:51 mount_path_collision"}},
      {mount("source: a") + mount("source: a/b"), {"8:9 mount_path_collision"}},
      {mount("source: a/b") + mount("source: c/, archive: zip, mount_path: /a"),
       {"8:60 mount_path_collision"}},
      {mount("source: a") + mount("source: b, mount_path: /b/c/d") +
           mount("source: c, mount_path: /b/c/d/e/f"),
       {"9:45 mount_path_collision"}},
      {repo("/workspace/r") + mount("source: a, mount_path: /workspace/r/x"),
       {"8:45 mount_path_collision"}},
      {repo("/workspace/r") + mount("source: a, mount_path: /workspace/r"),
       {"8:45 mount_path_collision"}},
      {mount("source: a, mount_path: /workspace/r/x") + repo("/workspace/r"),
       {"8:76 mount_path_collision"}},
      {repo("/workspace/r") + repo("/workspace/r/s"), {"8:76 mount_path_collision"}},
      // Not the same place:
      {mount("source: a") + mount("source: ab"), {}},
      {mount("source: a") + mount("source: A"), {}},
      {repo("/uploads/x") + mount("source: a, mount_path: /uploads/x"), {}},
      // Directories are compared once it is known what is in them:
      {mount("source: a/") + mount("source: a/b") + mount("source: b/, mount_path: /a"), {}},
  }));
  CAPTURE(c.text);
  const auto file = load(with_session_keys("    resources:\n" + c.text));
  CHECK(places(file.problems) == c.places);
}
