#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/workspace/content/spool_file.h"
#include "tests/daemon/workspace/content/archive_fixture.h"

namespace sessync::test {
namespace {

constexpr unsigned kZipNamesAreUtf8 = 1U << 11U;

const std::string kUnicode = "Übergröße/数据 – ☂.csv";

void chmod_to(const TempTree& tree, std::string_view path, mode_t mode) {
  REQUIRE(::chmod(tree.at(path).c_str(), mode) == 0);
}

/// Sets a variable of the environment, and puts it back.
class Environment {
 public:
  Environment(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* const before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) const {
    value == nullptr ? ::unsetenv(name_.c_str()) : ::setenv(name_.c_str(), value, 1);
    ::tzset();
    std::setlocale(LC_ALL, std::getenv("LC_ALL") == nullptr ? "C" : "");
  }
  std::string name_;
  std::optional<std::string> before_;
};

void fill(const TempTree& tree) {
  tree.write("src/b.txt", "bee");
  tree.write("src/a/deep/er/file", std::string(200'000, 'x') + "end");
  tree.write("src/empty", "");
  tree.write("src/run.sh", "#!/bin/sh\n");
  tree.write("src/-n *?'\"", "odd");
  tree.write("src/" + kUnicode, "unicode");
  tree.write("src/" + std::string(255, 'n'), "long");
  tree.write("src/" + std::string(200, 'd') + "/" + std::string(200, 'e') + "/ü", "longer");
  tree.link("src/link", "a/deep/er/file");
  chmod_to(tree, "src/run.sh", 0700);
  chmod_to(tree, "src/b.txt", 0664);
}

UnpackedTree expected() {
  const std::string big = std::string(200'000, 'x') + "end";
  return {{"b.txt", {"bee", 0644}},
          {"a/deep/er/file", {big, 0644}},
          {"link", {big, 0644}},
          {"empty", {"", 0644}},
          {"run.sh", {"#!/bin/sh\n", 0755}},
          {"-n *?'\"", {"odd", 0644}},
          {kUnicode, {"unicode", 0644}},
          {std::string(255, 'n'), {"long", 0644}},
          {std::string(200, 'd') + "/" + std::string(200, 'e') + "/ü", {"longer", 0644}}};
}

TEST_CASE("An archive unpacks to the tree that was scanned, with its executable bits") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  Workspace ws;
  fill(ws.tree);
  CHECK(unpack(pack(archive_content(ws, archive_source("src", format)))) == expected());
}

TEST_CASE("The whole workspace can be an archive") {
  Workspace ws;
  ws.tree.write("a", "a");
  CHECK(unpack(pack(archive_content(ws, archive_source("")))) == UnpackedTree{{"a", {"a", 0644}}});
}

TEST_CASE("tar unpacks a tar.gz to the same files") {
  Workspace ws;
  fill(ws.tree);
  const std::string bytes = pack(archive_content(ws, archive_source("src")));
  const TempTree out;
  out.write("archive", bytes);
  out.directory("to");
  const std::string command =
      "LC_ALL=C tar -C '" + out.at("to") + "' -xzpf '" + out.at("archive") + "' 2>&1";
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(bugprone-command-processor)
  for (const auto& [name, member] : expected()) {
    std::ifstream file(out.at("to/" + name), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    CHECK(content == member.bytes);
    struct stat status{};
    REQUIRE(::stat(out.at("to/" + name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == member.mode);
  }
}

TEST_CASE("The same members give the same bytes, whatever surrounds them") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  Workspace ws;
  fill(ws.tree);
  const std::string bytes = pack(archive_content(ws, archive_source("src", format)));

  Workspace other;
  const mode_t umask_before = ::umask(0077);
  other.tree.write("src/" + std::string(255, 'n'), "long");  // another order in the directory
  fill(other.tree);
  ::umask(umask_before);
  for (const auto* path : {"src/b.txt", "src/run.sh", "src/empty"}) other.tree.age(path, 400'000);
  const auto* const zone = GENERATE("UTC", "Pacific/Kiritimati", "America/Los_Angeles", "XYZ-14");
  const Environment tz("TZ", zone);
  const Environment locale("LC_ALL", GENERATE("C", "C.UTF-8"));
  CHECK(pack(archive_content(other, archive_source("src", format))) == bytes);
}

/// The flags in the local headers and in the central directory of a zip without comments.
std::vector<unsigned> flags_of(const std::string& zip, const std::string& name) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(zip.at(at)); };
  std::vector<unsigned> flags;
  for (std::size_t at = zip.find(name); at != std::string::npos; at = zip.find(name, at + 1)) {
    const bool is_local = zip.compare(at - 30, 4, "PK\3\4") == 0;
    const std::size_t field = is_local ? at - 30 + 6 : at - 46 + 8;
    flags.push_back(byte(field) + (unsigned{byte(field + 1)} << 8U));
  }
  return flags;
}

TEST_CASE("Names in a zip say that they are UTF-8, whatever the locale of the process") {
  Workspace ws;
  fill(ws.tree);
  const Environment locale("LC_ALL", GENERATE("C", "C.UTF-8"));
  const std::string zip = pack(archive_content(ws, archive_source("src", Format::kZip)));
  const std::vector<unsigned> flags = flags_of(zip, kUnicode);
  REQUIRE(flags.size() == 2);
  for (const unsigned each : flags) CHECK((each & kZipNamesAreUtf8) != 0);
}

TEST_CASE("Packing leaves the locale of its thread alone") {
  Workspace ws;
  fill(ws.tree);
  const locale_t before = ::uselocale(nullptr);
  pack(archive_content(ws, archive_source("src", Format::kZip)));
  CHECK(::uselocale(nullptr) == before);
}

TEST_CASE("An archive of ten thousand members") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  constexpr int kMembers = 10'000;
  Workspace ws;
  for (int i = 0; i < kMembers; ++i) {
    ws.tree.write("src/" + std::to_string(i % 10) + "/f" + std::to_string(i), std::to_string(i));
  }
  const UnpackedTree tree = unpack(pack(archive_content(ws, archive_source("src", format))));
  CHECK(tree.size() == kMembers);
  CHECK(tree.at("9/f9999").bytes == "9999");
}

TEST_CASE("A member that is not as it was scanned gives no archive") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  struct Change {
    const char* what;
    std::function<void(const TempTree&)> make;
  };
  const auto change = GENERATE(values<Change>(
      {{"other content", [](const TempTree& t) { t.write("src/b.txt", "BEE"); }},
       {"the last byte",
        [](const TempTree& t) {
          t.write("src/a/deep/er/file", std::string(200'000, 'x') + "eNd");
        }},
       {"shorter", [](const TempTree& t) { t.write("src/b.txt", "be"); }},
       {"longer", [](const TempTree& t) { t.append("src/b.txt", "!"); }},
       {"no longer empty", [](const TempTree& t) { t.append("src/empty", "!"); }},
       {"executable", [](const TempTree& t) { chmod_to(t, "src/b.txt", 0755); }},
       {"not executable", [](const TempTree& t) { chmod_to(t, "src/run.sh", 0600); }},
       {"gone", [](const TempTree& t) { t.remove("src/b.txt"); }},
       {"a directory",
        [](const TempTree& t) {
          t.remove("src/b.txt");
          t.directory("src/b.txt");
        }},
       {"a link out of the workspace",
        [](const TempTree& t) {
          t.remove("src/b.txt");
          t.link("src/b.txt", "/etc/hostname");
        }},
       {"a FIFO",
        [](const TempTree& t) {
          t.remove("src/b.txt");
          REQUIRE(::mkfifo(t.at("src/b.txt").c_str(), 0600) == 0);
        }},
       {"everything gone", [](const TempTree& t) { t.remove("src"); }}}));
  Workspace ws;
  fill(ws.tree);
  const ports::ContentRef content = archive_content(ws, archive_source("src", format));
  change.make(ws.tree);
  INFO(change.what);
  const ports::ApiError error = refusal(content);
  CHECK(error.kind == ports::ApiError::Kind::kSourceChanged);
  CHECK(error.message.find(ws.workspace + "/src/") != std::string::npos);
}

TEST_CASE("A file that is new since the scan is not in the archive") {
  Workspace ws;
  ws.tree.write("src/a", "a");
  const ports::ContentRef content = archive_content(ws, archive_source("src"));
  ws.tree.write("src/b", "b");
  CHECK(unpack(pack(content)).size() == 1);
}

TEST_CASE("A spool that cannot be made or written is named") {
  Workspace ws;
  fill(ws.tree);
  const ports::ContentRef content = archive_content(ws, archive_source("src"));
  const ports::ApiError error =
      refusal(content, workspace::WorkspaceContent(ws.tree.at("no/such/directory")));
  CHECK(error.kind == ports::ApiError::Kind::kNotStored);
  CHECK(error.message.find(ws.tree.at("no/such/directory")) != std::string::npos);
}

/// Files of this process cannot grow beyond `bytes`: to a writer, a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_CASE("A full spool is told, with its directory, and no archive is handed out") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  // The small one overflows only when the archive is closed, the large one while it is written.
  const std::size_t size = GENERATE(1000U, 3'000'000U);
  Workspace ws;
  std::string noise;
  for (unsigned i = 1; noise.size() < size; i = i * 1'664'525U + 1'013'904'223U) {
    noise += static_cast<char>(i >> 24U);
  }
  ws.tree.write("src/noise", noise);
  ws.tree.directory("spool");
  const ports::ContentRef content = archive_content(ws, archive_source("src", format));
  ports::ApiError error;
  {
    const FileSizeLimit full(500);
    error = refusal(content, workspace::WorkspaceContent(ws.tree.at("spool")));
  }
  CHECK(error.kind == ports::ApiError::Kind::kNotStored);
  CHECK(error.message.find(ws.tree.at("spool")) != std::string::npos);
  CHECK(error.message.find("File too large") != std::string::npos);
}

TEST_CASE("The spool has no name, however it was made") {
  const TempTree tree;
  const auto make =
      GENERATE(&workspace::open_spool, &workspace::open_unnamed, &workspace::open_and_unlink);
  const auto fd = make(tree.path());
  REQUIRE(fd);
  CHECK(std::filesystem::is_empty(tree.path()));
  REQUIRE(::write(fd->get(), "abc", 3) == 3);
  struct stat status{};
  REQUIRE(::fstat(fd->get(), &status) == 0);
  CHECK(status.st_size == 3);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(status.st_nlink == 0);
}

TEST_CASE("The default spool is where TMPDIR says") {
  Workspace ws;
  ws.tree.write("src/a", "a");
  const ports::ContentRef content = archive_content(ws, archive_source("src"));
  const Environment tmp("TMPDIR", ws.tree.at("src").c_str());
  const auto reader = workspace::WorkspaceContent().open(content);
  REQUIRE(reader);
  // Its file is unnamed, and still in that directory for as long as the reader lives.
  bool found = false;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(each.path(), gone).string();
    found = found || target.starts_with(ws.tree.at("src") + "/");
  }
  CHECK(found);
}

TEST_CASE("Archives are packed by many threads at once") {
  Workspace ws;
  fill(ws.tree);
  const ports::ContentRef zip = archive_content(ws, archive_source("src", Format::kZip));
  const ports::ContentRef tar = archive_content(ws, archive_source("src"));
  const std::array<std::string, 2> expected_bytes{pack(zip), pack(tar)};
  workspace::WorkspaceContent source;
  std::array<std::string, 8> packed;
  {
    std::vector<std::jthread> threads;
    threads.reserve(packed.size());
    for (std::size_t i = 0; i < packed.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto reader = source.open(i % 2 == 0 ? zip : tar);
        if (!reader) return;
        packed[i].resize((*reader)->size() + 1);
        std::size_t done = 0;
        while (true) {
          const auto got = (*reader)->read(std::span(packed[i]).subspan(done));
          if (!got || *got == 0) break;
          done += *got;
        }
        packed[i].resize(done);
      });
    }
  }
  for (std::size_t i = 0; i < packed.size(); ++i) CHECK(packed[i] == expected_bytes[i % 2]);
}

std::int64_t peak_kilobytes() {
  rusage usage{};
  REQUIRE(::getrusage(RUSAGE_SELF, &usage) == 0);
  return usage.ru_maxrss;
}

TEST_CASE("Packing a large member takes no more memory than a small one") {
  const Format format = GENERATE(Format::kTarGz, Format::kZip);
  constexpr std::uint64_t kBytes = 200U << 20U;
  Workspace ws;
  ws.tree.write("src/large", "");
  std::filesystem::resize_file(ws.tree.at("src/large"), kBytes);
  const ports::ContentRef content = archive_content(ws, archive_source("src", format));
  const std::int64_t before = peak_kilobytes();
  const auto reader = workspace::WorkspaceContent().open(content);
  REQUIRE(reader);
  CHECK((*reader)->size() > 0);
  CHECK(peak_kilobytes() - before < 32'768);
}

}  // namespace
}  // namespace sessync::test
