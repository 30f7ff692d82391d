#include "daemon/os/beneath.h"

#include <cerrno>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/path_text.h"
#include "manifest/text/utf8.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::test {
namespace {

/// Where a path leads, or why it does not.
std::string outcome(const os::Beneath& root, const std::string& path, int flags,
                    os::Beneath::Links links) {
  const auto fd = root.open_at(path, flags, links);
  if (!fd) return std::to_string(fd.error());
  return "at " + root.path_of(fd->get()).value_or("(outside)");
}

TEST_CASE("The two resolvers agree, and neither leads outside") {
  const TempTree tree;
  tree.write("dir/sub/file", "x");
  tree.link("dir/up", "../dir/./sub/..//sub/file");
  tree.link("todir", "dir/sub");
  tree.link("dir/chain", "../todir/file");
  tree.link("absolute", tree.at("dir"));
  tree.link("escape", "dir/../../outside");
  tree.link("parent", "..");
  tree.link("loop", "loop");
  tree.link("dangling", "dir/nothing");
  const auto kernel = os::Beneath::open(tree.path(), os::Beneath::Resolver::kKernel).value();
  const auto steps = os::Beneath::open(tree.path(), os::Beneath::Resolver::kSteps).value();
  if (!kernel.open_at("", O_PATH, os::Beneath::Links::kFollow)) {
    WARN("needs openat2");
    return;
  }
  const auto links = GENERATE(os::Beneath::Links::kFollow, os::Beneath::Links::kRefuse);
  const int flags = GENERATE(O_PATH, O_RDONLY, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY);
  for (const auto* path : {"",
                           "dir",
                           "dir/sub/file",
                           "dir/up",
                           "todir",
                           "todir/file",
                           "dir/chain",
                           "absolute",
                           "escape",
                           "parent",
                           "parent/x",
                           "loop",
                           "loop/x",
                           "dangling",
                           "dir/sub/file/below",
                           "gone",
                           "dir/../dir/sub",
                           "..",
                           "dir/../..",
                           "todir/.."}) {
    CAPTURE(path, flags, links == os::Beneath::Links::kFollow);
    const std::string by_kernel = outcome(kernel, path, flags, links);
    CHECK(by_kernel == outcome(steps, path, flags, links));
    CHECK(by_kernel.find("outside") == std::string::npos);
  }
}

TEST_CASE("Names that a mount path can carry, and how the others are shown") {
  CHECK(os::is_mountable_name("caf\xc3\xa9 \xf4\x8f\xbf\xbf"));
  for (const auto* bad : {"\n", "\x7f", "\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xe2\x82", "\xed\xbf\xbf"}) {
    CHECK_FALSE(os::is_mountable_name(bad));
    CHECK(manifest::printable(bad).starts_with("\\x"));
  }
  CHECK(manifest::printable("a\nb\xff\xc3\xa9") == "a\\x0ab\\xff\xc3\xa9");
}

}  // namespace
}  // namespace sessync::test
