#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "manifest/spec.h"

/// The way back: manifests as text, for what needs no workspace.
namespace sessync::manifest {

/// Of a repository, the source of its token and `rotate_every` are left out.
using WrittenResource = std::variant<UploadedFileResource, RepositoryResource, MemoryStoreResource>;

/// An entry of a resource list; without a resource, comments alone.
struct WrittenEntry {
  std::vector<std::string> above;  ///< comments, one line each; line breaks in them are escaped
  std::optional<WrittenResource> resource;
  std::vector<std::string> below;  ///< comments at the end of the entry
};

struct WrittenSession {
  std::vector<std::string> above;
  std::string name;
  std::string session_id;
  std::optional<std::uint64_t> max_files;
  std::vector<WrittenEntry> entries;
};

struct WrittenManifest {
  std::vector<std::string> above;
  std::string owner;
  std::vector<WrittenSession> sessions;
};

struct WrittenText {
  std::string text;
  /// By session: the line, counted from 1, in which each entry begins, and the one after the last.
  std::vector<std::vector<int>> entry_lines;
};

/// One YAML file. Nothing is checked: what is no valid value is written all the same, so that
/// load_manifest_file says what is wrong with it, and where.
WrittenText write_manifest(const WrittenManifest& manifest);

/// `text` as a YAML scalar on one line, which every parser of YAML 1.1 or 1.2 reads as this string:
/// plain if it cannot be taken for anything else, otherwise in double quotes. Bytes that are no
/// UTF-8 become U+FFFD.
std::string write_scalar(std::string_view text);

}  // namespace sessync::manifest
