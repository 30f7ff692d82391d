#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "daemon/workspace/content/workspace_content.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

/// What a sender would have sent: the error is why it had to stop.
struct Sent {
  std::string bytes;
  std::optional<ports::ApiError::Kind> error;
};

Sent send(const TempTree& tree, const ports::ContentRef& content, std::size_t block,
          const std::function<void()>& between = {}) {
  Sent sent;
  auto reader = workspace::WorkspaceContent().open(content);
  if (!reader) return {"", reader.error().kind};
  std::vector<char> buffer(block);
  while (true) {
    const auto got = (*reader)->read(buffer);
    if (!got) return {sent.bytes, got.error().kind};
    if (*got == 0) break;
    sent.bytes.append(buffer.data(), *got);
    if (between) between();
  }
  CHECK(tree.path() == content.root);
  CHECK((*reader)->read(buffer).value() == 0);
  return sent;
}

ports::ContentRef planned(const TempTree& tree, const std::string& path, const std::string& bytes) {
  return {tree.path(), path, digest_of(bytes), bytes.size()};
}

TEST_CASE("The planned bytes are read, in blocks of any size") {
  const TempTree tree;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += std::to_string(i);
  tree.write("sub/a", bytes);
  tree.link("link", "sub/a");
  const std::size_t block = GENERATE(1U, 7U, 1024U, 65536U);
  const std::string path = GENERATE("sub/a", "link");
  const Sent sent = send(tree, planned(tree, path, bytes), block);
  CHECK_FALSE(sent.error);
  CHECK(sent.bytes == bytes);
}

TEST_CASE("A file of no bytes") {
  const TempTree tree;
  tree.write("a", "");
  CHECK_FALSE(send(tree, planned(tree, "a", ""), 16).error);
  ports::ContentRef wrong = planned(tree, "a", "");
  wrong.sha256 = digest_of("x");
  CHECK(send(tree, wrong, 16).error == ports::ApiError::Kind::kSourceChanged);
}

TEST_CASE("The last bytes are not handed out if the content is not the planned one") {
  const TempTree tree;
  tree.write("a", "0123456789");
  const std::string other = GENERATE("0123456788", "x123456789", "0123456789abc");
  const Sent sent = send(tree, planned(tree, "a", other), 4);
  CHECK(sent.error == ports::ApiError::Kind::kSourceChanged);
  CHECK(sent.bytes.size() < other.size());
}

TEST_CASE("A change in the middle of sending stops it") {
  const TempTree tree;
  tree.write("a", "0123456789");
  const auto change = GENERATE(0, 1);
  const Sent sent = send(tree, planned(tree, "a", "0123456789"), 4,
                         [&] { tree.write("a", change == 0 ? "01234" : "01234567xx"); });
  CHECK(sent.error == ports::ApiError::Kind::kSourceChanged);
  CHECK(sent.bytes.size() < 10);
}

TEST_CASE("A file that grew still has the planned content at its beginning") {
  const TempTree tree;
  tree.write("log", "planned");
  const ports::ContentRef content = planned(tree, "log", "planned");
  tree.append("log", " and more");
  CHECK(send(tree, content, 64).bytes == "planned");
}

TEST_CASE("What is gone, outside or no regular file is a changed source") {
  const TempTree tree;
  tree.directory("dir");
  tree.link("escape", "../../../etc/hostname");
  REQUIRE(::mkfifo(tree.at("pipe").c_str(), 0600) == 0);
  for (const auto* path : {"gone", "dir", "escape", "pipe", "../etc", "dir/.."}) {
    CHECK(send(tree, planned(tree, path, "x"), 16).error == ports::ApiError::Kind::kSourceChanged);
  }
  ports::ContentRef lost = planned(tree, "gone", "x");
  lost.root = tree.at("no-root");
  CHECK(send(tree, lost, 16).error == ports::ApiError::Kind::kSourceChanged);
}

}  // namespace
}  // namespace sessync::test
