#include "reconciler/desired/left_out.h"

#include <algorithm>

namespace sessync::desired {
namespace {

constexpr std::size_t kShown = 3;

std::string base_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string number_of(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

using Rule = ports::LeftOut::Rule;

std::string shown_path(const ports::LeftOut& what) {
  return what.path + (what.is_directory ? "/" : "");
}

std::string describe_link(const ports::LeftOut& what) {
  const bool is_outside = what.rule == Rule::kLinkOutside;
  return shown_path(what) + " is a symlink to " + what.name +
         (is_outside ? ", outside of its source"
                     : ", which the entry's include and exclude patterns or an ignore file keep "
                       "out") +
         ": it is not mirrored, and what an earlier version mounted here stays as it is. To let it "
         "through, " +
         (is_outside ? "write \"links: workspace\" in the entry"
                     : "change those patterns, or declare that file itself") +
         "; to take it away, add " + base_of(what.path) + " to \"exclude\", or remove the entry";
}

}  // namespace

BlockCode code_of(const ports::LeftOut& what) {
  const bool is_link = what.rule == Rule::kLinkOutside || what.rule == Rule::kLinkExcluded;
  return is_link ? BlockCode::kLinkOutside : BlockCode::kSecret;
}

void LeftOutPaths::add(const ports::LeftOut& what, const std::string& source,
                       const std::string& mount) {
  sources_.insert(what.is_directory ? source + "/" : source);
  if (what.rule == Rule::kUsual) {
    return;
  }
  auto known = what;
  known.path = source;
  lately_.try_emplace(manifest::MountPath::of_file(mount), std::move(known));
}

const ports::LeftOut* LeftOutPaths::find(const manifest::MountPath& path) const {
  if (lately_.empty()) {
    return nullptr;
  }
  if (const auto here = lately_.find(path); here != lately_.end()) {
    return &here->second;
  }
  const std::string& text = path.text();
  for (auto slash = text.rfind('/'); slash != std::string::npos;
       slash = slash == 0 ? std::string::npos : text.rfind('/', slash - 1)) {
    const auto above =
        lately_.find(manifest::MountPath::literal(text.substr(0, std::max<std::size_t>(slash, 1))));
    if (above != lately_.end() && above->second.is_directory) {
      return &above->second;
    }
  }
  return nullptr;
}

LeftOutPaths::Count LeftOutPaths::count() const {
  Count count;
  count.directories = static_cast<std::size_t>(
      std::ranges::count_if(sources_, [](const std::string& path) { return path.ends_with('/'); }));
  count.files = sources_.size() - count.directories;
  for (const auto& path : sources_) {
    if (count.first.size() == kShown) {
      break;
    }
    count.first.push_back(path);
  }
  return count;
}

std::string describe(const ports::LeftOut& what) {
  if (code_of(what) == BlockCode::kLinkOutside) {
    return describe_link(what);
  }
  if (what.rule == Rule::kOwnSecret) {
    return shown_path(what) +
           " is a secret of sessync's own (a key, a token, or its state): it is not mirrored, and "
           "nothing lets it through. What an earlier version mounted here stays as it is; to take "
           "it away, add " +
           base_of(what.path) +
           " to \"exclude\", or remove the entry, and then replace the secret, because the session "
           "had it";
  }
  const bool by_itself = what.name.empty();
  const std::string name = by_itself ? base_of(what.path) : what.name;
  return shown_path(what) + (by_itself ? "" : " leads to " + what.name + ", which") +
         " is left out by default because of its name: secrets are kept under names like it, or "
         "nothing of use; what an earlier version mounted here stays as it is. To let it through, "
         "add " +
         name + " to \"allow\" of its source; to take it away, add " + base_of(what.path) +
         " to \"exclude\", or remove the entry";
}

std::string describe(const LeftOutPaths::Count& count) {
  std::string text;
  if (count.files > 0) {
    text = number_of(count.files, "file", "files");
  }
  if (count.directories > 0) {
    text +=
        (text.empty() ? "" : " and ") + number_of(count.directories, "directory", "directories");
  }
  text += " (";
  for (const auto& path : count.first) {
    text += (path == count.first.front() ? "" : ", ") + path;
  }
  return text + (count.files + count.directories > count.first.size() ? ", ...)" : ")");
}

}  // namespace sessync::desired
