#include <array>

#include "manifest/parse/pattern_list.h"
#include "manifest/parse/relative_path.h"
#include "manifest/parse/resources.h"
#include "manifest/parse/scalars.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 11> kFileKeys = {
    "type",    "source", "file_id",   "mount_path", "include", "exclude",
    "archive", "allow",  "gitignore", "links",      "secrets"};
constexpr std::array<std::string_view, 2> kArchiveFormats = {"tar.gz", "zip"};
constexpr std::array<std::string_view, 2> kLinkScopes = {"source", "workspace"};

/// Keys that say something about what this entry is not.
void refuse_keys(const Fields& fields, std::span<const std::string_view> keys, std::string_view why,
                 Report& report) {
  for (const auto key : keys) {
    if (const auto field = fields.find(key)) {
      report.error(field->key_at, "misplaced_key", quoted(key) + " " + std::string(why));
    }
  }
}

std::optional<RelativePath> read_source_path(const Field& field, Report& report) {
  const auto text = read_text(field, report);
  if (!text) return std::nullopt;
  auto path = clean_relative_path(*text);
  if (path) return std::move(*path);
  const auto& fault = path.error();
  if (fault.outside) {
    report.error(field.at(), "source_outside_workspace",
                 "\"source\": " + quoted(*text) + " " + fault.why +
                     ": a source is relative to the workspace and lies in it");
  } else {
    report.error(field.at(), "invalid_source", "\"source\": " + quoted(*text) + " " + fault.why);
  }
  return std::nullopt;
}

/// Nothing, after an error, if the mount path is not in order.
template <class Resource>
std::optional<ResourceDraft> place(Resource resource, const Fields& fields, std::string fallback,
                                   Report& report) {
  constexpr bool kMayBeRoot = std::is_same_v<Resource, DirectoryResource>;
  const auto mount = read_mount_text(fields, std::move(fallback), report);
  if (!mount) return std::nullopt;
  auto accepted = accept_mount_path(*mount, kMayBeRoot, report);
  if (!accepted) return std::nullopt;
  resource.mount_path = std::move(*accepted);
  return ResourceDraft{{report.locate(fields.at()), std::move(resource)}, mount->at};
}

std::optional<ResourceDraft> read_uploaded(const Fields& fields, const Field& file_id,
                                           Report& report) {
  constexpr std::array<std::string_view, 7> kOfSources = {
      "include", "exclude", "archive", "allow", "gitignore", "links", "secrets"};
  refuse_keys(fields, kOfSources, "goes with a \"source\", not with \"file_id\"", report);
  auto id = read_id(file_id, "file", report).value_or("invalid");
  auto fallback = "/" + id;
  return place(UploadedFileResource{std::move(id), ""}, fields, std::move(fallback), report);
}

LinkScope read_links(const Fields& fields, Report& report) {
  const auto field = fields.find("links");
  const bool widened = field && read_choice(*field, kLinkScopes, report) == 1;
  return widened ? LinkScope::kWorkspace : LinkScope::kSource;
}

std::optional<ResourceDraft> read_single(const Fields& fields, const std::string& source,
                                         Report& report) {
  constexpr std::array<std::string_view, 4> kOfDirectories = {"include", "exclude", "archive",
                                                              "gitignore"};
  refuse_keys(fields, kOfDirectories,
              "goes with a directory: end the \"source\" in \"/\" if it is one", report);
  auto allow = read_names(fields, "allow", report);
  const LinkScope links = read_links(fields, report);
  const auto secrets = read_secrets_policy(fields, report);
  return place(FileResource{source, "", std::move(allow), links, secrets}, fields, "/" + source,
               report);
}

bool read_gitignore(const Fields& fields, Report& report) {
  const auto field = fields.find("gitignore");
  return field && read_bool(*field, report).value_or(false);
}

std::optional<ResourceDraft> read_directory(const Fields& fields, const std::string& source,
                                            Report& report) {
  auto include = read_include(fields, report);
  auto exclude = read_patterns(fields, "exclude", report);
  auto allow = read_names(fields, "allow", report);
  const bool gitignore = read_gitignore(fields, report);
  const LinkScope links = read_links(fields, report);
  const auto secrets = read_secrets_policy(fields, report);
  const auto archive = fields.find("archive");
  if (!archive) {
    return place(DirectoryResource{source, std::move(include), std::move(exclude), "",
                                   std::move(allow), gitignore, links, secrets},
                 fields, "/" + source, report);
  }
  const auto format = read_choice(*archive, kArchiveFormats, report).value_or(0);
  return place(
      ArchiveResource{source, std::move(include), std::move(exclude),
                      format == 0 ? ArchiveResource::Format::kTarGz : ArchiveResource::Format::kZip,
                      "", std::move(allow), gitignore, links, secrets},
      fields, "/" + source, report);
}

/// What is left to check of an entry whose source or file id cannot be told.
void check_rest(const Fields& fields, Report& report) {
  read_include(fields, report);
  read_patterns(fields, "exclude", report);
  read_names(fields, "allow", report);
  read_gitignore(fields, report);
  read_links(fields, report);
  read_secrets_policy(fields, report);
  if (const auto archive = fields.find("archive")) read_choice(*archive, kArchiveFormats, report);
  const auto mount = read_mount_text(fields, "", report);
  if (mount && !mount->is_default) accept_mount_path(*mount, true, report);
}

}  // namespace

std::optional<ResourceDraft> read_file_resource(const Field& item, Report& report) {
  const auto fields = Fields::open(item, {"a file resource", kFileKeys}, report);
  if (!fields) return std::nullopt;
  const auto source = fields->find("source");
  const auto file_id = fields->find("file_id");
  if (source && file_id) {
    report.error(file_id->key_at, "conflicting_keys",
                 "\"file_id\" names an upload and \"source\" a file of the workspace: keep one");
  } else if (file_id) {
    return read_uploaded(*fields, *file_id, report);
  } else if (source) {
    if (const auto path = read_source_path(*source, report)) {
      return path->is_directory ? read_directory(*fields, path->text, report)
                                : read_single(*fields, path->text, report);
    }
  } else {
    report.error(fields->at(), "missing_key",
                 "a file resource needs a \"source\" in the workspace or a \"file_id\"");
  }
  check_rest(*fields, report);
  return std::nullopt;
}

}  // namespace sessync::manifest
