#include "reconciler/policy/judge.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "reconciler/policy/file_judge.h"

namespace sessync::policy {
namespace {

constexpr const char* kNoPolicy =
    "there is no policy that counts, so nothing is written to this session: correct ";

void deny_all(manifest::ManifestFile& file, const std::string& policy) {
  for (auto& session : file.sessions) {
    deny(session, kNoPolicy + policy);
    session.permission.policy_missing = true;
  }
}

/// What a file may not name is nobody else's business.
void confine_secrets(std::vector<manifest::NamedSecret>& secrets, const Boundaries& boundaries) {
  std::erase_if(secrets, [&](manifest::NamedSecret& secret) {
    const FileJudge judge(boundaries, secret.file);
    secret.confined_to = judge.secret_root(secret.name);
    return judge.refuse_secret(secret.name).has_value();
  });
}

class Violations {
 public:
  void add(const manifest::Location& at, const std::string& reason) {
    found_.push_back({at, manifest::Problem::Severity::kError, "not_allowed", reason});
  }

  void add(const manifest::SessionSpec& session) {
    const auto& permission = session.permission;
    if (permission.policy_missing) return;  // what is wrong with the policy is said of it
    if (permission.denied) return add(session.at, *permission.denied);
    for (const auto& reason : permission.withheld) add(session.at, reason);
    for (const auto& resource : session.resources) {
      if (resource.denied) add(resource.at, resource.denied->reason);
    }
    if (session.outputs && session.outputs->denied) add(session.at, *session.outputs->denied);
  }

  /// An entry of the defaults is met once for each session.
  std::vector<manifest::Problem> take() {
    const auto key = [](const manifest::Problem& one) {
      return std::tie(one.at.file, one.at.line, one.at.column, one.message);
    };
    std::ranges::sort(found_, {}, key);
    const auto [first, last] = std::ranges::unique(found_, {}, key);
    found_.erase(first, last);
    return std::move(found_);
  }

 private:
  std::vector<manifest::Problem> found_;
};

}  // namespace

manifest::Manifest judge(manifest::Manifest manifest, const Boundaries& boundaries) {
  for (auto& file : manifest.files) {
    if (boundaries.has_policy && !boundaries.policy) {
      deny_all(file, boundaries.path);
    } else {
      FileJudge(boundaries, file.path).judge(file.sessions);
    }
  }
  confine_secrets(manifest.secrets, boundaries);
  if (!boundaries.problems.empty()) {
    manifest.files.push_back({boundaries.path, {}, {}, boundaries.problems});
  }
  return manifest;
}

manifest::MayHave claim_rights(const Boundaries& boundaries) {
  if (boundaries.has_policy && !boundaries.policy) return {};
  return [boundaries](const manifest::SessionSpec& session, std::size_t index,
                      manifest::ClaimKind kind) {
    return FileJudge(boundaries, session.at.file).may_have(session, index, kind);
  };
}

std::vector<manifest::Problem> violations(const manifest::Manifest& judged) {
  Violations found;
  for (const auto& file : judged.files) {
    for (const auto& session : file.sessions) found.add(session);
  }
  return found.take();
}

}  // namespace sessync::policy
