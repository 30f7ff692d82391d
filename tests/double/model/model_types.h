#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/ports/api_error.h"

/// The values of the API double: what the API stores, what it is asked, what it answers.
namespace sessync::model {

/// Behaviours that the API's documentation leaves open: either answer is right, so clients must
/// live with both.
struct Switches {
  /// kReject: a mount equal to, above or below another is refused. kShadow: it is accepted.
  enum class DuplicateMount { kReject, kShadow };
  enum class CopyOnDelete { kKept, kRemoved };
  enum class WhileRunning { kOk, kRefused400, kRefused409 };
  enum class Archived { kRefused400, kRefused409 };
  enum class MountEcho { kResolved, kAsSent };
  enum class RepoDelete { kRefused400, kOk };
  /// `ids[]` of the list of files: other servers refuse it as unknown, or answer as if it were not
  /// there.
  enum class FileIds { kKnown, kUnknown, kIgnored };
  /// What no file id can look like: is there no such file, or is the question refused?
  enum class MalformedId { kAbsent, kRefused400 };
  /// What an update does with the metadata that it does not name.
  enum class MetadataUpdate { kMerged, kReplaced };
  /// Whether a file row that was attached without a mount path says where it is mounted.
  enum class DefaultMount { kSaid, kOmitted };
  /// Whether answers have the optional fields without which they mean the same.
  enum class Optional { kSaid, kOmitted };

  DuplicateMount duplicate_mount = DuplicateMount::kReject;
  CopyOnDelete copy_on_delete = CopyOnDelete::kKept;
  WhileRunning mutate_while_running = WhileRunning::kOk;
  Archived archived = Archived::kRefused400;
  MountEcho mount_echo = MountEcho::kResolved;
  RepoDelete repo_delete = RepoDelete::kRefused400;
  FileIds file_ids = FileIds::kKnown;
  MalformedId malformed_id = MalformedId::kAbsent;
  MetadataUpdate metadata_update = MetadataUpdate::kMerged;
  DefaultMount default_mount = DefaultMount::kSaid;
  Optional optional = Optional::kSaid;
  bool updated_at_on_rotate = true;
  std::size_t file_cap = 500;  ///< file resources of one session
  ports::Duration resource_list_lag{0};
  ports::Duration file_list_lag{0};
};

/// Immutable bytes, shared between an upload and its copies. `bytes` may be absent in pure tests
/// that only care for the digest.
struct Content {
  std::shared_ptr<const std::string> bytes;
  std::string sha256;
  std::uint64_t size = 0;

  static Content of(std::string text);
};

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

struct File {
  std::string id;
  std::string filename;
  std::string mime_type;
  Content content;
  ports::TimePoint created_at;
  std::optional<ports::TimePoint> expires_at;
  bool downloadable = false;
  std::string session_id;    ///< "" for a plain upload
  std::uint64_t serial = 0;  ///< order of creation
  std::optional<ports::TimePoint> removed_at;
};

struct Checkout {
  std::optional<std::string> branch;
  std::optional<std::string> commit;
};

enum class ResourceType { kFile, kRepository, kMemoryStore };

struct Resource {
  ResourceType type = ResourceType::kFile;
  std::string id;                 ///< "" for a memory store
  std::string mount_path;         ///< resolved
  std::string mount_sent;         ///< as it was asked for; the resolved default if it was not
  bool is_default_mount = false;  ///< it was not asked for
  ports::TimePoint created_at;
  ports::TimePoint updated_at;
  std::uint64_t serial = 0;
  std::optional<ports::TimePoint> removed_at;

  std::string file_id;    ///< the session's copy
  std::string upload_id;  ///< what it was copied from; never answered
  std::string filename;
  Content content;

  std::string url;
  std::optional<std::string> token;  ///< that it holds; never answered
  ports::TimePoint token_at;         ///< when it came
  std::vector<std::string> rotated;  ///< every token that a rotation sent, oldest first
  std::optional<Checkout> checkout;

  std::string memory_store_id;
  std::string access;
  std::string name;
  std::string description;
  std::optional<std::string> instructions;
};

struct Event {
  std::string id;
  std::string type;
  ports::TimePoint processed_at;  ///< the only time that an event has
  std::string json;               ///< the event's other fields, as a JSON object
  std::uint64_t serial = 0;
};

struct Session {
  std::string id;
  std::string status = "idle";
  std::optional<std::string> title;
  std::map<std::string, std::string> metadata;
  std::string agent_id;
  std::int64_t agent_version = 1;
  std::string environment_id;
  std::vector<std::string> vault_ids;
  std::vector<Resource> resources;
  std::vector<Resource> removed;  ///< kept for lists that lag
  std::vector<Event> events;
  std::string agent_json;   ///< overrides of the agent snapshot, "" for none
  std::string budget_json;  ///< "" for none
  ports::TimePoint created_at;
  ports::TimePoint updated_at;
  std::optional<ports::TimePoint> archived_at;
  std::uint64_t serial = 0;
};

/// A refusal in the API's own terms.
struct Error {
  int status = 400;
  std::string type;
  std::string message;
  std::string code;  ///< error.details.error_code; "" for none
  std::optional<bool> should_retry;
};

template <class T>
using Answer = tl::expected<T, Error>;

struct NewFile {
  std::string filename;
  std::string mime_type;
  Content content;
  std::optional<std::int64_t> expires_in_seconds;
};

/// One element of the resources of a create request, or the body of an add.
struct NewResource {
  std::string type = "file";
  std::string file_id;
  std::optional<std::string> mount_path;
  std::string url;
  std::optional<std::string> authorization_token;
  std::optional<Checkout> checkout;
  std::string memory_store_id;
  std::optional<std::string> access;
  std::optional<std::string> instructions;
};

struct NewSession {
  std::string agent_id = "agent_default";
  std::int64_t agent_version = 1;
  std::string environment_id = "env_default";
  std::optional<std::string> title;
  std::map<std::string, std::string> metadata;
  std::vector<NewResource> resources;
  std::vector<std::string> vault_ids;
  std::string agent_json;
  std::string budget_json;
};

struct SessionUpdate {
  bool has_title = false;
  std::optional<std::string> title;
  std::map<std::string, std::optional<std::string>> metadata;  ///< nothing: delete the key
  std::string agent_json;
  bool has_budget = false;
  std::string budget_json;
};

struct PageQuery {
  std::optional<std::size_t> limit;
  std::string page;  ///< a cursor; "" for the first page
  bool ascending = false;
};

struct FileQuery {
  PageQuery page;
  std::vector<std::string> ids;
  std::string scope_id;  ///< "" for plain uploads
};

struct SessionQuery {
  PageQuery page;
  bool include_archived = false;
  std::string agent_id;
  std::optional<std::int64_t> agent_version;
  std::string memory_store_id;
  std::string deployment_id;  ///< no session has one
  std::vector<std::string> statuses;
  std::optional<ports::TimePoint> created_from;  ///< inclusive
  std::optional<ports::TimePoint> created_to;    ///< exclusive
};

struct EventQuery {
  PageQuery page;
  std::vector<std::string> types;
  /// Of `processed_at`, although the parameters are called created_at[...].
  std::optional<ports::TimePoint> created_from;
  std::optional<ports::TimePoint> created_to;
};

template <class T>
struct Page {
  std::vector<T> data;
  std::optional<std::string> next_page;
};

/// What a session holds at one mount path.
struct Held {
  std::string resource_id;
  std::string filename;  ///< of the copy: the upload's
  Content content;
};

/// RFC 3339 with milliseconds.
std::string to_text(ports::TimePoint time);
std::optional<ports::TimePoint> to_time(std::string_view text);

}  // namespace sessync::model
