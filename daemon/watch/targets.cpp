#include "daemon/watch/targets.h"

#include <filesystem>

#include "daemon/os/path_text.h"
#include "daemon/workspace/scan/ignore_files.h"
#include "daemon/workspace/scan/source_filter.h"

namespace sessync::watch {
namespace {

std::string absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).string();
}

/// Adds the targets of one resource.
class AddTargets {
 public:
  AddTargets(const std::string& name, std::string workspace, std::vector<WatchTarget>& out)
      : name_(name), workspace_(std::move(workspace)), out_(out) {}

  void operator()(const manifest::FileResource& entry) { add(entry.source); }

  void operator()(const manifest::DirectoryResource& entry) { add_tree(entry); }
  void operator()(const manifest::ArchiveResource& entry) { add_tree(entry); }

  /// Entries that read no workspace.
  template <class Other>
  void operator()(const Other& /*entry*/) {}

 private:
  template <class Entry>
  void add_tree(const Entry& entry) {
    for (std::size_t end = 0; !entry.source.empty() && end != std::string::npos;
         end = entry.source.find('/', end + 1)) {
      const std::string above = entry.source.substr(0, end);
      add(os::join_path(above, workspace::kIgnoreFileName));
      if (entry.gitignore) add(os::join_path(above, workspace::kGitIgnoreFileName));
    }
    WatchTarget& tree = add(entry.source);
    // What only the name of the source's own directory would leave out is watched: it may be a
    // link.
    const workspace::SourceFilter filter(entry.include, entry.exclude, entry.allow);
    tree.enters = [filter](std::string_view directory) { return filter.enters(directory); };
    tree.matters = [filter, gitignore = entry.gitignore](std::string_view file) {
      const std::string_view name = os::base_name(file);
      return name == workspace::kIgnoreFileName ||
             (gitignore && name == workspace::kGitIgnoreFileName) || filter.takes(file);
    };
  }

  WatchTarget& add(const std::string& path) {
    WatchTarget& target = out_.emplace_back();
    target.name = name_;
    target.path = os::join_path(workspace_, path);
    return target;
  }

  const std::string& name_;
  std::string workspace_;
  std::vector<WatchTarget>& out_;
};

}  // namespace

std::vector<WatchTarget> workspace_targets(const std::string& name, const std::string& workspace,
                                           std::span<const manifest::ResourceSpec> resources) {
  std::vector<WatchTarget> targets;
  AddTargets add(name, absolute(workspace), targets);
  for (const manifest::ResourceSpec& resource : resources) {
    if (!resource.denied) std::visit(add, resource.what);
  }
  return targets;
}

WatchTarget manifest_target(const std::string& name, const std::string& manifest) {
  WatchTarget target;
  target.name = name;
  target.path = absolute(manifest);
  target.enters = [](std::string_view) { return false; };
  target.matters = [](std::string_view file) {
    return !file.starts_with('.') && (file.ends_with(".yaml") || file.ends_with(".yml"));
  };
  return target;
}

WatchTarget secret_target(const std::string& name, const std::string& file) {
  WatchTarget target;
  target.name = name;
  target.path = absolute(file);
  return target;
}

}  // namespace sessync::watch
