#include "daemon/controller/absent_files.h"

#include <algorithm>

#include "manifest/parse/contest.h"

namespace sessync::controller {
namespace {

bool is_nothing_read(const std::vector<manifest::ManifestText>& texts) {
  return std::ranges::none_of(
      texts, [](const manifest::ManifestText& text) { return text.read_error.empty(); });
}

std::set<std::string> names_missing(const std::vector<manifest::ManifestText>& texts,
                                    const manifest::Manifest& before) {
  std::set<std::string> names;
  for (const auto& holding : before.held) names.insert(holding.file);
  for (const auto& text : texts) names.erase(manifest::file_name_of(text.path));
  return names;
}

}  // namespace

/// Where nothing can be read nobody lets go of anything.
std::set<std::string> AbsentFiles::look(const std::vector<manifest::ManifestText>& texts,
                                        const manifest::Manifest& before, ports::TimePoint now) {
  const auto missing =
      is_nothing_read(texts) ? std::set<std::string>() : names_missing(texts, before);
  std::erase_if(since_, [&](const auto& one) { return !missing.contains(one.first); });
  std::set<std::string> lately;
  next_.reset();
  for (const auto& name : missing) {
    const auto over = since_.try_emplace(name, now).first->second + kGrace;
    if (over <= now) continue;
    lately.insert(name);
    next_ = std::min(next_.value_or(over), over);
  }
  return lately;
}

}  // namespace sessync::controller
