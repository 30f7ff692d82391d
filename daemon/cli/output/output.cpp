#include "daemon/cli/output/output.h"

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "daemon/config/options.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"

namespace sessync::cli {
namespace {

/// Why output was lost; 0: none was. A thread may draw while another one ends.
std::atomic<int> g_output_error{0};

void note_output_error() {
  int none = 0;
  g_output_error.compare_exchange_strong(none, errno != 0 ? errno : EIO);
}

/// These say already that there is no result.
bool outweighs_lost_output(int code) {
  return code == config::exit_code::kBadManifest || code == config::exit_code::kAuthentication ||
         code == config::exit_code::kUsage || code == config::exit_code::kInterrupted;
}

}  // namespace

bool print(const std::string& given) {
  const auto text = os::without_long_secrets(given);
  if (g_output_error != 0) {
    return false;
  }
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    note_output_error();
  }
  return g_output_error == 0;
}

void print_error(const std::string& text) { std::fputs(os::without_secrets(text).c_str(), stderr); }

int close_output(int code) {
  errno = 0;
  // Some file systems tell only now that there was no room.
  if (std::fclose(stdout) != 0) {  // NOLINT(cppcoreguidelines-owning-memory): it is the process's
    note_output_error();
  }
  if (g_output_error == 0) {
    return code;
  }
  std::fprintf(stderr, "sessync: cannot write to standard output: %s; what was done is done\n",
               os::error_text(g_output_error).c_str());
  return outweighs_lost_output(code) ? code : config::exit_code::kFailed;
}

}  // namespace sessync::cli
