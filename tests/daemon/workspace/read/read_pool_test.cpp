#include "daemon/workspace/read/read_pool.h"

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

/// Files that take as many pieces as their name says: "a/3".
class Files {
 public:
  workspace::DigestTaskFactory factory() {
    return [this](const std::string&,
                  const std::string& path) -> std::unique_ptr<workspace::DigestTask> {
      return std::make_unique<Task>(*this, path);
    };
  }
  [[nodiscard]] std::vector<std::string> finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }
  std::atomic<int> steps{0};
  std::atomic<int> alive{0};

 private:
  class Task : public workspace::DigestTask {
   public:
    Task(Files& files, std::string path)
        : files_(files),
          path_(std::move(path)),
          left_(std::stoi(path_.substr(path_.rfind('/') + 1))) {
      ++files_.alive;
    }
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() override { --files_.alive; }
    std::optional<workspace::DigestResult> step(std::uint64_t /*at_most*/) override {
      ++files_.steps;
      if (--left_ > 0) return std::nullopt;
      const std::lock_guard lock(files_.mutex_);
      files_.finished_.push_back(path_);
      return workspace::Digested{{}, 7, false};
    }
    [[nodiscard]] std::uint64_t done() const override { return 1; }
    [[nodiscard]] workspace::FileStamp stamp() const override { return stamp_of(path_); }

   private:
    Files& files_;
    std::string path_;
    int left_;
  };

  mutable std::mutex mutex_;
  std::vector<std::string> finished_;

 public:
  static workspace::FileStamp stamp_of(const std::string& path) {
    workspace::FileStamp stamp;
    stamp.size = std::stoull(path.substr(path.rfind('/') + 1));
    return stamp;
  }
};

workspace::FileToRead file(const std::string& path) { return {path, Files::stamp_of(path)}; }

bool is_unread(const workspace::DigestResult& result) {
  return !result && result.error().kind == workspace::StableReadError::Kind::kUnread;
}

constexpr auto kEndless = "/1000000000";

}  // namespace

TEST_CASE("whoever waits for large files gets all of them") {
  Files files;
  workspace::ReadPool pool(files.factory());
  const std::vector<workspace::FileToRead> wanted{file("b/3"), file("a/1"), file("c/20")};
  const auto results = pool.read({"s", "/root"}, wanted);
  REQUIRE(results.size() == 3);
  for (const auto& result : results) CHECK(result.value().size == 7);
}

TEST_CASE("files without end of four sessions keep no fifth one waiting") {
  Files files;
  workspace::ReadPool pool(files.factory());
  pool.read_beside(0ms, {});
  for (const auto* session : {"s1", "s2", "s3", "s4"}) {
    const std::vector<workspace::FileToRead> endless{file(session + std::string(kEndless))};
    CHECK(is_unread(pool.read({session, "/root"}, endless).front()));
  }
  pool.read_beside(60s, {});
  const std::vector<workspace::FileToRead> small{file("x/50")};
  CHECK(pool.read({"s5", "/root"}, small).front());
  CHECK(files.finished() == std::vector<std::string>{"x/50"});
}

TEST_CASE("of one session the smallest file comes first") {
  Files files;
  workspace::ReadPool pool(files.factory());
  pool.read_beside(60s, {});
  const std::vector<workspace::FileToRead> wanted{file("c/200000"), file("a/3"), file("b/40")};
  static_cast<void>(pool.read({"s", "/root"}, wanted));
  // Two are read at once.
  REQUIRE(files.finished().size() == 3);
  CHECK(files.finished().back() == "c/200000");
}

TEST_CASE("who no longer waits is told once the file is read, and finds it then") {
  Files files;
  workspace::ReadPool pool(files.factory());
  std::promise<std::string> told;
  pool.read_beside(0ms, [&told](const std::string& session) { told.set_value(session); });
  const std::vector<workspace::FileToRead> wanted{file("a/2000")};
  const auto first = pool.read({"s", "/root"}, wanted);
  if (is_unread(first.front())) {
    CHECK(told.get_future().get() == "s");
    CHECK(pool.read({"s", "/root"}, wanted).front());
  }
  CHECK(files.finished().size() == 1);
}

TEST_CASE("a file that is not wanted any more, or looks otherwise, is not read on") {
  Files files;
  workspace::ReadPool pool(files.factory());
  pool.read_beside(0ms, {});
  const std::vector<workspace::FileToRead> endless{file("a" + std::string(kEndless))};
  CHECK(is_unread(pool.read({"s", "/root"}, endless).front()));
  CHECK(is_unread(pool.read({"t", "/root"}, endless).front()));
  pool.keep_only("s", {});
  const auto before = files.steps.load();
  while (files.steps < before + 10) std::this_thread::yield();  // "t" still wants it
  pool.keep_only("t", {});
  while (files.alive > 0) std::this_thread::yield();
  CHECK(files.finished().empty());
}

TEST_CASE("a pool that is stopped lets everybody go") {
  Files files;
  workspace::ReadPool pool(files.factory());
  const std::vector<workspace::FileToRead> endless{file("a" + std::string(kEndless))};
  auto waiting = std::async(std::launch::async, [&] { return pool.read({"s", "/root"}, endless); });
  while (files.steps == 0) std::this_thread::yield();
  pool.stop();
  CHECK(is_unread(waiting.get().front()));
  CHECK(is_unread(pool.read({"s", "/root"}, endless).front()));
}

TEST_CASE("work is done beside, or not, and is over when it returns") {
  Files files;
  workspace::ReadPool pool(files.factory());
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> left{100};
    std::atomic<int> done{0};
    const auto slice = [&] {
      const bool is_mine = left-- > 0;
      if (is_mine) ++done;
      return is_mine;
    };
    const auto all = [&] {
      while (slice()) {
      }
    };
    pool.run_beside(all, slice);
    CHECK(done == 100);
  }
  CHECK_THROWS(pool.run_beside([] { throw std::runtime_error("no"); }, [] { return false; }));
}

TEST_CASE(
    "scans that have work without an end leave a large file its turns, and it leaves theirs") {
  Files files;
  workspace::ReadPool pool(files.factory());
  std::atomic<bool> over{false};
  std::atomic<int> slices{0};
  const auto scan = [&] {
    pool.run_beside(
        [&] {
          while (!over) std::this_thread::yield();
        },
        [&] {
          ++slices;
          return true;
        });
  };
  const std::vector<std::jthread> scans = [&] {
    std::vector<std::jthread> started;
    started.reserve(2 * workspace::ReadPool::kThreads);
    for (std::size_t i = 0; i < 2 * workspace::ReadPool::kThreads; ++i) started.emplace_back(scan);
    return started;
  }();
  while (slices == 0) std::this_thread::yield();
  const std::vector<workspace::FileToRead> wanted{file("a/50")};
  CHECK(pool.read({"s", "/root"}, wanted).front());
  const int before = slices;
  const std::vector<workspace::FileToRead> endless{file("a" + std::string(kEndless)),
                                                   file("b" + std::string(kEndless))};
  pool.read_beside(0ms, {});
  static_cast<void>(pool.read({"s", "/root"}, endless));
  while (slices < before + 10) std::this_thread::yield();
  over = true;
}

TEST_CASE("who has more to read than one pass may is told") {
  Files files;
  workspace::ReadPool pool(files.factory());
  CHECK_FALSE(pool.reads_beside());
  std::string told;
  pool.read_beside(0ms, [&told](const std::string& session) { told = session; });
  CHECK(pool.reads_beside());
  pool.remind("s");
  CHECK(told == "s");
}

}  // namespace sessync::test
