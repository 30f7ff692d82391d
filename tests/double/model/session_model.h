#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/double/model/model_types.h"

namespace sessync {

/// The semantics of the Files, Sessions and session-resources APIs as one plain value: no clock, no
/// network, no thread. Every skin of the double (in-memory port, HTTP server) answers from it, and
/// a copy of it is a snapshot of the whole world. Ids are a function of the seed and the order of
/// calls. Not thread-safe.
///
/// By name: agents `agent_noread*` lack the read tool, environments `env_selfhosted*` are
/// self-hosted, memory stores `memstore_missing*` do not exist and `memstore_archived*` are
/// archived; any other agent, environment or memory store exists.
class SessionModel {
 public:
  explicit SessionModel(std::uint64_t seed = 1) : seed_(seed) {}

  model::Switches& switches() { return switches_; }
  [[nodiscard]] const model::Switches& switches() const { return switches_; }

  /// The time of the calls that follow.
  void set_time(ports::TimePoint now) { now_ = now; }
  [[nodiscard]] ports::TimePoint time() const { return now_; }

  // Files.
  model::Answer<model::File> upload(const model::NewFile& request);
  [[nodiscard]] model::Answer<model::File> get_file(const std::string& id) const;
  [[nodiscard]] model::Answer<model::Page<model::File>> list_files(
      const model::FileQuery& asked) const;
  [[nodiscard]] model::Answer<model::File> download(const std::string& id) const;
  model::Answer<std::string> delete_file(const std::string& id);

  // Sessions.
  model::Answer<model::Session> create_session(const model::NewSession& request);
  [[nodiscard]] model::Answer<model::Session> get_session(const std::string& id) const;
  [[nodiscard]] model::Answer<model::Page<model::Session>> list_sessions(
      const model::SessionQuery& query) const;
  model::Answer<model::Session> update_session(const std::string& id,
                                               const model::SessionUpdate& update);
  model::Answer<model::Session> archive_session(const std::string& id);
  model::Answer<std::string> delete_session(const std::string& id);
  [[nodiscard]] model::Answer<model::Page<model::Event>> list_events(
      const std::string& session_id, const model::EventQuery& query) const;

  // Resources of a session.
  model::Answer<model::Resource> add_resource(const std::string& session_id,
                                              const model::NewResource& request);
  [[nodiscard]] model::Answer<model::Page<model::Resource>> list_resources(
      const std::string& session_id, const model::PageQuery& query) const;
  [[nodiscard]] model::Answer<model::Resource> get_resource(const std::string& session_id,
                                                            const std::string& id) const;
  model::Answer<model::Resource> rotate_token(const std::string& session_id, const std::string& id,
                                              const std::string& token);
  model::Answer<std::string> delete_resource(const std::string& session_id, const std::string& id);

  // What only a test can do or see. Unknown ids are a mistake of the test: std::out_of_range.

  /// What the session holds, by resolved mount path; the newest of several on one path.
  [[nodiscard]] std::map<std::string, model::Held> held(const std::string& session_id) const;
  /// The session's file rows as they are, without lag, oldest first.
  [[nodiscard]] std::vector<model::Resource> file_rows(const std::string& session_id) const;
  /// Plain uploads that exist, oldest first.
  [[nodiscard]] std::vector<model::File> uploads() const;
  /// Copies and outputs of a session, oldest first.
  [[nodiscard]] std::vector<model::File> session_files(const std::string& session_id) const;
  [[nodiscard]] const model::Session& session(const std::string& id) const;
  void set_status(const std::string& session_id, const std::string& status);
  void expire_file(const std::string& file_id);
  /// A file as an agent writes it to the session's outputs. No rule holds for its name.
  model::File add_output(const std::string& session_id, const std::string& filename,
                         std::string bytes);
  model::Event add_event(const std::string& session_id, const std::string& type, std::string json);
  /// A `session.error` as the API reports it of a repository ("": of something else).
  model::Event add_fault(const std::string& session_id, const std::string& error_type,
                         const std::string& repository_url);
  /// The session's repository rows, oldest first, with the tokens they hold.
  [[nodiscard]] std::vector<model::Resource> repositories(const std::string& session_id) const;
  /// Every session that exists, oldest first.
  [[nodiscard]] std::vector<model::Session> sessions() const;
  void name_memory_store(const std::string& id, const std::string& name,
                         const std::string& description);

 private:
  struct MemoryStore {
    std::string name;
    std::string description;
  };

  std::string next_id(const char* prefix);
  [[nodiscard]] const model::File* find_file(const std::string& id) const;
  [[nodiscard]] const model::Session* find_session(const std::string& id) const;
  model::Session* find_session(const std::string& id);
  [[nodiscard]] model::Answer<const model::Session*> need_session(const std::string& id) const;
  model::Answer<model::Session*> need_mutable(const std::string& id);
  [[nodiscard]] std::optional<model::Error> check_not_running(const model::Session& session) const;
  [[nodiscard]] const model::File* usable_file(const std::string& id) const;

  model::Answer<model::Resource> make_file(const model::Session& session,
                                           const model::NewResource& request);
  [[nodiscard]] model::Answer<model::Resource> plan_file(const model::NewResource& request) const;
  model::Answer<model::Resource> make_repository(const model::NewResource& request,
                                                 std::size_t index);
  model::Answer<model::Resource> make_memory_store(const model::Session& session,
                                                   const model::NewResource& request,
                                                   std::size_t index);
  void copy_into(const model::Session& session, model::Resource& resource);
  [[nodiscard]] std::optional<model::Error> check_new_session(
      const model::NewSession& request) const;
  model::Answer<std::vector<model::Resource>> make_resources(const model::Session& session,
                                                             const model::NewSession& request);
  [[nodiscard]] std::optional<model::Error> check_overlap(
      const std::vector<model::Resource>& present, const model::Resource& added) const;
  [[nodiscard]] std::string memory_mount(const std::vector<model::Resource>& present,
                                         const std::string& name) const;
  void forget_removed(model::Session& session);

  std::uint64_t seed_;
  std::uint64_t issued_ = 0;
  std::uint64_t serial_ = 0;
  ports::TimePoint now_{};
  model::Switches switches_;
  std::map<std::string, model::File> files_;
  std::map<std::string, model::Session> sessions_;
  std::map<std::string, MemoryStore> memory_stores_;
};

}  // namespace sessync
