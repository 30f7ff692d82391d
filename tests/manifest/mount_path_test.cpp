#include "manifest/mount_path.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using sessync::manifest::clean_mount_text;
using sessync::manifest::join_mount_text;
using sessync::manifest::mount_path_problem;
using sessync::manifest::MountPath;

TEST_CASE("The canonical form of a file's mount path") {
  struct Case {
    std::string raw;
    std::string canonical;
  };
  const auto c = GENERATE(values<Case>({
      {"/data/a.csv", "/data/a.csv"},
      {"/mnt/session/uploads/data/a.csv", "/data/a.csv"},
      {"/uploads/data/a.csv", "/data/a.csv"},
      {"/mnt//session/./uploads//data/a.csv", "/data/a.csv"},
      {"//uploads/a", "/a"},
      {"/mnt/session/uploads/uploads/a", "/uploads/a"},
      {"/uploads/uploads/a", "/uploads/a"},
      {"/uploads/mnt/session/uploads/a", "/mnt/session/uploads/a"},
      {"/uploadsx/a", "/uploadsx/a"},
      {"/uploads", "/uploads"},
      {"/mnt/session/uploads", "/mnt/session/uploads"},
      {"/mnt/session/uploads/", "/"},
      {"/uploads//", "/"},
      {"/a//b/./c", "/a/b/c"},
      {"/a/././b", "/a/b"},
      {"/", "/"},
      {"//", "/"},
      {"/a/../b", "/a/../b"},
      {"a/b", "/a/b"},
      {"uploads/b", "/uploads/b"},
      {"/a/", "/a/"},
      {"/.hidden/..data", "/.hidden/..data"},
      {"", ""},
  }));
  CAPTURE(c.raw);
  CHECK(MountPath::of_file(c.raw).text() == c.canonical);
}

TEST_CASE("Repository and memory-store paths are cleaned and never stripped") {
  CHECK(MountPath::literal("/uploads/repo").text() == "/uploads/repo");
  CHECK(MountPath::literal("/workspace//./repo").text() == "/workspace/repo");
  CHECK(MountPath::literal("").text().empty());
}

TEST_CASE("A path is above what lies below it, whole components only") {
  const auto above = [](const char* upper, const char* lower) {
    return MountPath::of_file(upper).is_above(MountPath::of_file(lower));
  };
  CHECK(above("/a", "/a/b"));
  CHECK(above("/a", "/uploads/a/b/c"));
  CHECK(above("/", "/a"));
  CHECK(above("/a/", "/a/b"));
  CHECK_FALSE(above("/a", "/ab"));
  CHECK_FALSE(above("/a", "/a"));
  CHECK_FALSE(above("/", "/"));
  CHECK_FALSE(above("/a/b", "/a"));
  CHECK_FALSE(MountPath().is_above(MountPath::of_file("/a")));
}

TEST_CASE("Text is sent as written but for doubled slashes and dots") {
  CHECK(clean_mount_text("/uploads//a/./b") == "/uploads/a/b");
  CHECK(clean_mount_text("/a/b/") == "/a/b/");
  CHECK(clean_mount_text("/a/.") == "/a/.");
  CHECK(clean_mount_text("./a") == "./a");
  CHECK(clean_mount_text("/a/..b/...") == "/a/..b/...");
  CHECK(clean_mount_text("").empty());
}

TEST_CASE("Joining never doubles the slash") {
  CHECK(join_mount_text("/", "a/b") == "/a/b");
  CHECK(join_mount_text("/src", "a/b") == "/src/a/b");
  CHECK(join_mount_text("/mnt/session/uploads", "a") == "/mnt/session/uploads/a");
}

TEST_CASE("What cannot be a mount path says why") {
  struct Case {
    std::string raw;
    std::string reason;  ///< part of it; empty: no problem
    std::string for_directory;
  };
  const std::string longest = "/" + std::string(4095, 'x');
  std::string two_byte_characters = "/";
  for (int i = 0; i < 4095; ++i) two_byte_characters += "\xC3\xA9";
  const auto c = GENERATE_COPY(values<Case>({
      {"/a", "", ""},
      {"", "empty", "empty"},
      {"a/b", "relative", "relative"},
      {"./a", "relative", "relative"},
      {"/", "root", ""},
      {"//", "root", ""},
      {"/a/", "ends in \"/\"", "ends in \"/\""},
      {"/uploads/", "ends in \"/\"", "ends in \"/\""},
      {"/a/.", "ends in \"/.\"", "ends in \"/.\""},
      {"/a/../b", "\"..\"", "\"..\""},
      {"/..", "\"..\"", "\"..\""},
      {"/a..b/..c", "", ""},
      {"/a\nb", "control", "control"},
      {std::string("/a\0b", 4), "control", "control"},
      {"/a\x7F", "control", "control"},
      {longest, "", ""},
      {longest + "x", "longer than 4096", "longer than 4096"},
      {two_byte_characters, "", ""},
      {two_byte_characters + "x", "longer than 4096", "longer than 4096"},
  }));
  CAPTURE(c.raw);
  const auto for_file = mount_path_problem(c.raw, false);
  const auto for_directory = mount_path_problem(c.raw, true);
  CHECK(for_file.has_value() == !c.reason.empty());
  CHECK(for_directory.has_value() == !c.for_directory.empty());
  CHECK_THAT(for_file.value_or(""), Catch::Contains(c.reason));
  CHECK_THAT(for_directory.value_or(""), Catch::Contains(c.for_directory));
}
