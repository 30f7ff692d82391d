#include "manifest/parse/github_url.h"

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::string_view kStart = "https://github.com/";
constexpr std::size_t kMaxGithubOwner = 39;
constexpr std::size_t kMaxRepositoryName = 100;

bool is_github_owner(std::string_view owner) {
  return !owner.empty() && owner.size() <= kMaxGithubOwner && !owner.starts_with('-') &&
         consists_of_alnum_or(owner, "-_");
}

bool is_repository_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRepositoryName && name != "." && name != ".." &&
         consists_of_alnum_or(name, "-_.");
}

std::string advice(std::string_view url) {
  if (url.starts_with("http:")) return ": write https";
  if (url.starts_with("git@") || url.starts_with("ssh:")) return ": write the https form";
  if (url.find('@') != url.npos) {
    return ": leave the user and the password out; a token is given by \"authorization_token\"";
  }
  if (url.ends_with(".git")) return ": leave \".git\" off";
  if (url.ends_with('/')) return ": leave the slash at the end off";
  if (url.find_first_of("?#") != url.npos) return ": leave the query off";
  return "";
}

}  // namespace

tl::expected<std::string, std::string> github_repository_name(std::string_view url) {
  const auto wrong = [url] {
    return tl::make_unexpected("must be https://github.com/{owner}/{repo}" + advice(url));
  };
  if (!url.starts_with(kStart)) return wrong();
  const auto path = url.substr(kStart.size());
  const auto slash = path.find('/');
  if (slash == path.npos) return wrong();
  const auto name = path.substr(slash + 1);
  if (!is_github_owner(path.substr(0, slash)) || !is_repository_name(name) ||
      name.ends_with(".git")) {
    return wrong();
  }
  return std::string(name);
}

}  // namespace sessync::manifest
