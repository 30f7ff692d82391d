#include "tests/daemon/os/temp_tree.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace sessync::test {

TempTree::TempTree() {
  std::string name = (fs::temp_directory_path() / "sessync-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = fs::canonical(name).string();
}

TempTree::~TempTree() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TempTree::at(std::string_view relative) const {
  return relative.empty() ? path_ : path_ + "/" + std::string(relative);
}

void TempTree::make_parent(std::string_view relative) const {
  fs::create_directories(fs::path(at(relative)).parent_path());
}

void TempTree::write(std::string_view relative, std::string_view bytes) const {
  make_parent(relative);
  std::ofstream(at(relative), std::ios::binary | std::ios::trunc) << bytes;
}

void TempTree::append(std::string_view relative, std::string_view bytes) const {
  std::ofstream(at(relative), std::ios::binary | std::ios::app) << bytes;
}

void TempTree::directory(std::string_view relative) const { fs::create_directories(at(relative)); }

void TempTree::link(std::string_view relative, const std::string& target) const {
  make_parent(relative);
  fs::create_symlink(target, at(relative));
}

void TempTree::remove(std::string_view relative) const { fs::remove_all(at(relative)); }

void TempTree::rename(std::string_view from, std::string_view to) const {
  fs::rename(at(from), at(to));
}

void TempTree::age(std::string_view relative, int seconds) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec -= seconds;
  const std::array<timespec, 2> times{now, now};
  if (::utimensat(AT_FDCWD, at(relative).c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw std::runtime_error("utimensat failed");
  }
}

}  // namespace sessync::test
