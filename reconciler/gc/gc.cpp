#include "reconciler/gc/gc.h"

#include <algorithm>
#include <utility>

#include "reconciler/apply/file_chain.h"
#include "reconciler/desired/desired.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/limits.h"

namespace sessync::gc {
namespace {

/// Why a digest that the session declares may be missing; "" if none can be.
std::string unread(const ports::WorkspaceSnapshot& snapshot) {
  if (snapshot.shortage) {
    return "the workspace could not be read (" + *snapshot.shortage + ")";
  }
  for (const auto& source : snapshot.sources) {
    if (const auto* lost = std::get_if<ports::SourceUnavailable>(&source)) {
      if (lost->not_allowed) continue;  // nothing of it is ever uploaded
      return lost->message;
    }
    const auto& files = std::get<ports::SourceFiles>(source);
    if (files.too_many > 0) {
      return "a source selects " + std::to_string(files.too_many) +
             " files, more than are looked at";
    }
    if (!files.unreadable_directories.empty()) {
      return "directory " + files.unreadable_directories.front() + " cannot be read";
    }
    const auto issue = std::ranges::find_if(files.issues, [](const ports::ScanIssue& one) {
      // None of these is ever uploaded.
      return one.kind != ports::ScanIssue::Kind::kInvalidName &&
             one.kind != ports::ScanIssue::Kind::kTooLarge &&
             one.kind != ports::ScanIssue::Kind::kSecret &&
             one.kind != ports::ScanIssue::Kind::kLinkOutside &&
             one.kind != ports::ScanIssue::Kind::kNotAllowed;
    });
    if (issue != files.issues.end()) {
      return issue->message;
    }
  }
  return "";
}

class Search {
 public:
  Search(const std::string& owner, ports::Ports& ports) : owner_(owner), ports_(ports) {}

  GarbageFound run(const std::vector<GarbageSession>& sessions) {
    bool certain = true;
    for (const auto& session : sessions) {
      certain = need(session) && certain;
    }
    if (certain) {
      find_uploads();
    }
    for (const auto& session : sessions) {
      const auto id = id_of(session.spec);
      if (!id.empty() && session.has_copies) {
        find_copies(session.spec.name, id);
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string id_of(const manifest::SessionSpec& spec) const {
    if (spec.session_id) {
      return *spec.session_id;
    }
    const auto creation = ports_.store.find_creation(owner_, spec.name);
    return creation ? creation->session_id : "";
  }

  /// Notes what the session needs of the uploads; false if that is not known.
  bool need(const GarbageSession& session) {
    const auto desired = desired::resolve(session.spec, session.snapshot);
    for (const auto& [path, wanted] : desired.files) {
      (wanted.local() == nullptr ? needed_.file_ids : needed_.digests).insert(wanted.content_key());
    }
    for (const auto& [sha256, path] : desired.withheld) {
      needed_.digests.insert(sha256);
    }
    if (const auto id = id_of(session.spec); !id.empty()) {
      need_open_writes(id);
    }
    const auto why = unread(session.snapshot);
    if (!why.empty()) {
      doubt(session.spec.name, {errors::SessionError::Code::kSourceUnavailable,
                                why + "; no upload is deleted, because one may hold it"});
    }
    return why.empty();
  }

  void need_open_writes(const std::string& session_id) {
    for (const auto& intent : ports_.store.load(session_id).intents) {
      needed_.file_ids.insert(intent.adds_file_id);
      for (const auto& previous : intent.previous) {
        needed_.file_ids.insert(previous.upload_file_id);
      }
    }
  }

  void find_uploads() {
    const auto uploads = ports::await<std::vector<ports::FileMetadata>>(
        ports_.loop, [&](auto done) { ports_.api.list_uploads(std::move(done)); });
    if (!uploads) {
      doubt(std::nullopt, errors::failure_of(uploads.error(), "", "listing the uploads").error);
      return;
    }
    note_undated(std::nullopt, *uploads);
    out_.uploads =
        garbage_uploads(*uploads, ports_.store.uploads(owner_), needed_, owner_, ports_.markers);
  }

  void find_copies(const std::string& name, const std::string& session_id) {
    // Files first: a copy that is made meanwhile has its row in the later list.
    const auto files = ports::await<std::vector<ports::FileMetadata>>(ports_.loop, [&](auto done) {
      ports_.api.list_session_files(session_id, std::move(done));
    });
    const auto rows = ports::await<std::vector<ports::ResourceRow>>(
        ports_.loop, [&](auto done) { ports_.api.list_resources(session_id, std::move(done)); });
    if (!files || !rows) {
      doubt(name, errors::failure_of(files ? rows.error() : files.error(), session_id,
                                     "listing the session's files")
                      .error);
      return;
    }
    note_undated(name, *files);
    for (auto& copy : garbage_copies(*files, *rows, owner_, ports_.markers)) {
      copy.session_id = session_id;
      out_.copies.push_back(std::move(copy));
    }
  }

  void note_undated(const std::optional<std::string>& name,
                    const std::vector<ports::FileMetadata>& files) {
    if (has_undated(files, owner_, ports_.markers)) {
      doubt(name, {errors::SessionError::Code::kAgeUnknown,
                   "the API does not say when files were made, or what time it is there (a Date "
                   "header), so how old they are is not known; those stay"});
    }
  }

  void doubt(const std::optional<std::string>& name, errors::SessionError error) {
    out_.doubts.push_back({name, std::move(error)});
  }

  const std::string& owner_;
  ports::Ports& ports_;
  NeededUploads needed_;
  GarbageFound out_;
};

/// Completions hold a pointer to it, so it pumps until none is left.
class Deletion {
 public:
  Deletion(const std::string& owner, const std::vector<Garbage>& garbage, ports::Ports& ports)
      : owner_(owner), garbage_(garbage), ports_(ports), results_(garbage.size()) {}

  std::vector<GarbageDeletion> run() {
    while (true) {
      while (open_ < reconciler::kDeletesAtOnce && next_ < garbage_.size() &&
             !ports_.loop.stopping()) {
        start(next_++);
      }
      if (open_ == 0 || !ports_.loop.run_one()) {
        return std::move(results_);
      }
    }
  }

 private:
  void start(std::size_t at) {
    ++open_;
    ports_.api.delete_file(
        garbage_[at].file.file_id,
        [this, at](const ports::Result<ports::Done>& deleted) { end(at, deleted); });
  }

  void end(std::size_t at, const ports::Result<ports::Done>& deleted) {
    --open_;
    const bool gone = deleted || deleted.error().kind == ports::ApiError::Kind::kNotFound;
    results_[at] = {gone, gone ? "" : ports::describe(deleted.error())};
    if (gone && !garbage_[at].session_id) {
      ports_.store.commit({ports::change::DropUpload{owner_, garbage_[at].file.file_id}},
                          [](const tl::expected<ports::Done, ports::StoreError>&) {});
    }
  }

  const std::string& owner_;
  const std::vector<Garbage>& garbage_;
  ports::Ports& ports_;
  std::vector<GarbageDeletion> results_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
};

}  // namespace

GarbageFound find_garbage(const std::string& owner, const std::vector<GarbageSession>& sessions,
                          ports::Ports& ports) {
  return Search(owner, ports).run(sessions);
}

std::vector<GarbageDeletion> delete_garbage(const std::string& owner,
                                            const std::vector<Garbage>& garbage,
                                            ports::Ports& ports) {
  return Deletion(owner, garbage, ports).run();
}

}  // namespace sessync::gc
