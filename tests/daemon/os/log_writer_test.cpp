#include "daemon/os/log_writer.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <regex>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

/// A pipe of which nothing is read unless the test does.
class Pipe {
 public:
  Pipe() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  [[nodiscard]] int writing() const { return ends_[1]; }
  void close_writing() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  /// With dots, until it takes no more; how many those are.
  std::size_t fill() {
    REQUIRE(::fcntl(ends_[1], F_SETFL, O_NONBLOCK) == 0);
    std::size_t filled = 0;
    while (::write(ends_[1], ".", 1) == 1) ++filled;
    REQUIRE(::fcntl(ends_[1], F_SETFL, 0) == 0);
    return filled;
  }

  /// Until a text has been read.
  std::string read_until(const std::string& text) {
    return read_until(
        [&](const std::string& read) { return read.find(text) != std::string::npos; });
  }

  std::string read_until(const std::function<bool(const std::string&)>& is_enough) {
    std::array<char, 65536> block{};
    while (!is_enough(read_)) {
      const auto count = ::read(ends_[0], block.data(), block.size());
      REQUIRE(count > 0);
      read_.append(block.data(), static_cast<std::size_t>(count));
    }
    return read_;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  std::string read_;
};

os::LogWriter::Options small() {
  return {.most_bytes = 1000,
          .lost_line = [](std::uint64_t lost) { return "lost " + std::to_string(lost) + "\n"; }};
}

/// What lines of `text` that are whole say of how many were lost.
std::uint64_t told_lost(const std::string& text) {
  static const std::regex told("lost ([0-9]+)\n");
  std::uint64_t sum = 0;
  for (std::sregex_iterator line(text.begin(), text.end(), told), end; line != end; ++line) {
    sum += std::stoull((*line)[1]);
  }
  return sum;
}

}  // namespace

TEST_CASE("lines arrive whole and in order") {
  Pipe pipe;
  os::LogWriter writer(pipe.writing(), small());
  writer.write("one\n");
  writer.write("two\n");
  REQUIRE(writer.flush(60s));
  CHECK(pipe.read_until("two\n") == "one\ntwo\n");
  CHECK(writer.lost() == 0);
}

TEST_CASE("a line finds no room while nobody reads: it is dropped and counted, and nobody waits") {
  Pipe pipe;
  os::LogWriter writer(pipe.writing(), small());
  const auto filled = pipe.fill();
  const std::string line(99, 'x');
  std::uint64_t written = 0;
  // More than the queue can hold.
  for (; written < 2000; ++written) writer.write(line + "\n");
  CHECK_FALSE(writer.flush(1ms));
  const auto lost = writer.lost();
  CHECK(lost > 0);
  CHECK(lost < written);
  // In one line, or in several if the first line was taken while others were written.
  const auto text = pipe.read_until([&](const auto& read) { return told_lost(read) == lost; });
  REQUIRE(writer.flush(60s));
  CHECK(static_cast<std::size_t>(std::ranges::count(text, '.')) == filled);
  CHECK(static_cast<std::size_t>(std::ranges::count(text, 'x')) == (written - lost) * line.size());
  writer.write("after\n");
  CHECK(pipe.read_until("after\n").ends_with("\nafter\n"));
  CHECK(writer.lost() == lost);
}

TEST_CASE("what cannot be written is lost, and does not end the writer") {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  ::close(ends[0]);
  os::LogWriter writer(ends[1], small());
  writer.write("to nobody\n");
  REQUIRE(writer.flush(60s));
  CHECK(writer.lost() == 1);
  writer.write("to nobody either\n");
  REQUIRE(writer.flush(60s));
  CHECK(writer.lost() == 2);
  ::close(ends[1]);
}

TEST_CASE("a descriptor that somebody else made not to wait is waited for") {
  Pipe pipe;
  REQUIRE(::fcntl(pipe.writing(), F_SETFL, O_NONBLOCK) == 0);
  os::LogWriter writer(pipe.writing(), {.most_bytes = 1 << 20, .lost_line = small().lost_line});
  const std::string line(200'000, 'x');
  writer.write(line + "\n");
  writer.write("end\n");
  CHECK(pipe.read_until("end\n").size() == line.size() + 5);
  CHECK(writer.lost() == 0);
}

}  // namespace sessync::test
