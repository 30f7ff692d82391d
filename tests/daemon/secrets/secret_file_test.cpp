#include "daemon/secrets/secret_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace sessync;
namespace fs = std::filesystem;

namespace {

struct TempDir {
  TempDir() {
    std::string name = (fs::temp_directory_path() / "sessync-secret-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { fs::remove_all(path); }
  fs::path path;
};

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("what stands around a secret is not part of it") {
  const TempDir dir;
  secrets::SecretFile file(dir.path / "key");
  for (const auto* text : {"sk-1", "sk-1\n", "sk-1\n\n", "\xEF\xBB\xBF sk-1\r\n"}) {
    write(dir.path / "key", text);
    CHECK(file.refresh()->reveal() == "sk-1");
  }
  write(dir.path / "key", "sk-1\nsk-2\n");
  CHECK(file.refresh().error().find("more than one line") != std::string::npos);
}

TEST_CASE("a replaced file is noticed, also behind a swapped link") {
  const TempDir dir;
  fs::create_directories(dir.path / "one");
  fs::create_directories(dir.path / "two");
  write(dir.path / "one/key", "first");
  write(dir.path / "two/key", "second");
  fs::create_directory_symlink("one", dir.path / "data");
  secrets::SecretFile file(dir.path / "data/key");
  CHECK(file.current().reveal() == "first");
  fs::create_directory_symlink("two", dir.path / "data_tmp");
  fs::rename(dir.path / "data_tmp", dir.path / "data");
  CHECK(file.current().reveal() == "second");
}

TEST_CASE("a pipe is read once: what it held is not there a second time") {
  const TempDir dir;
  const auto path = (dir.path / "pipe").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  secrets::SecretFile file(path);
  std::thread writer([&path] { write(path, "from-a-command\n"); });
  const auto first = file.refresh();
  writer.join();
  REQUIRE(first);
  CHECK(first->reveal() == "from-a-command");
  CHECK(file.refresh()->reveal() == "from-a-command");
  CHECK(file.current().reveal() == "from-a-command");
}

TEST_CASE("a file that goes bad keeps its last good value, and says what is wrong") {
  const TempDir dir;
  write(dir.path / "key", "good");
  secrets::SecretFile file(dir.path / "key");
  REQUIRE(file.refresh());
  write(dir.path / "key", "");
  CHECK(file.refresh().error().find("is empty") != std::string::npos);
  CHECK(file.current().reveal() == "good");
  fs::remove(dir.path / "key");
  CHECK(file.refresh().error().find("cannot be read") != std::string::npos);
  CHECK(file.current().reveal() == "good");
}
