#include "daemon/metrics/process_figures.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "daemon/os/directory_stream.h"

namespace sessync::metrics {
namespace {

/// The fields of /proc/self/stat behind the name, which may hold spaces: the first is number 3 of
/// proc(5).
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(") ");
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 2));
  return {std::istream_iterator<std::string>(rest), {}};
}

double field(const std::vector<std::string>& fields, std::size_t number) {
  constexpr std::size_t kFirst = 3;
  return number - kFirst < fields.size() ? std::strtod(fields[number - kFirst].c_str(), nullptr)
                                         : 0;
}

/// Seconds since the epoch at which the kernel started.
double booted_at() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

/// Without the one that is open to count them.
std::uint64_t count_open_fds() {
  const auto count = os::names_in("/proc/self/fd").size();
  return count > 0 ? count - 1 : 0;
}

}  // namespace

ProcessFigures read_process_figures() {
  const auto fields = stat_fields();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (field(fields, 14) + field(fields, 15)) / ticks;
  figures.threads = static_cast<std::uint64_t>(field(fields, 20));
  figures.started_at = booted_at() + field(fields, 22) / ticks;
  figures.virtual_bytes = static_cast<std::uint64_t>(field(fields, 23));
  figures.resident_bytes = static_cast<std::uint64_t>(field(fields, 24)) *
                           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  figures.open_fds = count_open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

}  // namespace sessync::metrics
