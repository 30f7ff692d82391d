#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/observe/marker.h"
#include "reconciler/ports/marker_key.h"
#include "reconciler/reconcile.h"
#include "tests/double/memory/memory_content_source.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/memory_token_source.h"
#include "tests/double/memory/test_loop.h"
#include "tests/double/model/session_model.h"

namespace sessync {

inline const std::string kRepositoryUrl = "https://github.com/o/r";

/// A daemon and the API in memory: files to declare, one session, a store, a simulated clock.
class World {
 public:
  explicit World(std::uint64_t seed = 0)
      : loop(seed == 0 ? TestLoop() : TestLoop(seed)), store(loop) {
    api.emplace(model, loop, &content);
    spec.name = "research";
    spec.session_id = model.create_session({}).value().id;
  }

  /// Declares a file of the workspace, mounted at "/" + path.
  void file(const std::string& path, const std::string& bytes) {
    files_[path] = bytes;
    unread_.erase(path);
  }
  void remove(const std::string& path) { files_.erase(path); }
  /// A file that is so large that its content is not known before file() is called for it.
  void unread(const std::string& path, std::uint64_t size) {
    files_.erase(path);
    unread_[path] = size;
  }

  /// Declares a file that somebody uploaded.
  void uploaded(const std::string& mount, const std::string& file_id) {
    spec.resources.push_back({{}, manifest::UploadedFileResource{file_id, mount}});
  }

  pass::PassOutcome pass(bool dry_run = false) {
    auto declared = spec;
    ports::WorkspaceSnapshot snapshot{"/w", {}};
    for (const auto& entry : spec.resources) {
      static_cast<void>(entry);
      snapshot.sources.emplace_back(ports::SourceFiles{});
    }
    if (declare_directory) {
      declared.resources.push_back({{}, manifest::DirectoryResource{"", {}, {}, "/"}});
      snapshot.sources.emplace_back(scan());
    }
    pass::PassInput input{declared, snapshot, owner};
    input.allow_deletes = allow_deletes;
    input.dry_run = dry_run;
    input.refresh = refresh;
    ports::Ports ports{*api,    store,   loop,    other_tokens != nullptr ? other_tokens : &tokens,
                       nullptr, nullptr, &markers};
    auto outcome = reconciler::reconcile(input, ports);
    loop.run_all();
    return outcome;
  }

  /// Passes until one of them is settled; fails the test if none of `most` is. Time passes between.
  pass::PassOutcome settle(int most = 40) {
    auto outcome = pass();
    for (int i = 1; i < most && !outcome.settled(); ++i) {
      loop.advance(std::chrono::seconds(5));
      outcome = pass();
    }
    return outcome;
  }

  /// The process dies and starts again: what was on its way arrives or is lost.
  void crash(bool requests_arrive) {
    loop.crash(requests_arrive);
    store.crash();
    api.emplace(model, loop, &content);
  }

  /// A pass during which the process dies: right after its n-th write took effect, if it has so
  /// many.
  void pass_that_dies(std::uint64_t nth_write, bool requests_arrive) {
    struct Death {};
    std::uint64_t writes = 0;
    api->on_write = [&](const SessionModel&) {
      if (++writes == nth_write) {
        throw Death{};
      }
    };
    try {
      pass();
    } catch (const Death&) {
      crash(requests_arrive);
    }
    api->on_write = nullptr;
    loop.run_all();
  }

  /// What the session holds: canonical path -> bytes.
  [[nodiscard]] std::map<std::string, std::string> held() const { return held(*spec.session_id); }
  [[nodiscard]] std::map<std::string, std::string> held(const std::string& session_id) const {
    std::map<std::string, std::string> result;
    for (const auto& [path, held] : model.held(session_id)) {
      result[manifest::MountPath::of_file(path).text()] =
          held.content.bytes ? *held.content.bytes : "";
    }
    return result;
  }

  /// What it should hold: the declared files.
  [[nodiscard]] std::map<std::string, std::string> wanted() const {
    std::map<std::string, std::string> result;
    for (const auto& [path, bytes] : files_) {
      result["/" + path] = bytes;
    }
    return result;
  }

  /// Something else puts a file into the session; returns its resource id.
  std::string somebody_adds(const std::string& mount, const std::string& bytes,
                            const std::string& filename = "report.pdf") {
    model.set_time(loop.now());
    model::NewFile file;
    file.filename = filename;
    file.content = model::Content::of(bytes);
    model::NewResource resource;
    resource.file_id = model.upload(file).value().id;
    resource.mount_path = mount;
    return model.add_resource(*spec.session_id, resource).value().id;
  }

  SessionModel model;
  TestLoop loop;
  MemoryContentSource content;
  std::optional<MemorySessionApi> api;  ///< anew after a crash
  MemoryStateStore store;
  MemoryTokenSource tokens{loop};
  ports::TokenSource* other_tokens = nullptr;  ///< in the place of `tokens`
  manifest::SessionSpec spec;
  std::string owner = "prod";
  ports::MarkerRules markers;
  std::optional<std::string> allow_deletes;
  std::set<std::string> suspected;  ///< contents that seem to hold a secret
  bool declare_directory = true;
  bool refresh = false;  ///< see PassInput

 private:
  ports::SourceFiles scan() {
    ports::SourceFiles found;
    for (const auto& [path, bytes] : files_) {
      const auto ref = content.put(path, bytes);
      found.files.push_back({path, ref.sha256, ref.size});
      if (suspected.contains(bytes)) {
        found.files.back().secret = {ports::SecretKind::kPrivateKey, 1};
      }
    }
    for (const auto& [path, size] : unread_) {
      found.issues.push_back({path, ports::ScanIssue::Kind::kUnread, "is being read", size});
    }
    return found;
  }

  std::map<std::string, std::string> files_;
  std::map<std::string, std::uint64_t> unread_;
};

}  // namespace sessync
