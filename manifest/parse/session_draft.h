#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/parse/report.h"
#include "manifest/parse/resources.h"

namespace sessync::manifest {

struct AgentRef {
  std::string id;
  std::optional<std::int64_t> version;
};

/// A `create` mapping as far as it is written; what is missing may come from the defaults.
struct CreateDraft {
  Position at;
  std::optional<AgentRef> agent;
  std::optional<std::string> environment_id;
  std::optional<std::string> title;
  std::optional<std::map<std::string, std::string>> metadata;
  std::optional<std::vector<std::string>> vault_ids;
};

struct OutputsDraft {
  std::optional<std::string> destination;  ///< cleaned
  Position destination_at;
  Patterns include;
  std::optional<std::uint64_t> max_file;
  std::optional<std::uint64_t> max_total;
  std::optional<std::uint64_t> max_files;
};

template <class T>
struct Placed {
  T value;
  Position at;
};

/// A session as far as it is written, or the defaults of one. A key that is there but wrong is
/// present with some value, so that it is not reported as missing too.
struct SessionDraft {
  Position at;
  std::optional<Placed<std::string>> name;
  std::optional<Placed<std::string>> session_id;
  std::optional<CreateDraft> create;
  std::optional<Prune> prune;
  std::optional<OnConflict> on_conflict;
  std::optional<bool> suspend;
  std::optional<Placed<bool>> recreate;
  std::optional<std::chrono::seconds> interval;
  std::optional<MaxDeletes> max_deletes;
  std::optional<std::uint64_t> max_files;
  std::optional<std::uint64_t> max_file_size;
  std::optional<SecretsPolicy> secrets;
  std::vector<ResourceDraft> resources;
  std::optional<OutputsDraft> outputs;
};

/// Nothing if `field` is no mapping.
std::optional<SessionDraft> read_session(const Field& field, Report& report);
std::optional<SessionDraft> read_defaults(const Field& field, Report& report);
CreateDraft read_create(const Field& field, Report& report);
OutputsDraft read_outputs(const Field& field, Report& report);

/// The session with what it leaves open taken from `defaults`: a key of its own wins whole, but
/// `resources` come after those of the defaults, and `create` is merged key by key where the
/// session has one.
SessionDraft merge_defaults(SessionDraft session, const SessionDraft& defaults);

/// The finished session; what it lacks, and what does not go together, is reported.
SessionSpec finish_session(const SessionDraft& draft, Report& report);

}  // namespace sessync::manifest
