#include "daemon/workspace/read/digest_cache.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

workspace::FileStamp stamp_at(std::int64_t when) {
  return {.device = 1, .inode = 2, .size = 3, .modified_ns = when, .changed_ns = when};
}

workspace::FileContent digest(unsigned char first) { return {{first}}; }

TEST_CASE("A digest counts while device, inode, size, mtime and ctime are as they were") {
  workspace::DigestCache cache;
  const workspace::FileStamp stamp = stamp_at(100 * kSecond);
  cache.put("a", stamp, digest(1), 102 * kSecond);
  CHECK(cache.find("a", stamp) == digest(1));
  CHECK_FALSE(cache.find("b", stamp));
  workspace::FileStamp other = stamp;
  SECTION("device") { other.device = 9; }
  SECTION("inode") { other.inode = 9; }
  SECTION("size") { other.size = 9; }
  SECTION("mtime") { other.modified_ns += 1; }
  SECTION("ctime") { other.changed_ns += 1; }
  CHECK_FALSE(cache.find("a", other));
}

TEST_CASE("A digest taken within two seconds of the change is taken once more") {
  workspace::DigestCache cache;
  const workspace::FileStamp stamp = stamp_at(100 * kSecond);
  cache.put("a", stamp, digest(1), 102 * kSecond - 1);
  CHECK_FALSE(cache.find("a", stamp));
  cache.put("a", stamp, digest(1), 102 * kSecond);
  CHECK(cache.find("a", stamp) == digest(1));
}

TEST_CASE("A stamp from the future is trusted once two readings, two seconds apart, agreed") {
  workspace::DigestCache cache;
  const workspace::FileStamp stamp = stamp_at(1'000'000 * kSecond);
  cache.put("a", stamp, digest(1), 100 * kSecond);
  CHECK_FALSE(cache.find("a", stamp));
  cache.put("a", stamp, digest(2), 103 * kSecond);
  CHECK_FALSE(cache.find("a", stamp));
  cache.put("a", stamp, digest(2), 105 * kSecond);
  CHECK(cache.find("a", stamp) == digest(2));
}

TEST_CASE("What a store kept makes an equal cache") {
  workspace::DigestCache cache;
  cache.put("b", stamp_at(1), digest(1), 10 * kSecond);
  cache.put("a", stamp_at(1), digest(2), 1);
  const workspace::DigestCache::Changes changes = cache.take_changes();
  CHECK(changes.put == cache.entries());
  CHECK(changes.removed.empty());
  CHECK(cache.take_changes().empty());

  workspace::DigestCache copy(cache.entries());
  CHECK(copy.entries() == cache.entries());
  CHECK(copy.take_changes().empty());
  CHECK(copy.find("b", stamp_at(1)) == digest(1));
  CHECK_FALSE(copy.find("a", stamp_at(1)));
}

TEST_CASE("What was found in a content is kept with its digest") {
  const ports::SuspectedSecret secret{ports::SecretKind::kAwsKey, 70'000};
  workspace::DigestCache cache;
  cache.put("a", stamp_at(1), {{1}, secret}, 10 * kSecond);
  CHECK(cache.find("a", stamp_at(1))->secret == secret);
  workspace::DigestCache copy(cache.entries());
  CHECK(copy.find("a", stamp_at(1))->secret == secret);
}

TEST_CASE("A content that was looked at with other patterns, or by nobody, is read again") {
  workspace::DigestCache cache;
  cache.put("a", stamp_at(1), digest(1), 10 * kSecond);
  auto entries = cache.entries();
  REQUIRE(entries.front().patterns > 0);
  entries.front().patterns = GENERATE(0U, 1'000U);
  workspace::DigestCache other(entries);
  CHECK_FALSE(other.find("a", stamp_at(1)));
  other.put("a", stamp_at(1), digest(1), 10 * kSecond);
  CHECK(other.find("a", stamp_at(1)) == digest(1));
  CHECK(other.take_changes().put == cache.entries());

  // In one that is too large for it nobody looks.
  entries.front().stamp.size = (1U << 20U) + 1;
  CHECK(workspace::DigestCache(entries).find("a", entries.front().stamp));
  entries.front().stamp.size = 1U << 20U;
  CHECK_FALSE(workspace::DigestCache(entries).find("a", entries.front().stamp));
}

TEST_CASE("Files that are not asked for any more are forgotten") {
  workspace::DigestCache cache;
  cache.put("a", stamp_at(1), digest(1), 10 * kSecond);
  cache.put("b", stamp_at(1), digest(1), 10 * kSecond);
  cache.forget_unused();
  CHECK(cache.entries().size() == 2);
  CHECK_FALSE(cache.take_changes().empty());
  CHECK(cache.find("a", stamp_at(1)));
  cache.forget_unused();
  CHECK(cache.entries().size() == 1);
  CHECK(cache.take_changes().removed == Lines{"b"});
}

TEST_CASE("A file that was forgotten and came back is put, not removed") {
  workspace::DigestCache cache;
  cache.put("a", stamp_at(1), digest(1), 10 * kSecond);
  cache.forget_unused();
  cache.forget_unused();
  cache.put("a", stamp_at(1), digest(2), 10 * kSecond);
  const workspace::DigestCache::Changes changes = cache.take_changes();
  CHECK(changes.removed.empty());
  REQUIRE(changes.put.size() == 1);
  CHECK(changes.put.front().digest == digest(2).digest);
}

/// As if two seconds had passed since the files were hashed.
void trust_all(workspace::DigestCache& cache) {
  for (const workspace::DigestEntry& entry : cache.entries()) {
    cache.put(entry.path, entry.stamp, {entry.digest}, entry.first_seen_ns + 2 * kSecond);
  }
}

TEST_CASE("A converged pass reads no file; touch and chmod change nothing") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("sub/b", "bb");
  ws.tree.link("link", "a");
  const std::vector<ports::ScannedFile> first = ws.files(directory_source("")).files;
  CHECK(ws.files(directory_source("")).files == first);
  CHECK(ws.statistics.files_hashed == 3);  // racy: read once more

  trust_all(ws.cache);
  CHECK(ws.files(directory_source("")).files == first);
  CHECK(ws.files(file_source("a")).files.size() == 1);
  CHECK(ws.statistics.files_hashed == 0);
  CHECK(ws.statistics.bytes_read == 0);

  ws.tree.age("a", 10);
  ::chmod(ws.tree.at("sub/b").c_str(), 0755);
  CHECK(ws.files(directory_source("")).files == first);
  CHECK(ws.statistics.files_hashed == 3);  // the link's target was hashed for both
  trust_all(ws.cache);
  ws.files(directory_source(""));
  CHECK(ws.statistics.bytes_read == 0);
}

TEST_CASE("A change of equal size with the old mtime is seen") {
  Workspace ws;
  ws.tree.write("a", "one");
  ws.tree.age("a", 100);
  ws.files(file_source("a"));
  trust_all(ws.cache);
  ws.tree.write("a", "two");
  ws.tree.age("a", 100);
  CHECK(ws.files(file_source("a")).files.front().sha256 == digest_of("two"));
}

}  // namespace
}  // namespace sessync::test
