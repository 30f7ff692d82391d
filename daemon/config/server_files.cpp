#include "daemon/config/server_files.h"

#include <string>

#include "daemon/os/log.h"
#include "daemon/os/loose_mode.h"
#include "daemon/os/patient_read.h"
#include "daemon/secrets/secret_file.h"

namespace sessync::config {
namespace {

/// What a pipe holds can be read once, and is left to the first request.
void warn_of_token(const std::string& path, const std::string& kind, const std::string& requests) {
  if (path.empty() || os::is_pipe(path)) return;
  os::warn_of_loose_mode(path, kind + " file");
  if (const auto read = secrets::SecretFile(path).refresh(); !read) {
    os::log(os::LogLevel::kWarning,
            kind + ": " + read.error() + "; " + requests + " are refused until that is fixed");
  }
}

}  // namespace

void warn_of_server_files(const Options& options) {
  if (options.listen == "off") return;
  warn_of_token(options.admin_token_file, "admin token", "writes");
  warn_of_token(options.read_token_file, "read token", "reads");
  if (!options.tls_key.empty()) os::warn_of_loose_mode(options.tls_key, "TLS key file");
}

}  // namespace sessync::config
