#include "daemon/secrets/secret_files.h"

#include <filesystem>
#include <optional>
#include <set>
#include <variant>

#include "daemon/secrets/secret_reader.h"

namespace sessync::secrets {
namespace {

struct NamedFile {
  std::string name;
  std::string confined_to;
};

std::optional<NamedFile> file_of(const manifest::TokenSpec& source) {
  const auto* const name = manifest::secret_file_of(source);
  if (name == nullptr) return std::nullopt;
  const auto* const app = std::get_if<manifest::TokenGithubApp>(&source);
  return NamedFile{
      *name, app != nullptr ? app->confined_to : std::get<manifest::TokenFile>(source).confined_to};
}

/// It leads to what is not its manifest file's to name: nobody else has to leave that out.
bool strays(const std::string& secrets_dir, const NamedFile& file) {
  if (file.confined_to.empty()) return false;
  std::error_code missing;
  const auto root = std::filesystem::weakly_canonical(secrets_dir, missing);
  const auto place =
      std::filesystem::weakly_canonical(secret_path(secrets_dir, file.name), missing);
  return !is_confined(place.lexically_relative(root).string(), file.confined_to);
}

std::vector<std::string> files_of(const manifest::SessionSpec& session,
                                  const std::string& secrets_dir, SecretNames which,
                                  bool is_denied) {
  std::set<std::string> files;
  for (const auto& resource : session.resources) {
    const auto* const repository = std::get_if<manifest::RepositoryResource>(&resource.what);
    if (repository == nullptr || !repository->authorization_token) continue;
    const auto file = file_of(*repository->authorization_token);
    if (!file || (which == SecretNames::kRead && !is_secret_name(file->name))) continue;
    const bool denied =
        (resource.denied && resource.denied->of_secret) || strays(secrets_dir, *file);
    if (denied == is_denied) files.insert(secret_path(secrets_dir, file->name));
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

std::vector<std::string> named_secret_files(const std::vector<manifest::NamedSecret>& secrets,
                                            const std::string& secrets_dir) {
  std::vector<std::string> files;
  for (const auto& secret : secrets) {
    if (strays(secrets_dir, {secret.name, secret.confined_to})) continue;
    files.push_back(secret_path(secrets_dir, secret.name));
  }
  return files;
}

}  // namespace sessync::secrets
