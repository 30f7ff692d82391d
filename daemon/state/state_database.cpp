#include "daemon/state/state_database.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "daemon/os/completion_queue.h"
#include "daemon/os/thread.h"
#include "daemon/state/state_directory.h"
#include "daemon/state/state_file.h"
#include "daemon/state/tables.h"

namespace sessync::state {
namespace {

constexpr const char* kFileName = "/state.db";

/// Digests of one transaction: what a commit may have to wait for.
constexpr std::size_t kDigestsAtOnce = 2000;

ports::StoreError refused_read_only() { return {"the state was opened for reading only"}; }

template <class Item>
std::vector<Item> take_some(std::vector<Item>& items) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(items.size(), kDigestsAtOnce));
  std::vector<Item> some(std::make_move_iterator(items.end() - count),
                         std::make_move_iterator(items.end()));
  items.erase(items.end() - count, items.end());
  return some;
}

}  // namespace

std::unique_ptr<StateDatabase> StateDatabase::begin(Kind kind, StateFile::Opened opened) {
  std::unique_ptr<StateDatabase> database(new StateDatabase(kind));
  database->file_ = std::move(opened.file);
  database->mirror_ = std::move(opened.mirror);
  database->warnings_ = std::move(opened.warnings);
  database->start();
  return database;
}

void StateDatabase::start() {
  if (kind_ == Kind::kOnDisk) {
    writer_ = os::start_thread("store", os::Duty::kVital, [this] { run(); });
  }
}

tl::expected<std::unique_ptr<StateDatabase>, ports::StoreError> StateDatabase::open(
    const StateLock& lock, ports::TimePoint now) {
  auto opened = StateFile::open(lock.directory() + kFileName, now);
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  opened->mirror.believe_no_future(now);
  return begin(Kind::kOnDisk, std::move(*opened));
}

tl::expected<std::unique_ptr<StateDatabase>, ports::StoreError> StateDatabase::open_directory(
    const std::string& directory, const std::string& workspace, OnFullDisk on_full_disk) {
  std::unique_ptr<StateDatabase> database(new StateDatabase(Kind::kOnDisk));
  database->directory_ = directory;
  database->workspace_ = workspace;
  if (auto opened = database->open_file()) {
    database->file_ = std::move(opened->file);
    database->mirror_ = std::move(opened->mirror);
    database->warnings_ = std::move(opened->warnings);
  } else if (opened.error().no_room && on_full_disk == OnFullDisk::kWait) {
    database->know_what_can_be_read(std::move(opened.error()));
  } else {
    return tl::unexpected(std::move(opened.error()));
  }
  database->start();
  return database;
}

/// Keeps the lock, if it comes as far as that.
tl::expected<StateFile::Opened, ports::StoreError> StateDatabase::open_file() {
  if (!lock_) {
    if (auto ready = prepare_state_directory(directory_, workspace_); !ready) {
      return tl::unexpected(std::move(ready.error()));
    }
    auto lock = StateLock::acquire(directory_);
    if (!lock) {
      return tl::unexpected(std::move(lock.error()));
    }
    lock_ = std::move(*lock);
  }
  const auto now = os::now_anchored();
  auto opened = StateFile::open(directory_ + kFileName, now);
  if (opened) {
    opened->mirror.believe_no_future(now);
  }
  return opened;
}

/// A damaged file counts as none to a reader. Here it is about to be moved aside, and is not yet.
void StateDatabase::know_what_can_be_read(ports::StoreError why) {
  auto read = StateFile::open_read_only(directory_ + kFileName, lock_.has_value());
  trouble_ = Trouble{std::move(why), false, read && read->warnings.empty()};
  if (trouble_->is_known) {
    known_ = std::move(read->mirror);
    known_.doubt_intents(os::now_anchored());
    known_.believe_no_future(os::now_anchored());
    mirror_ = known_;
  }
}

tl::expected<std::unique_ptr<StateDatabase>, std::string> StateDatabase::open_read_only(
    const std::string& directory, ports::TimePoint now) {
  auto opened = StateFile::open_read_only(directory + kFileName);
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  opened->mirror.doubt_intents(now);
  opened->mirror.believe_no_future(now);
  return begin(Kind::kReadOnly, std::move(*opened));
}

manifest::Holdings StateDatabase::peek_holdings(const std::string& directory) {
  return StateFile::read_holdings(directory + kFileName);
}

std::unique_ptr<StateDatabase> StateDatabase::in_memory() { return begin(Kind::kInMemory, {}); }

StateDatabase::~StateDatabase() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    work_.notify_one();
  }
  if (writer_.joinable()) {
    writer_.join();
  }
}

ports::Inventory StateDatabase::load(const std::string& session_id) const {
  const std::lock_guard lock(mutex_);
  return mirror_.load(session_id);
}

std::optional<ports::Upload> StateDatabase::find_upload(const std::string& owner,
                                                        const std::string& sha256) const {
  const std::lock_guard lock(mutex_);
  return mirror_.find_upload(owner, sha256);
}

std::vector<ports::Upload> StateDatabase::uploads(const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  return mirror_.uploads(owner);
}

std::optional<ports::CreationRecord> StateDatabase::find_creation(const std::string& owner,
                                                                  const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return mirror_.find_creation(owner, name);
}

std::vector<std::string> StateDatabase::sessions() const {
  const std::lock_guard lock(mutex_);
  return mirror_.sessions();
}

std::vector<ports::CreationRecord> StateDatabase::creations() const {
  const std::lock_guard lock(mutex_);
  return mirror_.creations();
}

std::map<std::string, Suspension> StateDatabase::suspensions() const {
  const std::lock_guard lock(mutex_);
  return mirror_.suspensions();
}

std::optional<StateDatabase::Trouble> StateDatabase::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::optional<std::string> StateDatabase::locked_directory() const {
  const std::lock_guard lock(mutex_);
  return file_ && lock_ ? std::optional(directory_) : std::nullopt;
}

std::vector<std::string> StateDatabase::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

void StateDatabase::watch(std::function<void()> told) {
  const std::lock_guard lock(told_mutex_);
  told_ = std::move(told);
}

void StateDatabase::tell() {
  const std::lock_guard lock(told_mutex_);
  if (told_) {
    told_();
  }
}

tl::expected<ports::Done, ports::StoreError> StateDatabase::set_suspension(
    const std::string& session, const std::optional<Suspension>& suspension) {
  std::promise<tl::expected<ports::Done, ports::StoreError>> outcome;
  submit({SuspensionChange{session, suspension},
          [&outcome](tl::expected<ports::Done, ports::StoreError> durable) {
            outcome.set_value(std::move(durable));
          }});
  return outcome.get_future().get();
}

manifest::Holdings StateDatabase::holdings() const {
  const std::lock_guard lock(mutex_);
  return mirror_.holdings();
}

void StateDatabase::remember(manifest::Holdings holdings, Durable durable) {
  submit({std::move(holdings), std::move(durable)});
}

void StateDatabase::apply(MemoryMirror& mirror, const Job& job) {
  if (const auto* const changes = std::get_if<std::vector<ports::Change>>(&job.what)) {
    mirror.apply(*changes);
  } else if (const auto* const holdings = std::get_if<manifest::Holdings>(&job.what)) {
    mirror.hold(*holdings);
  } else {
    const auto& change = std::get<SuspensionChange>(job.what);
    mirror.suspend(change.session, change.suspension);
  }
}

void StateDatabase::submit(Job job, Begin begin) {
  if (kind_ == Kind::kReadOnly) {
    return job.durable(tl::unexpected(refused_read_only()));
  }
  {
    const std::lock_guard lock(mutex_);
    apply(mirror_, job);
    if (kind_ == Kind::kOnDisk) {
      jobs_.push_back(std::move(job));
      return wake(begin);
    }
  }
  job.durable(ports::Done{});
}

std::vector<workspace::DigestEntry> StateDatabase::load_digests() const {
  StateFile* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    file = file_.get();
  }
  if (file == nullptr) {
    return {};
  }
  return file->read_digests().value_or(std::vector<workspace::DigestEntry>{});
}

void StateDatabase::save_digests(workspace::DigestCache::Changes changes) {
  if (kind_ != Kind::kOnDisk || changes.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  digests_.push_back(std::move(changes));
  work_.notify_one();
}

void StateDatabase::write_next(std::unique_lock<std::mutex>& lock) {
  if (!jobs_.empty()) {
    const std::vector<Job> jobs = std::exchange(jobs_, {});
    begin_at_ = kNever;
    lock.unlock();
    write_jobs(jobs);
    lock.lock();
    return;
  }
  if (!file_) {
    digests_.clear();
    return;
  }
  workspace::DigestCache::Changes& waiting = digests_.front();
  const workspace::DigestCache::Changes some{.put = take_some(waiting.put),
                                             .removed = take_some(waiting.removed)};
  if (waiting.empty()) {
    digests_.pop_front();
  }
  lock.unlock();
  note(file_->write([&some](sqlite::Connection& to) { tables::write_digests(to, some); }));
  lock.lock();
}

void StateDatabase::write(sqlite::Connection& to, const Job& job) {
  if (const auto* const changes = std::get_if<std::vector<ports::Change>>(&job.what)) {
    std::ranges::for_each(*changes,
                          [&to](const ports::Change& change) { tables::write(to, change); });
  } else if (const auto* const holdings = std::get_if<manifest::Holdings>(&job.what)) {
    tables::write_holdings(to, *holdings);
  } else {
    const auto& change = std::get<SuspensionChange>(job.what);
    tables::write_suspension(to, change.session, change.suspension);
  }
}

/// What was submitted while nothing can be written fails, now and then after a look whether it can.
tl::expected<ports::Done, ports::StoreError> StateDatabase::write_file(
    const std::vector<Job>& jobs) {
  if (!file_) {
    return tl::unexpected(trouble()->why);
  }
  return file_->write([this, &jobs](sqlite::Connection& to) {
    for (const auto& [upload, change] : unsaved_) {
      tables::write(to, change);
    }
    std::ranges::for_each(jobs, [&to](const Job& job) { write(to, job); });
  });
}

void StateDatabase::write_jobs(const std::vector<Job>& jobs) {
  const auto outcome = write_file(jobs);
  note(outcome);
  if (outcome) {
    unsaved_.clear();
  } else {
    keep_uploads(jobs);
  }
  if (!outcome || mirror_is_ahead_) {
    take_back();
  }
  std::ranges::for_each(jobs, [&outcome](const Job& job) { job.durable(outcome); });
}

void StateDatabase::keep_uploads(const std::vector<Job>& jobs) {
  for (const Job& job : jobs) {
    const auto* const changes = std::get_if<std::vector<ports::Change>>(&job.what);
    if (changes == nullptr) {
      continue;
    }
    for (const ports::Change& change : *changes) {
      keep_upload(change);
    }
  }
}

void StateDatabase::keep_upload(const ports::Change& change) {
  if (const auto* const put = std::get_if<ports::change::PutUpload>(&change)) {
    unsaved_.insert_or_assign({put->row.owner, put->row.file_id}, change);
  } else if (const auto* const drop = std::get_if<ports::change::DropUpload>(&change)) {
    unsaved_.insert_or_assign({drop->of, drop->key}, change);
  }
}

/// The memory becomes what is on disk, the uploads kept, and what was submitted since. Nobody else
/// writes, so the disk does not change meanwhile.
void StateDatabase::take_back() {
  auto on_disk = file_ ? file_->read_all() : tl::expected<MemoryMirror, ports::StoreError>(known_);
  const std::lock_guard lock(mutex_);
  mirror_is_ahead_ = !on_disk;
  if (on_disk) {
    put_in_place(std::move(*on_disk));
  }
}

void StateDatabase::put_in_place(MemoryMirror mirror) {
  mirror_ = std::move(mirror);
  for (const auto& [upload, change] : unsaved_) {
    mirror_.apply(change);
  }
  std::ranges::for_each(jobs_, [this](const Job& job) { apply(mirror_, job); });
}

void StateDatabase::note(const tl::expected<ports::Done, ports::StoreError>& outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (!file_ || (outcome && !trouble_)) {
      return;
    }
    if (!outcome && trouble_ && trouble_->why.message == outcome.error().message) {
      return;
    }
    trouble_ = outcome ? std::nullopt : std::optional(Trouble{outcome.error()});
  }
  tell();
}

/// Nobody may have anything to write for an hour, and all that time it would look as if nothing
/// could be written.
void StateDatabase::probe() {
  if (!file_) {
    return open_late();
  }
  if (unsaved_.empty()) {
    return note(file_->touch());
  }
  write_jobs({});
}

void StateDatabase::open_late() {
  auto opened = open_file();
  if (!opened) {
    return;
  }
  lock_->sign_again();
  {
    const std::lock_guard lock(mutex_);
    file_ = std::move(opened->file);
    std::ranges::move(opened->warnings, std::back_inserter(warnings_));
    put_in_place(std::move(opened->mirror));
    trouble_.reset();
  }
  tell();
}

}  // namespace sessync::state
