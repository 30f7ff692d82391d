#include <array>

#include "manifest/parse/github_url.h"
#include "manifest/parse/resources.h"
#include "manifest/parse/scalars.h"
#include "manifest/parse/token.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

constexpr std::array<std::string_view, 6> kRepositoryKeys = {
    "type", "url", "mount_path", "checkout", "authorization_token", "rotate_every"};
constexpr std::array<std::string_view, 3> kCheckoutKeys = {"type", "name", "sha"};
constexpr std::array<std::string_view, 2> kCheckoutTypes = {"branch", "commit"};
constexpr DurationRange kRotateEvery = {1min, 8760h};
constexpr std::size_t kMaxBranchLength = 255;

/// The rules of git for branch names that a slip of the keyboard can break.
bool is_branch_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxBranchLength || has_control_character(name)) return false;
  if (name.find_first_of(" ~^:?*[\\") != name.npos) return false;
  if (name.starts_with('-') || name.starts_with('/') || name.ends_with('/')) return false;
  if (name.ends_with('.') || name.ends_with(".lock")) return false;
  return name.find("..") == name.npos && name.find("//") == name.npos &&
         name.find("@{") == name.npos;
}

bool is_commit(std::string_view sha) {
  return sha.size() >= 7 && sha.size() <= 64 &&
         sha.find_first_not_of("0123456789abcdefABCDEF") == sha.npos;
}

std::optional<std::string> read_checked(const Field& field, bool (*accepts)(std::string_view),
                                        std::string_view expected, Report& report) {
  auto text = read_text(field, report);
  if (!text || accepts(*text)) return text;
  report.error(field.at(), "invalid_checkout",
               quoted(field.name) + ": " + quoted(*text) + " is no " + std::string(expected));
  return std::nullopt;
}

void refuse(const Fields& fields, std::string_view key, std::string_view type, Report& report) {
  if (const auto field = fields.find(key)) {
    report.error(field->key_at, "misplaced_key",
                 quoted(key) + " goes with the checkout type " + std::string(type));
  }
}

Checkout read_branch(const Fields& fields, Report& report) {
  refuse(fields, "sha", "commit", report);
  const auto name = fields.require("name", report);
  if (!name) return BranchCheckout{};
  return BranchCheckout{
      read_checked(*name, is_branch_name, "name of a branch", report).value_or("")};
}

Checkout read_commit(const Fields& fields, Report& report) {
  refuse(fields, "name", "branch", report);
  const auto sha = fields.require("sha", report);
  if (!sha) return CommitCheckout{};
  return CommitCheckout{
      read_checked(*sha, is_commit, "commit id of 7 to 64 hexadecimal digits", report)
          .value_or("")};
}

std::optional<Checkout> read_checkout(const Field& field, Report& report) {
  const auto fields = Fields::open(field, {"checkout", kCheckoutKeys}, report);
  if (!fields) return std::nullopt;
  const auto type = fields->require("type", report);
  if (!type) return std::nullopt;
  const auto chosen = read_choice(*type, kCheckoutTypes, report);
  if (!chosen) return std::nullopt;
  return *chosen == 0 ? read_branch(*fields, report) : read_commit(*fields, report);
}

void read_token_keys(const Fields& fields, RepositoryResource& repository, Report& report) {
  const auto token = fields.find("authorization_token");
  const auto rotate = fields.find("rotate_every");
  if (token) repository.authorization_token = read_token(*token, report);
  if (!rotate) return;
  repository.rotate_every = read_duration(*rotate, kRotateEvery, report);
  if (token) return;
  report.error(rotate->key_at, "misplaced_key",
               "\"rotate_every\" goes with an \"authorization_token\", which is not there");
}

/// The name of the repository; "" if the URL is not in order.
std::string read_url(const Fields& fields, RepositoryResource& repository, Report& report) {
  const auto field = fields.require("url", report);
  if (!field) return "";
  const auto url = read_text(*field, report);
  if (!url) return "";
  repository.url = *url;
  auto name = github_repository_name(*url);
  if (name) return *name;
  // The URL is not repeated: a password may be in it.
  report.error(field->at(), "invalid_url", "\"url\" " + name.error());
  return "";
}

}  // namespace

std::optional<ResourceDraft> read_repository(const Field& item, Report& report) {
  const auto fields = Fields::open(item, {"a github_repository resource", kRepositoryKeys}, report);
  if (!fields) return std::nullopt;
  RepositoryResource repository;
  const auto name = read_url(*fields, repository, report);
  if (const auto checkout = fields->find("checkout")) {
    repository.checkout = read_checkout(*checkout, report);
  }
  read_token_keys(*fields, repository, report);
  const auto mount = read_mount_text(*fields, "/workspace/" + name, report);
  if (!mount || (mount->is_default && name.empty())) return std::nullopt;
  auto accepted = accept_mount_path(*mount, false, report);
  if (!accepted) return std::nullopt;
  repository.mount_path = std::move(*accepted);
  return ResourceDraft{{report.locate(fields->at()), std::move(repository)}, mount->at};
}

}  // namespace sessync::manifest
