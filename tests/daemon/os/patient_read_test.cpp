#include "daemon/os/patient_read.h"

#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::test {
namespace {

constexpr std::chrono::milliseconds kShort{50};
constexpr std::chrono::seconds kLong{60};

std::string why_not(const std::string& path, std::chrono::milliseconds patience = kLong) {
  std::string text(8, '\0');
  return os::read_patiently(path, text, patience);
}

}  // namespace

TEST_CASE("A file is read to its end or to the limit") {
  const TempTree tree;
  tree.write("a", "abc");
  std::string text(8, '\0');
  CHECK(os::read_patiently(tree.at("a"), text, kLong).empty());
  CHECK(text == "abc");
  text.assign(2, '\0');
  CHECK(os::read_patiently(tree.at("a"), text, kLong).empty());
  CHECK(text == "ab");
  CHECK(why_not(tree.at("missing")) == "cannot be read: No such file or directory");
  CHECK(why_not(tree.path()).starts_with("is a directory"));
  CHECK(why_not("/dev/null").starts_with("is a device"));
}

TEST_CASE("A pipe is read once somebody writes into it, and not waited for for ever") {
  const TempTree tree;
  const auto path = tree.at("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(os::is_pipe(path));
  CHECK_FALSE(os::is_pipe(tree.path()));
  CHECK(why_not(path, kShort) == "is a pipe into which nobody writes: name a file");
  std::string text(8, '\0');
  ssize_t written = 0;
  std::thread writer([&path, &written] {
    const os::UniqueFd pipe(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    for (const char* const part : {"ab", "cd"}) {
      written += ::write(pipe.get(), part, 2);
    }
  });
  CHECK(os::read_patiently(path, text, kLong).empty());
  writer.join();
  CHECK(written == 4);
  CHECK(text == "abcd");
  // Somebody who opens it and says nothing is waited for no longer.
  const os::UniqueFd silent(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  CHECK(why_not(path, kShort) == "is a pipe into which nobody writes: name a file");
}

}  // namespace sessync::test
