#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/random.h"

namespace sessync::simulation {

/// One element of `resources`. Which fields count depends on the kind.
struct Entry {
  enum class Kind { kFile, kDirectory, kArchive, kUpload, kRepository, kMemoryStore };
  Kind kind = Kind::kFile;
  std::string source;
  std::string mount;
  std::vector<std::string> exclude;
  std::string file_id;
  std::string url;
};

/// One session of the manifest.
struct Declared {
  std::string name;
  std::optional<std::string> session_id;        ///< absent: created
  std::string title;                            ///< of a created one
  std::map<std::string, std::string> metadata;  ///< likewise
  std::string prune = "owned";
  std::string on_conflict = "block";
  std::string max_deletes = "25%";
  int max_files = 100;
  int interval_s = 300;
  bool suspend = false;
  bool recreate = false;
  std::string secrets = "block";
  std::vector<Entry> entries;
};

/// The manifest as its author thinks of it.
struct DeclaredSet {
  std::string owner = "prod";
  std::vector<Declared> sessions;
};

/// As YAML.
std::string to_yaml(const DeclaredSet& set);

/// The uploads, repositories and paths that an author may name.
struct Vocabulary {
  std::vector<std::string> existing_sessions;
  std::vector<std::string> uploads;
};

/// A manifest to begin with.
DeclaredSet draw_manifest(Random& random, const Vocabulary& words);
/// One edit by its author, chosen by `random`.
void edit_manifest(DeclaredSet& set, Random& random, const Vocabulary& words);

/// One of another author, who claims what is anybody's, under names and with an owner of any kind.
DeclaredSet draw_rival(Random& random, const Vocabulary& words);

/// The directories, file names and repositories that the whole simulation uses: few, so that what
/// happens happens to the same ones.
const std::vector<std::string>& directories();
const std::vector<std::string>& file_names();
const std::vector<std::string>& repositories();
/// A path of the workspace.
std::string draw_path(std::uint64_t number);

}  // namespace sessync::simulation
