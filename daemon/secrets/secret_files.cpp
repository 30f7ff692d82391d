#include "daemon/secrets/secret_files.h"

#include <optional>
#include <set>
#include <variant>

#include "daemon/secrets/secret_reader.h"

namespace sessync::secrets {
namespace {

std::optional<std::string> file_of(const manifest::TokenSpec& source) {
  if (const auto* const file = std::get_if<manifest::TokenFile>(&source)) return file->path;
  if (const auto* const app = std::get_if<manifest::TokenGithubApp>(&source))
    return app->private_key_file;
  return std::nullopt;
}

std::vector<std::string> files_of(const manifest::SessionSpec& session,
                                  const std::string& secrets_dir, SecretNames which,
                                  bool is_denied) {
  std::set<std::string> files;
  for (const auto& resource : session.resources) {
    const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what);
    if (repository == nullptr || !repository->authorization_token) continue;
    if (is_denied != (resource.denied && resource.denied->of_secret)) continue;
    const auto name = file_of(*repository->authorization_token);
    const bool counts = name && (which == SecretNames::kAll || is_secret_name(*name));
    if (counts) files.insert(secret_path(secrets_dir, *name));
  }
  return {files.begin(), files.end()};
}

}  // namespace

std::vector<std::string> secret_files(const manifest::SessionSpec& session,
                                      const std::string& secrets_dir, SecretNames which) {
  return files_of(session, secrets_dir, which, false);
}

std::vector<std::string> denied_secret_files(const manifest::SessionSpec& session,
                                             const std::string& secrets_dir) {
  return files_of(session, secrets_dir, SecretNames::kAll, true);
}

}  // namespace sessync::secrets
