#include "reconciler/outputs/pull_outputs.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "manifest/text/size.h"
#include "reconciler/apply/file_chain.h"
#include "reconciler/errors/session_error.h"
#include "reconciler/limits.h"
#include "reconciler/observe/marker.h"
#include "reconciler/outputs/output_limits.h"
#include "reconciler/outputs/output_name.h"
#include "reconciler/ports/output_directory.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::outputs {
namespace {

/// Takes no more bytes than were announced: an answer without an end must not fill the disk.
class Capped : public ports::ContentSink {
 public:
  Capped(std::shared_ptr<ports::OutputFile> file, std::uint64_t size)
      : file_(std::move(file)), left_(size) {}

  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    overflowed_ = bytes.size() > left_;
    if (overflowed_) {
      return tl::unexpected(std::string("the API sends more bytes than it announced"));
    }
    left_ -= bytes.size();
    return file_->write(bytes);
  }

  [[nodiscard]] ports::OutputFile& file() const { return *file_; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  std::shared_ptr<ports::OutputFile> file_;
  std::uint64_t left_;
  bool overflowed_ = false;
};

ports::ApiError too_long(ports::ApiError::Kind kind) {
  ports::ApiError error;
  error.kind = kind;
  error.code = "too_long";
  error.message = "the API sends more bytes than it announced";
  return error;
}

/// A transfer that went wrong can be too long once. If it happens again, the output is to blame.
constexpr const char* kTooLongOnce = "too_long_once";

constexpr const char* kNotDownloadable = "file_not_downloadable";

/// An output to be fetched.
struct Download {
  ports::FileMetadata file;
  std::string name;
  std::optional<ports::OutputRecord> moves;  ///< what has the name now, and makes room
};

/// One call over one session. Completions hold a pointer to it, so it pumps until none is left.
class Puller {
 public:
  Puller(const OutputsInput& in, ports::Ports& ports) : in_(in), ports_(ports) {}

  OutputsReport run() {
    if (list_outputs() && list_destination() && learn_directory()) {
      forget_gone();
      choose();
      fetch_all();
    }
    std::ranges::sort(report_.fetched, {}, &FetchedOutput::name);
    std::ranges::sort(report_.blocked, {}, &desired::Blocked::path);
    return std::move(report_);
  }

 private:
  using Stored = tl::expected<ports::Done, std::string>;

  bool list_outputs() {
    auto files = ports::await<std::vector<ports::FileMetadata>>(ports_.loop, [&](auto done) {
      ports_.api.list_session_files(in_.session_id, std::move(done));
    });
    if (!files) {
      fail(errors::failure_of(files.error(), in_.session_id, "listing the session's outputs"));
      return false;
    }
    outputs_ = std::move(*files);
    std::erase_if(outputs_, [this](const ports::FileMetadata& file) { return !is_output(file); });
    return true;
  }

  /// Where it is not said, what is no copy that we know of may be one: the download tells.
  [[nodiscard]] bool is_output(const ports::FileMetadata& file) const {
    if (file.downloadable) {
      return *file.downloadable;
    }
    const auto& rows = in_.inventory.rows;
    const bool is_copy =
        observe::decode_marker(file.filename).has_value() ||
        std::ranges::find(rows, file.file_id, &ports::InventoryRow::copy_file_id) != rows.end();
    const auto* refusal = find_refusal(file);
    return !is_copy && (refusal == nullptr || refusal->code != kNotDownloadable);
  }

  bool list_destination() {
    auto entries = ports_.outputs->list();
    if (!entries) {
      fail_here(entries.error());
      return false;
    }
    for (auto& entry : *entries) {
      auto name = entry.name;
      present_.emplace(std::move(name), std::move(entry));
    }
    return true;
  }

  /// What was brought back before directories had ids is in the one that is there, if anything is.
  bool learn_directory() {
    auto id = ports_.outputs->id();
    if (!id) {
      fail_here(id.error());
      return false;
    }
    directory_ = std::move(*id);
    for (auto record : in_.inventory.outputs) {
      if (!record.directory.empty() || present_.empty()) {
        continue;
      }
      if (!has_directory()) {
        return false;
      }
      record.directory = directory_;
      commit(ports::change::PutOutput{in_.session_id, std::move(record)});
    }
    return true;
  }

  bool has_directory() {
    if (directory_.empty()) {
      auto id = ports_.outputs->identify();
      if (!id) {
        fail_here(id.error());
        return false;
      }
      directory_ = std::move(*id);
    }
    return true;
  }

  [[nodiscard]] bool is_here(const ports::OutputRecord& record) const {
    return record.directory.empty() || record.directory == directory_;
  }

  /// An output that is listed no more need not be remembered, lest it be fetched again. Not at
  /// once: lists can leave something out.
  void forget_gone() {
    std::set<std::string_view> listed;
    for (const auto& file : outputs_) {
      listed.insert(file.file_id);
    }
    for (auto record : in_.inventory.outputs) {
      const bool is_gone = !listed.contains(record.file_id);
      if (is_here(record)) {
        record.directory = directory_;
      }
      if (is_gone && record.gone_since &&
          ports_.loop.now() - *record.gone_since >= reconciler::kOutputRecordLife) {
        commit(ports::change::DropOutput{in_.session_id, record.file_id});
      } else if (is_gone != record.gone_since.has_value()) {
        record.gone_since = is_gone ? std::optional(ports_.loop.now()) : std::nullopt;
        commit(ports::change::PutOutput{in_.session_id, std::move(record)});
      }
    }
  }

  void choose() {
    for (const auto& record : in_.inventory.outputs) {
      if (is_here(record)) {
        by_name_.emplace(record.name, &record);
      }
    }
    const auto names = output_names(outputs_);
    for (const auto& file : outputs_) {
      const auto& name = names.at(file.file_id);
      const bool included = in_.spec.include.empty() || in_.spec.include.selects(name, false);
      if (included && find_record(file.file_id) == nullptr && !refused_lately(file, name)) {
        consider(file, name);
      }
    }
    // A disk that is full for one is full for every larger one.
    std::ranges::sort(wanted_, [](const Download& left, const Download& right) {
      return std::tie(left.file.size_bytes, left.name) <
             std::tie(right.file.size_bytes, right.name);
    });
    keep_what_fits();
  }

  /// Of what came from this session.
  [[nodiscard]] OutputAmount amount_there() const {
    OutputAmount there;
    for (const auto& [name, record] : by_name_) {
      const auto entry = present_.find(record->name);
      if (entry != present_.end() && entry->second.is_file && entry->second.size == record->size) {
        ++there.files;
        there.bytes += record->size;
      }
    }
    return there;
  }

  /// The small ones come first.
  void keep_what_fits() {
    auto there = amount_there();
    const auto limits = limits_of(in_.spec, there, report_.warnings);
    const auto first_over = std::ranges::find_if(wanted_, [&](const Download& wanted) {
      return !fits_in(wanted.file.size_bytes, limits, there);
    });
    if (first_over != wanted_.end()) {
      const auto over = static_cast<std::size_t>(wanted_.end() - first_over);
      report_.blocked.push_back({desired::BlockedType::kOutputs,
                                 manifest::MountPath::literal("/" + in_.spec.destination),
                                 desired::BlockCode::kQuota, describe_over(over, limits, there)});
      wanted_.erase(first_over, wanted_.end());
    }
  }

  void consider(const ports::FileMetadata& file, const std::string& name) {
    const auto there = present_.find(name);
    if (there == present_.end()) {
      return want({file, name, std::nullopt});
    }
    if (auto record = record_of(there->second)) {
      return want({file, name, std::move(record)});
    }
    if (there->second.is_file && there->second.size == file.size_bytes) {
      if (has_directory()) {
        remember(file, name);
      }
      return;
    }
    block(desired::BlockCode::kConflict, name, conflict_text(file, there->second));
  }

  void want(Download wanted) {
    const auto size = wanted.file.size_bytes;
    if (size <= in_.spec.max_file) {
      return wanted_.push_back(std::move(wanted));
    }
    block(desired::BlockCode::kOutputTooLarge, wanted.name,
          "output " + wanted.file.file_id + " has " + std::to_string(size) +
              " bytes, and outputs.max_file is " + manifest::format_size(in_.spec.max_file) +
              "; it is not fetched: raise max_file to receive it");
  }

  /// The recorded output that `entry` is, if it can make room.
  [[nodiscard]] std::optional<ports::OutputRecord> record_of(
      const ports::OutputEntry& entry) const {
    const auto [first, last] = by_name_.equal_range(entry.name);
    const auto found = std::find_if(first, last, [&](const auto& named) {
      const ports::OutputRecord& record = *named.second;
      return entry.is_file && record.size == entry.size &&
             !present_.contains(older_output_name(record.name, record.file_id));
    });
    return found == last ? std::nullopt : std::optional(*found->second);
  }

  [[nodiscard]] const ports::OutputRecord* find_record(const std::string& file_id) const {
    const auto& records = in_.inventory.outputs;
    const auto found =
        std::ranges::lower_bound(records, file_id, {}, &ports::OutputRecord::file_id);
    const bool is_known = found != records.end() && found->file_id == file_id && is_here(*found);
    return is_known ? &*found : nullptr;
  }

  static std::string conflict_text(const ports::FileMetadata& file,
                                   const ports::OutputEntry& entry) {
    const std::string there = entry.is_file ? "a file of " + std::to_string(entry.size) +
                                                  " bytes that did not come from this session"
                                            : "something that is not a regular file";
    return "the destination already has " + there + " under the name of output " + file.file_id +
           " (" + std::to_string(file.size_bytes) +
           " bytes); nothing there is overwritten: move it away to receive the output";
  }

  /// Refusals of outputs share the table with those of mount paths, which all begin with "/".
  static std::string refusal_key(const ports::FileMetadata& file) {
    return "outputs:" + file.file_id;
  }

  [[nodiscard]] const ports::Refusal* find_refusal(const ports::FileMetadata& file) const {
    const auto& refusals = in_.inventory.refusals;
    const auto key = refusal_key(file);
    const auto found = std::ranges::lower_bound(refusals, key, {}, &ports::Refusal::path);
    const bool holds = found != refusals.end() && found->path == key &&
                       ports_.loop.now() - found->at < reconciler::kOutputRefusalLife;
    return holds ? &*found : nullptr;
  }

  bool refused_lately(const ports::FileMetadata& file, const std::string& name) {
    const auto* refusal = find_refusal(file);
    if (refusal == nullptr || refusal->code == kTooLongOnce) {
      return false;
    }
    block(desired::BlockCode::kRefused, name, refusal->message);
    return true;
  }

  void fetch_all() {
    while (true) {
      while (open_ < reconciler::kDownloadsAtOnce && next_ < wanted_.size() &&
             !ports_.loop.stopping() && !disk_full_) {
        start(wanted_[next_++]);
      }
      if (open_ == 0 || !ports_.loop.run_one()) {
        break;
      }
    }
    report_.again |= open_ > 0 || next_ < wanted_.size();
  }

  void start(const Download& wanted) {
    auto file = ports_.outputs->create(wanted.name, wanted.file.size_bytes);
    if (!file) {
      disk_full_ = true;
      return fail_here(file.error());
    }
    ++open_;
    auto local = std::make_shared<Capped>(std::move(*file), wanted.file.size_bytes);
    ports_.api.download(wanted.file.file_id, local,
                        [this, &wanted, local](const ports::Result<ports::Done>& downloaded) {
                          arrived(wanted, *local, downloaded);
                        });
  }

  void arrived(const Download& wanted, const Capped& local,
               const ports::Result<ports::Done>& downloaded) {
    --open_;
    if (downloaded) {
      place(wanted, local.file());
    } else if (local.overflowed()) {
      overflowed(wanted);
    } else {
      refuse(wanted, downloaded.error());
    }
  }

  void overflowed(const Download& wanted) {
    if (find_refusal(wanted.file) != nullptr) {
      return refuse(wanted, too_long(ports::ApiError::Kind::kTooLarge));
    }
    remember_refusal(wanted.file, kTooLongOnce, {});
    refuse(wanted, too_long(ports::ApiError::Kind::kUnusableAnswer));
  }

  void place(const Download& wanted, ports::OutputFile& local) {
    if (auto room = make_room(wanted); !room) {
      return fail_here(room.error());
    }
    if (auto placed = local.finish(wanted.file.size_bytes); !placed) {
      return fail_here(placed.error());
    }
    if (!has_directory()) {
      return;
    }
    remember(wanted.file, wanted.name);
    report_.fetched.push_back({wanted.name, wanted.file.size_bytes, wanted.file.file_id});
  }

  Stored make_room(const Download& wanted) {
    if (!wanted.moves) {
      return ports::Done{};
    }
    auto record = *wanted.moves;
    record.name = older_output_name(record.name, record.file_id);
    record.directory = directory_;
    auto moved = ports_.outputs->move_aside(wanted.name, record.name);
    if (moved) {
      commit(ports::change::PutOutput{in_.session_id, std::move(record)});
    }
    return moved;
  }

  void refuse(const Download& wanted, const ports::ApiError& error) {
    using Kind = ports::ApiError::Kind;
    if (error.kind == Kind::kNotStored) {
      disk_full_ = true;
      return fail_here(error.message);
    }
    if (!errors::is_refused_for_good(error)) {
      return fail(errors::failure_of(error, in_.session_id, "downloading output " + wanted.name));
    }
    const auto reason = "output " + wanted.file.file_id + " cannot be downloaded (" +
                        ports::describe(error) + "); it is tried again in an hour";
    remember_refusal(wanted.file, error.code, reason);
    if (wanted.file.downloadable || error.code != kNotDownloadable) {
      block(desired::BlockCode::kRefused, wanted.name, reason);
    }
  }

  void remember_refusal(const ports::FileMetadata& file, std::string code, std::string reason) {
    commit(ports::change::PutRefusal{
        in_.session_id,
        {refusal_key(file), file.file_id, std::move(code), std::move(reason), ports_.loop.now()}});
  }

  void remember(const ports::FileMetadata& file, const std::string& name) {
    commit(ports::change::PutOutput{
        in_.session_id, {file.file_id, name, file.size_bytes, std::nullopt, directory_}});
  }

  void commit(ports::Change change) {
    ports_.store.commit({std::move(change)},
                        [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }

  void block(desired::BlockCode code, const std::string& name, std::string reason) {
    report_.blocked.push_back({desired::BlockedType::kOutputs,
                               manifest::MountPath::literal("/" + name), code, std::move(reason)});
  }

  void fail(errors::SessionFailure failure) {
    report_.again |= !failure.terminal;
    if (!report_.error) {
      report_.error = std::move(failure.error);
    }
  }

  void fail_here(std::string message) {
    fail({{errors::SessionError::Code::kOutputsNotStored, std::move(message)}, false, false});
  }

  const OutputsInput& in_;
  ports::Ports& ports_;
  std::vector<ports::FileMetadata> outputs_;
  std::multimap<std::string_view, const ports::OutputRecord*> by_name_;  ///< of what arrived before
  std::map<std::string, ports::OutputEntry> present_;
  std::vector<Download> wanted_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
  bool disk_full_ = false;  ///< or nothing can be created there for another reason
  std::string directory_;   ///< its id; "": it has none
  OutputsReport report_;
};

}  // namespace

OutputsReport pull_outputs(const OutputsInput& input, ports::Ports& ports) {
  OutputsReport report;
  if (ports.loop.stopping()) {
    report.again = true;
    return report;
  }
  if (input.spec.denied) {
    report.blocked.push_back({desired::BlockedType::kOutputs,
                              manifest::MountPath::literal("/" + input.spec.destination),
                              desired::BlockCode::kNotAllowed, *input.spec.denied});
    return report;
  }
  if (input.refusal) {
    report.blocked.push_back({desired::BlockedType::kOutputs,
                              manifest::MountPath::literal("/" + input.spec.destination),
                              desired::BlockCode::kConflict, *input.refusal});
    return report;
  }
  return ports.outputs == nullptr ? report : Puller(input, ports).run();
}

}  // namespace sessync::outputs
