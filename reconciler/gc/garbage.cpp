#include "reconciler/gc/garbage.h"

#include <algorithm>
#include <map>
#include <optional>

#include "reconciler/apply/confirm_uploads.h"
#include "reconciler/limits.h"
#include "reconciler/observe/server_time.h"

namespace sessync::gc {
namespace {

/// How long ago `file` was made, if that is known and long enough.
std::optional<ports::Duration> garbage_age(const ports::FileMetadata& file) {
  const auto made = observe::parse_server_time(file.created_at);
  if (!made || !file.answered_at || *file.answered_at - *made < reconciler::kGarbageAge) {
    return std::nullopt;
  }
  return std::chrono::floor<ports::Duration>(*file.answered_at - *made);
}

std::optional<observe::Marker> marker_of(const ports::FileMetadata& file, const std::string& owner,
                                         const observe::MarkerReader& reader,
                                         bool is_recorded = false) {
  auto marker = reader.read(file.filename, is_recorded).marker;
  return marker && marker->owner == owner ? marker : std::nullopt;
}

void sort_by_creation(std::vector<Garbage>& found) {
  std::ranges::sort(found, [](const Garbage& left, const Garbage& right) {
    return left.age != right.age ? left.age > right.age : left.file.file_id < right.file.file_id;
  });
}

/// Which upload is to be used for each digest.
class Choice {
 public:
  Choice(const std::vector<ports::Upload>& recorded, const std::string& owner) {
    for (const auto& upload : recorded) {
      if (upload.owner == owner) {
        recorded_.insert(upload.file_id);
      }
    }
  }

  [[nodiscard]] bool is_recorded(const ports::FileMetadata& file) const {
    return recorded_.contains(file.file_id);
  }

  void offer(const ports::FileMetadata& file, const observe::Marker& marker) {
    auto& best = best_[marker.digest_prefix];
    if (!apply::is_expired(file, ports::TimePoint{}) &&
        (best == nullptr || is_better(file, *best))) {
      best = &file;
    }
  }

  [[nodiscard]] bool is_best(const ports::FileMetadata& file, const observe::Marker& marker) const {
    return best_.at(marker.digest_prefix) == &file;
  }

 private:
  [[nodiscard]] bool is_better(const ports::FileMetadata& file,
                               const ports::FileMetadata& other) const {
    const bool known = is_recorded(file);
    if (known != is_recorded(other)) {
      return known;
    }
    return observe::parse_server_time(file.created_at) >
           observe::parse_server_time(other.created_at);
  }

  std::set<std::string> recorded_;
  std::map<std::string, const ports::FileMetadata*> best_;  // by digest prefix
};

bool is_declared(const observe::Marker& marker, const std::set<std::string>& digests) {
  const auto candidate = digests.lower_bound(marker.digest_prefix);
  return candidate != digests.end() && observe::marker_matches(marker, *candidate);
}

const std::string* copy_of(const ports::ResourceRow& row) {
  const auto* file = std::get_if<ports::FileRow>(&row);
  return file == nullptr ? nullptr : &file->file_id;
}

}  // namespace

std::vector<Garbage> garbage_uploads(const std::vector<ports::FileMetadata>& uploads,
                                     const std::vector<ports::Upload>& recorded,
                                     const NeededUploads& needed, const std::string& owner,
                                     const ports::MarkerRules* markers) {
  Choice choice(recorded, owner);
  const observe::MarkerReader reader(markers, needed.digests);
  for (const auto& file : uploads) {
    if (const auto marker = marker_of(file, owner, reader, choice.is_recorded(file))) {
      choice.offer(file, *marker);
    }
  }
  std::vector<Garbage> found;
  for (const auto& file : uploads) {
    const auto marker = marker_of(file, owner, reader, choice.is_recorded(file));
    const auto age = garbage_age(file);
    if (!marker || !age || needed.file_ids.contains(file.file_id)) {
      continue;
    }
    const bool declared = is_declared(*marker, needed.digests);
    if (!declared || !choice.is_best(file, *marker)) {
      found.push_back({file, std::nullopt, *age,
                       declared ? "another upload has the same content" : "nothing declares it"});
    }
  }
  sort_by_creation(found);
  return found;
}

bool has_undated(const std::vector<ports::FileMetadata>& files, const std::string& owner,
                 const ports::MarkerRules* markers) {
  const observe::MarkerReader reader(markers);
  return std::ranges::any_of(files, [&](const ports::FileMetadata& file) {
    return marker_of(file, owner, reader) &&
           (!file.answered_at || !observe::parse_server_time(file.created_at));
  });
}

std::vector<Garbage> garbage_copies(const std::vector<ports::FileMetadata>& session_files,
                                    const std::vector<ports::ResourceRow>& rows,
                                    const std::string& owner, const ports::MarkerRules* markers) {
  const observe::MarkerReader reader(markers);
  std::set<std::string> mounted;
  for (const auto& row : rows) {
    if (const auto* id = copy_of(row)) {
      mounted.insert(*id);
    }
  }
  std::vector<Garbage> found;
  for (const auto& file : session_files) {
    const auto age = garbage_age(file);
    if (age && !file.downloadable.value_or(false) && marker_of(file, owner, reader) &&
        !mounted.contains(file.file_id)) {
      found.push_back({file, std::nullopt, *age, "its mount was deleted"});
    }
  }
  sort_by_creation(found);
  return found;
}

}  // namespace sessync::gc
