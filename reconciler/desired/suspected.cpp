#include "reconciler/desired/suspected.h"

#include <algorithm>

namespace sessync::desired {
namespace {

const char* kind_text(ports::SecretKind kind) {
  switch (kind) {
    case ports::SecretKind::kPrivateKey:
      return "a private key";
    case ports::SecretKind::kAnthropicKey:
      return "an Anthropic API key";
    case ports::SecretKind::kGithubToken:
      return "a GitHub token";
    case ports::SecretKind::kAwsKey:
      return "an AWS access key";
    case ports::SecretKind::kSlackToken:
      return "a Slack token";
    case ports::SecretKind::kGitlabToken:
      return "a GitLab token";
    case ports::SecretKind::kNpmToken:
      return "an npm token";
    case ports::SecretKind::kServiceAccount:
      return "a service account's token";
  }
  return "a secret";
}

std::string place_text(const SuspectedFile& file) {
  return file.path + ":" + std::to_string(file.secret.line);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// What to do if it is none; `what` is to be named.
std::string way_out(const std::string& what) {
  return "If it is none, or is meant to be there, add " + what +
         " to \"allow\" of its source, or set \"secrets\" there to warn or allow";
}

std::string member_texts(const std::vector<SuspectedFile>& members) {
  constexpr std::size_t kShownMembers = 3;
  const auto count = std::min(members.size(), kShownMembers);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ", ") + place_text(members[i]) + " " + kind_text(members[i].secret.kind);
  }
  return text + (members.size() > count ? ", ..." : "");
}

std::string archive_text(const std::vector<SuspectedFile>& members) {
  const bool is_one = members.size() == 1;
  return std::to_string(members.size()) +
         (is_one ? " file in it seems to hold a secret (" : " files in it seem to hold secrets (") +
         member_texts(members) + ")";
}

}  // namespace

manifest::SecretsPolicy SecretRules::policy_for(const std::string& path) const {
  if (allow_.empty()) {
    return policy_;
  }
  std::size_t begin = 0;
  while (true) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (std::ranges::find(allow_, path.substr(begin, end - begin)) != allow_.end()) {
      return manifest::SecretsPolicy::kAllow;
    }
    if (end == path.size()) {
      return policy_;
    }
    begin = end + 1;
  }
}

std::string describe_blocked(const SuspectedFile& file) {
  return place_text(file) + " looks like " + kind_text(file.secret.kind) +
         ": the file is not sent, and what is mounted here stays. Take the secret out of the file; "
         "if the session had it, replace it. " +
         way_out(name_of(file.path));
}

std::string describe_warned(const SuspectedFile& file) {
  return place_text(file) + " looks like " + kind_text(file.secret.kind) +
         "; the file is mounted all the same, because \"secrets\" is warn";
}

std::string describe_blocked_archive(const std::vector<SuspectedFile>& members) {
  return archive_text(members) +
         ": the archive is not packed, and what is mounted here stays. Take the secrets out of the "
         "files, or exclude these; if the session had them, replace them. " +
         way_out(members.size() == 1 ? name_of(members.front().path) : "their names");
}

std::string describe_warned_archive(const std::vector<SuspectedFile>& members) {
  return archive_text(members) +
         "; the archive is mounted all the same, because \"secrets\" is warn";
}

}  // namespace sessync::desired
