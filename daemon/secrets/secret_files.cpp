#include "daemon/secrets/secret_files.h"

#include <optional>
#include <set>
#include <variant>

#include "daemon/secrets/secret_reader.h"

namespace sessync::secrets {
namespace {

std::optional<manifest::TokenFile> file_of(const manifest::TokenSpec& source) {
  if (const auto* const file = std::get_if<manifest::TokenFile>(&source)) return *file;
  if (const auto* const app = std::get_if<manifest::TokenGithubApp>(&source))
    return manifest::TokenFile{app->private_key_file, app->confined_to};
  return std::nullopt;
}

std::set<NamedSecretFile> files_of(const manifest::SessionSpec& session,
                                   const std::string& secrets_dir, SecretNames which,
                                   bool is_denied) {
  std::set<NamedSecretFile> files;
  for (const auto& resource : session.resources) {
    const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what);
    if (repository == nullptr || !repository->authorization_token) continue;
    const auto file = file_of(*repository->authorization_token);
    if (!file || (which == SecretNames::kRead && !is_secret_name(file->path))) continue;
    const bool denied = resource.denied && resource.denied->of_secret;
    if (denied == is_denied)
      files.insert({secret_path(secrets_dir, file->path), file->confined_to});
  }
  return files;
}

}  // namespace

std::vector<NamedSecretFile> secret_files(const manifest::SessionSpec& session,
                                          const std::string& secrets_dir, SecretNames which) {
  const auto files = files_of(session, secrets_dir, which, false);
  return {files.begin(), files.end()};
}

std::vector<std::string> denied_secret_files(const manifest::SessionSpec& session,
                                             const std::string& secrets_dir) {
  std::vector<std::string> paths;
  for (const auto& file : files_of(session, secrets_dir, SecretNames::kAll, true)) {
    paths.push_back(file.path);
  }
  return paths;
}

std::vector<NamedSecretFile> named_secret_files(const std::vector<manifest::NamedSecret>& secrets,
                                                const std::string& secrets_dir) {
  std::vector<NamedSecretFile> files;
  files.reserve(secrets.size());
  for (const auto& secret : secrets) {
    files.push_back({secret_path(secrets_dir, secret.name), secret.confined_to});
  }
  return files;
}

}  // namespace sessync::secrets
