#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "manifest/manifest.h"
#include "manifest/spec.h"
#include "reconciler/policy/boundaries.h"

namespace sessync::policy {

/// Denies a session as a whole, with all that it declares.
void deny(manifest::SessionSpec& session, const std::string& reason);

/// Judges what one manifest file declares.
class FileJudge {
 public:
  /// `boundaries` outlive it; they have a policy that counts, or none at all.
  FileJudge(const Boundaries& boundaries, const std::string& path);

  void judge(std::vector<manifest::SessionSpec>& sessions) const;

  /// See manifest::MayHave.
  [[nodiscard]] bool may_have(const manifest::SessionSpec& session, std::size_t index,
                              manifest::ClaimKind kind) const;

  /// Why the file of a token may not be that one; nothing: it may.
  [[nodiscard]] std::optional<manifest::Denial> refuse_secret(const std::string& file) const;
  /// The directory that it has to lie in, wherever links lead; "": any below that for secrets.
  [[nodiscard]] std::string secret_root(const std::string& file) const;

 private:
  /// A kind of place that an entry can name, as messages call it.
  struct Kind {
    const char* name;
    manifest::AllowedPatterns manifest::PolicyRule::* allowed;
  };
  /// The directory that the path must not leave, or why it is not allowed.
  struct Place {
    std::string root;
    std::optional<std::string> refusal;
  };

  [[nodiscard]] std::optional<std::string> refuse(const manifest::SessionSpec& session,
                                                  std::size_t index) const;
  [[nodiscard]] std::optional<std::string> refuse_outputs(
      const manifest::SessionSpec& session) const;
  [[nodiscard]] std::optional<std::string> refuse_creation(
      const manifest::CreateSpec& create) const;
  void narrow(manifest::SessionSpec& session) const;
  void cap(manifest::Permission& permission) const;
  void judge(manifest::ResourceSpec& resource) const;
  void confine(manifest::RepositoryResource& repository) const;
  void judge_source(const std::string& source, bool is_directory,
                    manifest::ResourceSpec& resource) const;
  [[nodiscard]] std::optional<manifest::Denial> refuse_repository(
      const manifest::RepositoryResource& repository) const;
  [[nodiscard]] std::optional<manifest::Denial> refuse_token(
      const manifest::TokenSpec& token) const;

  [[nodiscard]] Place place_of(const Kind& kind, const std::string& path,
                               const std::string& shown) const;
  /// Why `value` is not allowed; nothing: it is.
  [[nodiscard]] std::optional<std::string> refuse_value(const Kind& kind, const std::string& value,
                                                        const std::string& shown) const;
  [[nodiscard]] std::string not_allowed(const std::string& what, int line) const;
  [[nodiscard]] std::string rule_at(int line) const;

  const Boundaries& boundaries_;
  std::string file_;                            ///< its name
  std::string root_;                            ///< of what is isolated
  const manifest::PolicyRule* rule_ = nullptr;  ///< null: there is no policy, or no rule for it
  std::size_t number_ = 0;                      ///< of the rule, from 1
};

}  // namespace sessync::policy
