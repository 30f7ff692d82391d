#include "daemon/workspace/read/secret_scan.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/workspace/read/secret_anchors.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using ports::SecretKind;
using ports::SuspectedSecret;

/// Put together here, so that no search for secrets finds this file.
std::string aws_key() { return std::string("AK") + "IAQ3EGRLM7ZTX2PB4C"; }
std::string github_token() {
  return std::string("gh") + "p_" + "mR7kQ2vXz9LpW4nTb8YcJ5sDf1GhA6eKuP0i";
}
std::string npm_token() { return std::string("_auth") + "Token=npm_" + "q8Wz3LxT6vBn1KpR5mYc"; }

std::optional<SuspectedSecret> scan(std::string_view bytes, std::size_t piece = 1U << 17U) {
  workspace::SecretScan scan;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    scan.update(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
  }
  return scan.finish();
}

TEST_CASE("The first secret of a content is told by its line and its kind") {
  CHECK(scan("") == std::nullopt);
  CHECK(scan("nothing of interest") == std::nullopt);
  CHECK(scan(aws_key()) == SuspectedSecret{SecretKind::kAwsKey, 1});
  CHECK(scan("a\r\nb\n\n" + github_token() + "\n" + aws_key()) ==
        SuspectedSecret{SecretKind::kGithubToken, 4});
  CHECK(scan(std::string("\0\n\0", 3) + npm_token()) == SuspectedSecret{SecretKind::kNpmToken, 2});
}

TEST_CASE("It is found wherever a piece of the content ends") {
  const std::string text = std::string(70, 'x') + "\n \n" + github_token() + "\n" +
                           std::string(200, '-') + "\n" + aws_key();
  const SuspectedSecret found{SecretKind::kGithubToken, 3};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    REQUIRE(scan(text, piece) == found);
  }
  // And what is none is none in pieces, too.
  const std::string like = "x" + github_token() + "\n" + aws_key() + "x\n" + github_token() + "...";
  for (std::size_t piece = 1; piece <= like.size(); ++piece) {
    REQUIRE_FALSE(scan(like, piece));
  }
}

TEST_CASE("A scan that begins again has forgotten what it saw") {
  workspace::SecretScan scan;
  scan.update(aws_key());
  scan.restart();
  scan.update(std::string("clean\n") + aws_key().substr(0, 10));
  scan.restart();
  scan.update(aws_key().substr(10));
  CHECK_FALSE(scan.finish());
  scan.restart();
  scan.update("\n" + aws_key());
  CHECK(scan.finish() == SuspectedSecret{SecretKind::kAwsKey, 2});
}

TEST_CASE("A content of up to 1 MiB is looked through, and no larger one") {
  const auto padded = [](std::size_t size) {
    const std::string end = "\n" + aws_key();
    return std::string(size - end.size(), ' ') + end;
  };
  CHECK(scan(padded(workspace::SecretScan::kLargest)));
  CHECK_FALSE(scan(padded(workspace::SecretScan::kLargest + 1)));
  CHECK_FALSE(scan(aws_key() + std::string(workspace::SecretScan::kLargest, ' ')));
}

/// What next_anchor() is said to find, looked for byte by byte.
bool is_anchor_of(std::string_view text, std::size_t i) {
  const auto is = [&](char first, char second) {
    return text[i] == first && text[i + 2] == second;
  };
  return is('a', '-') || is('n', '-') || is('x', '-') || is('h', '_') || is('b', 'p') ||
         is('K', 'A') || is('e', 'J') || is('V', 'T') || is('T', 'k');
}

TEST_CASE("Anchors are found at every place of texts of every length") {
  // A text in which about every eighth place is one, and one in which few are.
  const std::string alphabet =
      GENERATE(std::string("anxhbKeVT-_pAJk"), std::string("acdfghijklmTopq_-x\xE2\xF4\x8A"));
  std::uint32_t state = 1;
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text;
    while (text.size() < size) {
      state = state * 1664525U + 1013904223U;
      text += alphabet[(state >> 16U) % alphabet.size()];
    }
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i + 2 < size; ++i) {
      if (is_anchor_of(text, i)) expected.push_back(i);
    }
    std::vector<std::size_t> found;
    for (auto at = workspace::next_anchor(text, 0); at < size;
         at = workspace::next_anchor(text, at + 1)) {
      found.push_back(at);
    }
    REQUIRE(found == expected);
    const auto ends = static_cast<std::size_t>(std::ranges::count(text, 'T'));
    std::ranges::replace(text, 'T', '\n');
    REQUIRE(workspace::count_line_ends(text) == ends);
  }
  CHECK(workspace::count_line_ends(std::string(20'000, '\n')) == 20'000);
}

TEST_CASE("What is found in a file comes with its digest, and is remembered") {
  Workspace ws;
  ws.tree.write("clean", "clean");
  ws.tree.write("secret", "\n" + aws_key());
  ws.tree.write("large", std::string(2U << 20U, ' ') + aws_key());
  const SuspectedSecret found{SecretKind::kAwsKey, 2};
  for (int scans = 0; scans < 2; ++scans) {
    const auto files = ws.files(directory_source("")).files;
    REQUIRE(files.size() == 3);
    CHECK_FALSE(files[0].secret);
    CHECK_FALSE(files[1].secret);
    CHECK(files[2].secret == found);
    CHECK(ws.files(file_source("secret")).files.front().secret == found);
    for (const auto& entry : ws.cache.entries()) {  // as if they were old
      const auto secret = entry.secret_kind != 0 ? std::optional(found) : std::nullopt;
      CHECK(secret.has_value() == (entry.path == "secret"));
      ws.cache.put(entry.path, entry.stamp, {entry.digest, secret},
                   entry.first_seen_ns + 2'000'000'000);
    }
  }
  CHECK(ws.statistics.files_hashed == 0);
}

}  // namespace
}  // namespace sessync::test
