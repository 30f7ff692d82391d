// What looking for secrets costs the first hash of many files: the processor time of a scan with an
// empty digest cache, and that of looking for secrets in the same contents alone. See scanning.sh.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "daemon/workspace/read/secret_scan.h"
#include "daemon/workspace/scan/scanner.h"

namespace sessync {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytes = 4096;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double cost_of(const Work& work) {
  const double before = cpu_seconds();
  work();
  return cpu_seconds() - before;
}

/// All texts below a directory, one after the other.
std::string text_below(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::string text;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(in), {});
  }
  return text;
}

/// Pieces of real program text, no two alike.
std::vector<std::string> contents(const std::string& text, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) {
    std::string one = "// " + std::to_string(i) + "\n";
    while (one.size() < kFileBytes) {
      const std::size_t at = (i * 3571) % (text.size() - kFileBytes);
      one += text.substr(at, kFileBytes - one.size());
    }
    all.push_back(std::move(one));
  }
  return all;
}

void write_all(const fs::path& directory, const std::vector<std::string>& files) {
  constexpr std::size_t kInDirectory = 100;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto folder = directory / std::to_string(i / kInDirectory);
    fs::create_directories(folder);
    std::ofstream(folder / ("f" + std::to_string(i)), std::ios::binary) << files[i];
  }
}

double cost_of_first_hash(const fs::path& directory, std::size_t count) {
  const std::vector<manifest::ResourceSpec> resources{
      {{}, manifest::DirectoryResource{"", {}, {}, "/"}}};
  workspace::DigestCache cache;
  workspace::Scanner scanner(cache);
  const double cost = cost_of([&] {
    scanner.scan({.workspace = directory.string(), .manifests = {}, .resources = resources});
  });
  if (scanner.statistics().files_hashed != count) {
    std::fputs("not every file was hashed once\n", stderr);
    std::exit(1);
  }
  return cost;
}

/// In a block to which each content is copied first, as read(2) does it: that is not counted.
double cost_of_looking(const std::vector<std::string>& files) {
  std::string block(kFileBytes, ' ');
  workspace::SecretScan scan;
  std::size_t found = 0;
  const auto each = [&](const auto& look) {
    return cost_of([&] {
      for (const auto& file : files) {
        std::memcpy(block.data(), file.data(), kFileBytes);
        found += look() ? 1U : 0U;
      }
    });
  };
  const double both = each([&] {
    scan.restart();
    scan.update(block);
    return scan.finish().has_value();
  });
  const double copying = each([&] { return block.front() == '\0'; });
  if (found == files.size()) std::exit(1);  // and so none of it can be left out
  return both - copying;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int run(const fs::path& sources, const fs::path& scratch, std::size_t count, int repetitions) {
  const auto files = contents(text_below(sources), count);
  write_all(scratch, files);
  // What was changed lately is read with a lease: that is not what a first hash usually costs.
  std::this_thread::sleep_for(std::chrono::seconds(11));
  std::vector<double> hashing;
  std::vector<double> looking;
  for (int i = 0; i < repetitions; ++i) {
    hashing.push_back(cost_of_first_hash(scratch, count));
    looking.push_back(cost_of_looking(files));
  }
  const double all = median(hashing);
  const double secrets = median(looking);
  std::printf(
      "%zu files of %zu bytes: first hash %.1f us of processor time each, of which %.2f us, or "
      "%.1f "
      "%%, to look for secrets (medians of %d)\n",
      count, kFileBytes, all / static_cast<double>(count) * 1e6,
      secrets / static_cast<double>(count) * 1e6, 100 * secrets / (all - secrets), repetitions);
  return 0;
}

}  // namespace
}  // namespace sessync

/// SOURCES SCRATCH FILES REPETITIONS
int main(int argc, char** argv) {
  if (argc != 5) return 64;
  return sessync::run(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4]));
}
