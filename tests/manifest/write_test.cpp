#include "manifest/write/write.h"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "tests/manifest/manifest_text.h"

namespace sessync::test {
namespace {

manifest::WrittenManifest with(std::vector<manifest::WrittenEntry> entries) {
  return {{}, "data-prod", {{{}, "one", "sesn_1", std::nullopt, std::move(entries)}}};
}

manifest::MemoryStoreResource store(std::string instructions) {
  return {"memstore_1", "read_only", std::move(instructions)};
}

/// What the loader reads for a string that was written.
std::string read_back(const std::string& text) {
  const auto session = load_session(manifest::write_manifest(with({{{}, store(text), {}}})).text);
  return std::get<manifest::MemoryStoreResource>(session.resources.at(0).what).instructions.value();
}

TEST_CASE("A written manifest is the manifest") {
  manifest::WrittenManifest manifest;
  manifest.above = {"first", "second"};
  manifest.owner = "123";
  manifest::RepositoryResource by_branch;
  by_branch.url = "https://github.com/example-org/example-repo";
  by_branch.mount_path = "/workspace/example-repo";
  by_branch.checkout = manifest::BranchCheckout{"feature/#1"};
  manifest::RepositoryResource by_commit = by_branch;
  by_commit.mount_path = "/workspace/other";
  by_commit.checkout = manifest::CommitCheckout{"0123456e10"};
  manifest::RepositoryResource plain = by_branch;
  plain.mount_path = "/workspace/plain";
  plain.checkout.reset();
  manifest.sessions = {
      {{"A title"},
       "yes",
       "sesn_1",
       500,
       {{{"above"}, manifest::UploadedFileResource{"file_1", "/data/a: b #1.csv"}, {"below"}},
        {{}, by_branch, {"authorization_token: {env: GITHUB_TOKEN}"}},
        {{"only a comment"}, std::nullopt, {}},
        {{}, by_commit, {}},
        {{}, plain, {}},
        {{}, store("Prefer\nthe \"glossary\"."), {}}}},
      {{}, "1.5", "sesn_2", std::nullopt, {}}};

  const auto written = manifest::write_manifest(manifest);
  const auto file = load(written.text);
  INFO(written.text);
  REQUIRE(file.problems.empty());
  CHECK(file.owner == "123");
  REQUIRE(file.sessions.size() == 2);
  const auto& session = file.sessions[0];
  CHECK(session.name == "yes");
  CHECK(session.session_id == "sesn_1");
  CHECK(session.max_files == 500);
  REQUIRE(session.resources.size() == 5);
  const auto& uploaded = std::get<manifest::UploadedFileResource>(session.resources[0].what);
  CHECK(uploaded.file_id == "file_1");
  CHECK(uploaded.mount_path == "/data/a: b #1.csv");
  const auto& branch = std::get<manifest::RepositoryResource>(session.resources[1].what);
  CHECK(branch.url == by_branch.url);
  CHECK(branch.mount_path == by_branch.mount_path);
  CHECK(branch.checkout == by_branch.checkout);
  CHECK_FALSE(branch.authorization_token);
  CHECK(std::get<manifest::RepositoryResource>(session.resources[2].what).checkout ==
        by_commit.checkout);
  CHECK_FALSE(std::get<manifest::RepositoryResource>(session.resources[3].what).checkout);
  const auto& memory = std::get<manifest::MemoryStoreResource>(session.resources[4].what);
  CHECK(memory.memory_store_id == "memstore_1");
  CHECK(memory.access == "read_only");
  CHECK(memory.instructions == "Prefer\nthe \"glossary\".");
  CHECK(file.sessions[1].name == "1.5");
  CHECK(file.sessions[1].resources.empty());
  CHECK(file.sessions[1].max_files == 100);
}

TEST_CASE("A session of comments alone declares an empty list") {
  const auto text = manifest::write_manifest(with({{{"nothing"}, std::nullopt, {}}})).text;
  CHECK(load_session(text).resources.empty());
}

TEST_CASE("No comment gets out of its line") {
  const std::string hostile = "x\n  - name: evil\r\u0085\u2028\u2029\x1b[0m \xff: {";
  manifest::WrittenManifest manifest =
      with({{{hostile}, manifest::UploadedFileResource{"file_1", "/a"}, {hostile}}});
  manifest.above = {hostile};
  manifest.sessions[0].above = {hostile};
  const auto text = manifest::write_manifest(manifest).text;
  CHECK(load_session(text).resources.size() == 1);
  for (const auto* breaking : {"\r", "\u0085", "\u2028", "\u2029", "\x1b", "\xff"}) {
    CHECK(text.find(breaking) == std::string::npos);
  }
}

TEST_CASE("Each entry begins where it is said to, and ends before the next") {
  const auto written = manifest::write_manifest(
      with({{{"a", "b"}, manifest::UploadedFileResource{"file_1", "/a"}, {}},
            {{"c"}, std::nullopt, {}},
            {{}, manifest::UploadedFileResource{"file_2", "/b"}, {"d"}}}));
  std::vector<std::string> lines{""};
  for (const char c : written.text) c == '\n' ? lines.emplace_back() : lines.back() += c;
  REQUIRE(written.entry_lines.size() == 1);
  const auto& begins = written.entry_lines[0];
  REQUIRE(begins.size() == 4);
  const auto line = [&](int number) { return lines.at(static_cast<std::size_t>(number) - 1); };
  CHECK(line(begins[0]) == "      # a");
  CHECK(line(begins[1]) == "      # c");
  CHECK(line(begins[2]) == "      - type: file");
  CHECK(static_cast<std::size_t>(begins[3]) == lines.size());
}

TEST_CASE("Scalars are plain only where no parser can take them for something else") {
  for (const auto* plain : {"file_011CN", "/data/orders.csv", "https://github.com/a/b", "main"}) {
    CHECK(manifest::write_scalar(plain) == plain);
  }
  for (const auto* other :
       {"",   "yes",  "No",  "ON",  "off", "y",    "N",          "true", "FALSE", "null",    "~",
        "1",  "0x1f", "1e3", "-1",  ".5",  ".inf", "2024-01-01", "- a",  "-a",    "? a",     "a: b",
        "a:", "a #b", "#a",  "[a]", "{a}", "a, b", "&a",         "*a",   "!a",    "|",       ">",
        "%a", "@a",   "`a",  " a",  "a ",  "'a'",  "<<",         "=",    "---",   "12:30:45"}) {
    CHECK(manifest::write_scalar(other) == '"' + std::string(other) + '"');
  }
}

TEST_CASE("What is quoted is read back as it was") {
  for (const std::string& text :
       {std::string("a\nb\n"), std::string("\ttab"), std::string("\\n \"x\" \\"), std::string("\r"),
        std::string("Größe 数据 ☂ 🙂"), std::string("\u0085\u2028\u2029\ufeff\ufffe\uffff"),
        std::string("\x7f\x01\x1f"), std::string("a\n\n  indented\n---\n...\n"),
        std::string(4000, ' ')}) {
    CHECK(read_back(text) == text);
  }
  CHECK(read_back("a\xff\xc3(") == "a\ufffd\ufffd(");
}

/// Any character that text from JSON can have.
std::string utf8_of(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | (point >> 6)), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 0x3F)),
            byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 0x3F)),
          byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F))};
}

TEST_CASE("Any text is read back as it was") {
  const auto any = rc::gen::suchThat(rc::gen::inRange<std::uint32_t>(1, 0x110000),
                                     [](std::uint32_t c) { return c < 0xD800 || c > 0xDFFF; });
  const auto ascii = rc::gen::inRange<std::uint32_t>(1, 0x80);
  const auto indicators = rc::gen::elementOf(std::string("\n\t \r-:#,[]{}&*!|>'\"%@`?\\~"));
  const auto odd = rc::gen::map(indicators, [](char c) { return static_cast<std::uint32_t>(c); });
  const bool holds = rc::check([&] {
    const auto points =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::oneOf(any, ascii, odd));
    std::string text;
    for (const auto point : points) text += utf8_of(point);
    RC_ASSERT(read_back(text) == text);
  });
  CHECK(holds);
}

}  // namespace
}  // namespace sessync::test
