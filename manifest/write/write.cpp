#include "manifest/write/write.h"

#include <array>
#include <utility>

#include "manifest/text/utf8.h"

namespace sessync::manifest {
namespace {

/// Comments end where a parser sees a line break, and some see one in these.
std::string one_line(std::string_view text) {
  std::string line = printable(text);
  constexpr std::array<std::string_view, 2> kSeparators = {"\u2028", "\u2029"};
  for (const std::string_view separator : kSeparators) {
    for (auto at = line.find(separator); at != line.npos; at = line.find(separator, at)) {
      line.replace(at, separator.size(), " ");
    }
  }
  return line;
}

class Writer {
 public:
  explicit Writer(const WrittenManifest& manifest) : manifest_(manifest) {}

  WrittenText run() {
    comments("", manifest_.above);
    line("version: 1");
    line("owner: " + write_scalar(manifest_.owner));
    line("");
    line(manifest_.sessions.empty() ? "sessions: []" : "sessions:");
    for (const WrittenSession& session : manifest_.sessions) write(session);
    return std::move(out_);
  }

  void operator()(const UploadedFileResource& file) {
    first("file");
    key("file_id", file.file_id);
    key("mount_path", file.mount_path);
  }

  void operator()(const RepositoryResource& repository) {
    first("github_repository");
    key("url", repository.url);
    key("mount_path", repository.mount_path);
    if (!repository.checkout) return;
    line("        checkout:");
    if (const auto* branch = std::get_if<BranchCheckout>(&*repository.checkout)) {
      line("          type: branch");
      line("          name: " + write_scalar(branch->name));
    } else {
      line("          type: commit");
      line("          sha: " + write_scalar(std::get<CommitCheckout>(*repository.checkout).sha));
    }
  }

  void operator()(const MemoryStoreResource& store) {
    first("memory_store");
    key("memory_store_id", store.memory_store_id);
    key("access", store.access);
    if (store.instructions) key("instructions", *store.instructions);
  }

 private:
  void line(const std::string& text) {
    out_.text += text + "\n";
    ++lines_;
  }

  void comments(const std::string& indent, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) line(indent + "# " + one_line(text));
  }

  void first(const std::string& type) { line("      - type: " + type); }

  void key(const std::string& name, const std::string& value) {
    line("        " + name + ": " + write_scalar(value));
  }

  void write(const WrittenSession& session) {
    comments("  ", session.above);
    line("  - name: " + write_scalar(session.name));
    line("    session_id: " + write_scalar(session.session_id));
    if (session.max_files) line("    max_files: " + std::to_string(*session.max_files));
    bool is_empty = true;
    for (const WrittenEntry& entry : session.entries) is_empty = is_empty && !entry.resource;
    line(is_empty ? "    resources: []" : "    resources:");
    auto& lines = out_.entry_lines.emplace_back();
    lines.reserve(session.entries.size() + 1);
    for (const WrittenEntry& entry : session.entries) {
      lines.push_back(lines_ + 1);
      write(entry);
    }
    lines.push_back(lines_ + 1);
  }

  void write(const WrittenEntry& entry) {
    comments("      ", entry.above);
    if (entry.resource) std::visit(*this, *entry.resource);
    comments("        ", entry.below);
  }

  const WrittenManifest& manifest_;
  WrittenText out_;
  int lines_ = 0;
};

}  // namespace

WrittenText write_manifest(const WrittenManifest& manifest) { return Writer(manifest).run(); }

}  // namespace sessync::manifest
