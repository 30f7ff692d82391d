#include "daemon/app/secret_places.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "daemon/secrets/secret_files.h"

namespace sessync::app {

std::vector<std::string> option_secrets(const config::Options& options) {
  std::vector<std::string> files{options.api_key_file, options.admin_token_file,
                                 options.read_token_file, options.tls_key, options.marker_key_file};
  std::erase(files, "");
  return files;
}

workspace::SecretPlaces secret_places(const config::Settings& settings,
                                      const manifest::Manifest& manifest) {
  auto named = secrets::named_secret_files(manifest.secrets, settings.secrets_dir);
  std::set<secrets::NamedSecretFile> files(named.begin(), named.end());
  for (const auto& path : option_secrets(settings.options)) files.insert({path});
  for (const auto& session : manifest.sessions()) {
    named = secrets::secret_files(session, settings.secrets_dir, secrets::SecretNames::kAll);
    files.insert(named.begin(), named.end());
  }
  workspace::SecretPlaces places;
  for (const auto& [path, confined_to] : files) {
    if (confined_to.empty()) {
      places.files.push_back(path);
    } else {
      places.confined.push_back({path, settings.secrets_dir, confined_to});
    }
  }
  if (settings.secrets_dir_is_given) places.directories.push_back(settings.secrets_dir);
  if (settings.state_dir) places.directories.push_back(*settings.state_dir);
  return places;
}

std::map<std::string, std::vector<std::string>> denied_secrets(const config::Settings& settings,
                                                               const manifest::Manifest& manifest) {
  std::map<std::string, std::vector<std::string>> files;
  for (const auto& session : manifest.sessions()) {
    auto denied = secrets::denied_secret_files(session, settings.secrets_dir);
    if (!denied.empty()) std::ranges::move(denied, std::back_inserter(files[session.at.file]));
  }
  return files;
}

}  // namespace sessync::app
