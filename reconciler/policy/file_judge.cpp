#include "reconciler/policy/file_judge.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "manifest/parse/relative_path.h"
#include "manifest/text/alike.h"
#include "manifest/text/text.h"

namespace sessync::policy {
namespace {

using manifest::AllowedPatterns;
using manifest::PolicyRule;

constexpr std::string_view kExtension = ".yaml";

std::string name_of_file(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string isolation_root(const std::string& file) {
  return file.ends_with(kExtension) ? file.substr(0, file.size() - kExtension.size()) : file;
}

bool lies_in(const std::string& path, const std::string& root) {
  return root.empty() || path == root || path.starts_with(root + "/");
}

bool allows(const AllowedPatterns& allowed, const std::string& value) {
  return std::ranges::any_of(allowed.patterns, [&](const manifest::AllowedPattern& pattern) {
    return pattern.glob.matches(value, nullptr);
  });
}

/// The shortest start of `path`, in whole components, that a pattern matches.
std::optional<std::string> allowed_root(const AllowedPatterns& allowed, const std::string& path) {
  if (std::ranges::find(allowed.patterns, "", &manifest::AllowedPattern::text) !=
      allowed.patterns.end()) {
    return "";
  }
  for (auto end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
    if (allows(allowed, path.substr(0, end))) return path.substr(0, end);
  }
  return allows(allowed, path) ? std::optional(path) : std::nullopt;
}

std::string shown_directory(const std::string& path) { return path.empty() ? "./" : path + "/"; }

}  // namespace

void deny(manifest::SessionSpec& session, const std::string& reason) {
  session.permission.denied = reason;
  for (auto& resource : session.resources) resource.denied = manifest::Denial{reason};
  if (session.outputs) session.outputs->denied = reason;
}

FileJudge::FileJudge(const Boundaries& boundaries, const std::string& path)
    : boundaries_(boundaries), file_(name_of_file(path)), root_(isolation_root(file_)) {
  if (!boundaries.policy) return;
  const auto& rules = boundaries.policy->rules;
  const auto mine = std::ranges::find_if(
      rules, [&](const PolicyRule& rule) { return allows(rule.files, file_); });
  if (mine == rules.end()) return;
  rule_ = &*mine;
  number_ = static_cast<std::size_t>(mine - rules.begin()) + 1;
}

void FileJudge::judge(std::vector<manifest::SessionSpec>& sessions) const {
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    auto& session = sessions[i];
    if (const auto refusal = refuse(session, i)) {
      deny(session, *refusal);
      continue;
    }
    if (rule_ != nullptr) narrow(session);
    for (auto& resource : session.resources) judge(resource);
    if (session.outputs) session.outputs->denied = refuse_outputs(session);
  }
}

bool FileJudge::may_have(const manifest::SessionSpec& session, std::size_t index,
                         manifest::ClaimKind kind) const {
  if (refuse(session, index)) return false;
  return kind != manifest::ClaimKind::kDestination || !session.outputs || !refuse_outputs(session);
}

std::optional<std::string> FileJudge::refuse_outputs(const manifest::SessionSpec& session) const {
  const auto& destination = session.outputs->destination;
  return place_of({"destination", &PolicyRule::destinations}, destination,
                  shown_directory(destination))
      .refusal;
}

/// Why nothing at all may be done with the session.
std::optional<std::string> FileJudge::refuse(const manifest::SessionSpec& session,
                                             std::size_t index) const {
  if (!boundaries_.policy) return std::nullopt;
  if (rule_ == nullptr) {
    return "no rule of " + boundaries_.path + " is for the manifest file " +
           manifest::quoted(file_) + ", so nothing of it is allowed: what is there stays";
  }
  if (index >= rule_->max_sessions.most.value_or(index + 1)) {
    const auto most = *rule_->max_sessions.most;
    return not_allowed("more than " + std::to_string(most) +
                           (most == 1 ? " session" : " sessions") + " in one manifest file",
                       rule_->max_sessions.line);
  }
  if (auto name = refuse_value({"session name", &PolicyRule::names}, session.name, session.name)) {
    return name;
  }
  if (session.create) return refuse_creation(*session.create);
  const auto id = session.session_id.value_or("");
  return refuse_value({"session", &PolicyRule::session_ids}, manifest::comparable_session_id(id),
                      id);
}

std::optional<std::string> FileJudge::refuse_creation(const manifest::CreateSpec& create) const {
  auto refusal = refuse_value({"agent", &PolicyRule::agents}, create.agent_id, create.agent_id);
  if (!refusal) {
    refusal = refuse_value({"environment", &PolicyRule::environments}, create.environment_id,
                           create.environment_id);
  }
  for (const auto& vault : create.vault_ids) {
    if (!refusal) refusal = refuse_value({"vault", &PolicyRule::vaults}, vault, vault);
  }
  return refusal;
}

/// Takes away what the session may not do; the rest of it goes on.
void FileJudge::narrow(manifest::SessionSpec& session) const {
  if (session.prune == manifest::Prune::kAll && !rule_->prune_all.allowed) {
    session.prune = manifest::Prune::kOwned;
    session.permission.withheld.push_back(not_allowed("\"prune: all\"", rule_->prune_all.line) +
                                          "; it prunes as \"owned\" does");
  }
  if (session.on_conflict == manifest::OnConflict::kReplace && !rule_->replace.allowed) {
    session.on_conflict = manifest::OnConflict::kBlock;
    session.permission.withheld.push_back(
        not_allowed("\"on_conflict: replace\"", rule_->replace.line) +
        "; conflicts are left alone");
  }
  cap(session.permission);
}

void FileJudge::cap(manifest::Permission& permission) const {
  if (rule_->max_files.most) {
    permission.files = manifest::Cap{*rule_->max_files.most, rule_at(rule_->max_files.line)};
  }
  if (rule_->max_bytes.most) {
    permission.bytes = manifest::Cap{*rule_->max_bytes.most, rule_at(rule_->max_bytes.line)};
  }
}

void FileJudge::judge(manifest::ResourceSpec& resource) const {
  auto& what = resource.what;
  if (const auto* file = std::get_if<manifest::FileResource>(&what)) {
    judge_source(file->source, false, resource);
  } else if (const auto* directory = std::get_if<manifest::DirectoryResource>(&what)) {
    judge_source(directory->source, true, resource);
  } else if (const auto* archive = std::get_if<manifest::ArchiveResource>(&what)) {
    judge_source(archive->source, true, resource);
  } else if (auto* repository = std::get_if<manifest::RepositoryResource>(&what)) {
    resource.denied = refuse_repository(*repository);
    confine(*repository);
  } else if (const auto* upload = std::get_if<manifest::UploadedFileResource>(&what)) {
    if (auto refusal =
            refuse_value({"file_id", &PolicyRule::file_ids}, upload->file_id, upload->file_id)) {
      resource.denied = manifest::Denial{std::move(*refusal)};
    }
  } else if (const auto* store = std::get_if<manifest::MemoryStoreResource>(&what)) {
    if (auto refusal = refuse_value({"memory store", &PolicyRule::memory_stores},
                                    store->memory_store_id, store->memory_store_id)) {
      resource.denied = manifest::Denial{std::move(*refusal)};
    }
  }
}

void FileJudge::judge_source(const std::string& source, bool is_directory,
                             manifest::ResourceSpec& resource) const {
  auto place = place_of({"source", &PolicyRule::sources}, source,
                        is_directory ? shown_directory(source) : source);
  resource.confined_to = std::move(place.root);
  if (place.refusal) resource.denied = manifest::Denial{std::move(*place.refusal)};
}

/// A link may lead elsewhere than the file's name says: whoever opens it looks where it is.
void FileJudge::confine(manifest::RepositoryResource& repository) const {
  if (!repository.authorization_token) return;
  auto& token = *repository.authorization_token;
  if (auto* file = std::get_if<manifest::TokenFile>(&token)) {
    file->confined_to = secret_root(file->path);
  } else if (auto* app = std::get_if<manifest::TokenGithubApp>(&token)) {
    app->confined_to = secret_root(app->private_key_file);
  }
}

std::string FileJudge::secret_root(const std::string& file) const {
  const auto clean = manifest::clean_relative_path(file);
  return clean ? place_of({"secret file", &PolicyRule::secret_files}, clean->text, file).root : "";
}

std::optional<manifest::Denial> FileJudge::refuse_repository(
    const manifest::RepositoryResource& repository) const {
  const auto& token = repository.authorization_token;
  auto denied = token ? refuse_token(*token) : std::nullopt;
  if (denied) return denied;
  auto refusal = refuse_value({"repository", &PolicyRule::repositories},
                              manifest::comparable_url(repository.url), repository.url);
  return refusal ? std::optional(manifest::Denial{std::move(*refusal)}) : std::nullopt;
}

std::optional<manifest::Denial> FileJudge::refuse_token(const manifest::TokenSpec& token) const {
  if (const auto* file = std::get_if<manifest::TokenFile>(&token)) return refuse_secret(file->path);
  if (const auto* app = std::get_if<manifest::TokenGithubApp>(&token)) {
    return refuse_secret(app->private_key_file);
  }
  if (const auto* env = std::get_if<manifest::TokenEnv>(&token)) {
    auto refusal = refuse_value({"variable", &PolicyRule::env}, env->variable, env->variable);
    return refusal ? std::optional(manifest::Denial{std::move(*refusal)}) : std::nullopt;
  }
  if (rule_ == nullptr || rule_->commands.allowed) return std::nullopt;
  return manifest::Denial{not_allowed("a token command", rule_->commands.line)};
}

std::optional<manifest::Denial> FileJudge::refuse_secret(const std::string& file) const {
  const Kind kind{"secret file", &PolicyRule::secret_files};
  if (!boundaries_.isolate && rule_ == nullptr) return std::nullopt;
  const auto clean = manifest::clean_relative_path(file);
  auto refusal = clean ? place_of(kind, clean->text, file).refusal
                       : std::optional("secret file " + file + " " + clean.error().why +
                                       ", and only what lies in the secrets directory is allowed");
  if (!refusal) return std::nullopt;
  return manifest::Denial{.reason = std::move(*refusal), .of_secret = true};
}

FileJudge::Place FileJudge::place_of(const Kind& kind, const std::string& path,
                                     const std::string& shown) const {
  Place place;
  if (boundaries_.isolate) {
    if (!lies_in(path, root_)) {
      place.refusal = std::string(kind.name) + " " + shown + " is not allowed: --isolate keeps " +
                      manifest::quoted(file_) + " to " + manifest::quoted(root_ + "/") +
                      "; what is there stays";
      return place;
    }
    place.root = root_;
  }
  if (rule_ == nullptr) return place;
  const auto& allowed = rule_->*kind.allowed;
  const auto root = allowed_root(allowed, path);
  if (!root) {
    place.refusal = not_allowed(std::string(kind.name) + " " + shown, allowed.line);
  } else if (root->size() > place.root.size()) {
    place.root = *root;
  }
  return place;
}

std::optional<std::string> FileJudge::refuse_value(const Kind& kind, const std::string& value,
                                                   const std::string& shown) const {
  if (rule_ == nullptr || allows(rule_->*kind.allowed, value)) return std::nullopt;
  return not_allowed(std::string(kind.name) + " " + shown, (rule_->*kind.allowed).line);
}

std::string FileJudge::not_allowed(const std::string& what, int line) const {
  return what + " is not allowed by " + rule_at(line) + "; what is there stays";
}

std::string FileJudge::rule_at(int line) const {
  return "rule " + std::to_string(number_) + " of " + boundaries_.path + " (line " +
         std::to_string(line) + ")";
}

}  // namespace sessync::policy
