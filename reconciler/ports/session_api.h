#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/content_sink.h"
#include "reconciler/ports/content_source.h"
#include "reconciler/ports/secret.h"

/// The port to the Managed Agents and Files APIs: domain types only, no transport.
///
/// What is said here of the API stands in its public reference and the types of its official SDK,
/// unless it says otherwise. Whatever these types call optional or nullable may be absent. Nothing
/// of it is idempotent and no call takes an idempotency key, so what was sent and not answered is
/// never simply sent again.
namespace sessync::ports {

/// Rows of a session's resource list. Ids are opaque, times RFC 3339 text.
/// A file is immutable and has no content hash: which upload a row was made from shows only in the
/// name of its copy (see marker.h).
struct FileRow {
  std::string resource_id;
  std::string file_id;     ///< of the session's copy, never that of the upload
  std::string mount_path;  ///< as answered: resolved, or as sent
  std::string created_at;
};
/// Attached for the lifetime of the session; only its token can be changed, and is never answered.
struct RepositoryRow {
  std::string resource_id;
  std::string url;
  std::string mount_path;
  std::optional<std::string> branch;
  std::optional<std::string> commit;  ///< neither: the default branch
  bool is_checkout_said = true;       ///< false: nothing is known of it
};
struct MemoryStoreRow {  ///< has no resource id and cannot be addressed
  std::string memory_store_id;
  std::string access;      ///< read_only | read_write; never empty
  std::string mount_path;  ///< may be empty
  std::optional<std::string> instructions;
};
/// A resource that is left alone: of a type that this version does not know, or a file of which it
/// is not said where it is mounted.
struct OpaqueRow {
  std::string resource_id;  ///< may be empty
  std::string type;
  std::string mount_path;  ///< may be empty
};
using ResourceRow = std::variant<FileRow, RepositoryRow, MemoryStoreRow, OpaqueRow>;

/// An upload, a session's copy of one, or an output. Names are those of the upload, also of copies;
/// an agent chose those of outputs.
struct FileMetadata {
  std::string file_id;
  std::string filename;
  std::uint64_t size_bytes = 0;
  std::string created_at;
  std::optional<std::string> expires_at;
  std::optional<bool> downloadable;  ///< nothing: it is not said
  /// The API's own clock when it answered, which alone its other times can be compared with;
  /// nothing: it did not say.
  std::optional<TimePoint> answered_at{};
};

/// A session without its resources.
struct SessionInfo {
  std::string session_id;
  std::string status;  ///< idle | running | rescheduling | terminated | one we do not know
  std::optional<std::string> archived_at;
  std::optional<std::string> title;
  std::map<std::string, std::string> metadata;
  std::string organization_id;  ///< of the answering credential; may be empty
  std::string created_at;

  /// The agent is not at work: what is refused now is not refused for that.
  [[nodiscard]] bool is_idle() const { return status == "idle"; }
};

/// The resources of a session that is created. Mount paths as they are sent, tokens once.
struct NewFile {
  std::string file_id;
  std::string mount_path;
};
struct NewRepository {
  std::string url;
  std::string mount_path;
  std::optional<manifest::Checkout> checkout;
  std::optional<Secret> token;
};
struct NewSession {
  manifest::CreateSpec spec;
  std::map<std::string, std::string> metadata;  ///< the declared pairs and ours
  std::vector<NewFile> files;
  std::vector<NewRepository> repositories;
  std::vector<manifest::MemoryStoreResource> memory_stores;
};
struct CreatedSession {
  SessionInfo info;
  std::vector<ResourceRow> rows;
};

/// Only what is given is changed; metadata keys that are not named stay.
struct SessionUpdate {
  std::string session_id;
  std::optional<std::string> title;
  std::map<std::string, std::string> metadata;
};

/// The only change that a repository of a session allows.
struct TokenUpdate {
  std::string session_id;
  std::string resource_id;
  Secret token;
};

/// A `session.error` of the session's event list.
struct SessionFault {
  std::string event_id;
  std::string processed_at;    ///< the only time that an event has
  std::string error_type;      ///< repository_authentication_error, ...
  std::string repository_url;  ///< may be empty
};

/// One content to be uploaded, and for whom.
struct UploadRequest {
  std::string owner;
  std::string filename;  ///< the marker; at most 255 bytes of the API's charset
  ContentRef content;
};

/// A file row to be made. The API makes a copy of the upload, under an id of its own. A place is
/// never replaced: what is there must be deleted before.
struct AddFile {
  std::string session_id;
  std::string file_id;     ///< of an upload
  std::string mount_path;  ///< as sent; the API roots it below /mnt/session/uploads
};

/// Whether a write takes a permit of the write budget itself or uses one taken by reserve_writes.
enum class Permit { kTake, kReserved };

/// How a write waits until it is sent.
struct Turn {
  Permit permit = Permit::kTake;
  /// It ends what a sent delete has begun. It is sent although the loop is stopping; once at
  /// shutdown even while the budget is closed, because until then the path is empty.
  bool completes = false;
};

/// Calls are submitted; each completion runs exactly once, on the thread that pumps the loop, in
/// any order, never inside the submitting call. One call is one attempt: nothing is repeated behind
/// the caller's back, except that calls wait, unsent, while the budget of their class is closed
/// (Retry-After of any refused call closes it for the whole process). A write that begins
/// something, uploads included, is kNotSent if Loop::stopping() is true when its turn has come.
class SessionApi {
 public:
  virtual ~SessionApi() = default;

  /// Every resource: all pages, each id once. A list that may be incomplete is an error, never
  /// short.
  virtual void list_resources(std::string session_id,
                              Completion<std::vector<ResourceRow>> done) = 0;
  /// kNotFound: it is not there, or not any more.
  virtual void get_resource(std::string session_id, std::string resource_id,
                            Completion<ResourceRow> done) = 0;
  /// kNotFound: it does not exist, or not for this key and workspace.
  virtual void get_session(std::string session_id, Completion<SessionInfo> done) = 0;
  /// Every session of the workspace, archived ones included: all pages, each id once.
  virtual void list_sessions(Completion<std::vector<SessionInfo>> done) = 0;
  /// The session's errors that were processed after `since` (RFC 3339; "": all), oldest first.
  virtual void list_faults(std::string session_id, std::string since,
                           Completion<std::vector<SessionFault>> done) = 0;

  /// The copies and outputs of a session: all pages. May lag behind its resources.
  virtual void list_session_files(std::string session_id,
                                  Completion<std::vector<FileMetadata>> done) = 0;
  /// Every plain upload of the workspace, whoever made it: all pages, each id once.
  virtual void list_uploads(Completion<std::vector<FileMetadata>> done) = 0;
  /// Any file, copies included, which no list of uploads has.
  virtual void get_file(std::string file_id, Completion<FileMetadata> done) = 0;
  /// Those of `file_ids` (at most 100) that exist, expired ones included. Servers that do not know
  /// this call refuse it, or answer with something else.
  virtual void find_files(std::vector<std::string> file_ids,
                          Completion<std::vector<FileMetadata>> done) = 0;

  /// Streams the content. Concurrent uploads of one owner and digest, of any session, are one
  /// upload.
  virtual void upload(UploadRequest request, Completion<FileMetadata> done) = 0;
  /// Copies that were made of it stay.
  virtual void delete_file(std::string file_id, Completion<Done> done) = 0;
  /// Streams the bytes of a downloadable file into `sink`, on the thread that receives them.
  virtual void download(std::string file_id, std::shared_ptr<ContentSink> sink,
                        Completion<Done> done) = 0;

  /// Takes `permits` of the write budget, then calls back.
  virtual void reserve_writes(int permits, std::function<void()> ready) = 0;
  /// Files alone can be added to a session that exists. Refusals of one file too many have no code
  /// of their own.
  virtual void add_file(AddFile request, Turn turn, Completion<FileRow> done) = 0;
  virtual void delete_resource(std::string session_id, std::string resource_id, Turn turn,
                               Completion<Done> done) = 0;
  /// kInvalid for anything but a repository.
  virtual void rotate_token(TokenUpdate update, Completion<Done> done) = 0;
  /// May take ten minutes: the API answers once everything is mounted.
  virtual void create_session(NewSession request, Completion<CreatedSession> done) = 0;
  /// Title and metadata; resources cannot be changed this way.
  virtual void update_session(SessionUpdate update, Completion<SessionInfo> done) = 0;

  /// Loop::stopping() or ending() has become true: what waits and must not be sent any more ends
  /// now. Any thread.
  virtual void review() {}
  /// Somebody asks for this pass: its calls do not wait for the end of a closed budget, until one
  /// of them is refused. Any thread.
  virtual void hurry() {}
  /// When the latest of the closed budgets opens that calls of this pass wait for; nothing: none
  /// waits. Any thread.
  [[nodiscard]] virtual std::optional<TimePoint> limited_until() const { return std::nullopt; }
};

}  // namespace sessync::ports
