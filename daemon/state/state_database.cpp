#include "daemon/state/state_database.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "daemon/state/state_file.h"
#include "daemon/state/tables.h"

namespace sessync {
namespace {

constexpr const char* kFileName = "/state.db";

/// Digests of one transaction: what a commit may have to wait for.
constexpr std::size_t kDigestsAtOnce = 2000;

StoreError refused_read_only() { return {"the state was opened for reading only"}; }

template <class Item>
std::vector<Item> take_some(std::vector<Item>& items) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(items.size(), kDigestsAtOnce));
  std::vector<Item> some(std::make_move_iterator(items.end() - count),
                         std::make_move_iterator(items.end()));
  items.erase(items.end() - count, items.end());
  return some;
}

}  // namespace

tl::expected<std::unique_ptr<StateDatabase>, std::string> StateDatabase::open(const StateLock& lock,
                                                                              TimePoint now) {
  auto opened = StateFile::open(lock.directory() + kFileName, now);
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  opened->mirror.believe_no_future(now);
  std::unique_ptr<StateDatabase> database(
      new StateDatabase(Kind::kOnDisk, std::move(opened->file), std::move(opened->mirror)));
  database->warnings_ = std::move(opened->warnings);
  return database;
}

tl::expected<std::unique_ptr<StateDatabase>, std::string> StateDatabase::open_read_only(
    const std::string& directory, TimePoint now) {
  auto opened = StateFile::open_read_only(directory + kFileName);
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  opened->mirror.doubt_intents(now);
  opened->mirror.believe_no_future(now);
  std::unique_ptr<StateDatabase> database(
      new StateDatabase(Kind::kReadOnly, std::move(opened->file), std::move(opened->mirror)));
  database->warnings_ = std::move(opened->warnings);
  return database;
}

std::unique_ptr<StateDatabase> StateDatabase::in_memory() {
  return std::unique_ptr<StateDatabase>(new StateDatabase(Kind::kInMemory, nullptr, {}));
}

StateDatabase::StateDatabase(Kind kind, std::unique_ptr<StateFile> file, MemoryMirror mirror)
    : kind_(kind), file_(std::move(file)), mirror_(std::move(mirror)) {
  if (kind_ == Kind::kOnDisk) {
    writer_ = std::thread([this] { run(); });
  }
}

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

SessionMemory StateDatabase::load(const std::string& session_id) const {
  const std::lock_guard lock(mutex_);
  return mirror_.load(session_id);
}

std::optional<Upload> StateDatabase::find_upload(const std::string& owner,
                                                 const std::string& sha256) const {
  const std::lock_guard lock(mutex_);
  return mirror_.find_upload(owner, sha256);
}

std::vector<Upload> StateDatabase::uploads(const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  return mirror_.uploads(owner);
}

std::optional<CreationRecord> StateDatabase::find_creation(const std::string& owner,
                                                           const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return mirror_.find_creation(owner, name);
}

std::vector<std::string> StateDatabase::sessions() const {
  const std::lock_guard lock(mutex_);
  return mirror_.sessions();
}

std::vector<CreationRecord> StateDatabase::creations() const {
  const std::lock_guard lock(mutex_);
  return mirror_.creations();
}

std::map<std::string, Suspension> StateDatabase::suspensions() const {
  const std::lock_guard lock(mutex_);
  return mirror_.suspensions();
}

std::optional<StoreError> StateDatabase::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void StateDatabase::commit(std::vector<Change> changes, Durable durable) {
  submit({std::move(changes), std::move(durable)});
}

tl::expected<Done, StoreError> StateDatabase::set_suspension(
    const std::string& session, const std::optional<Suspension>& suspension) {
  std::promise<tl::expected<Done, StoreError>> outcome;
  submit(
      {SuspensionChange{session, suspension}, [&outcome](tl::expected<Done, StoreError> durable) {
         outcome.set_value(std::move(durable));
       }});
  return outcome.get_future().get();
}

void StateDatabase::apply(MemoryMirror& mirror, const Job& job) {
  if (const auto* const changes = std::get_if<std::vector<Change>>(&job.what)) {
    mirror.apply(*changes);
  } else {
    const auto& change = std::get<SuspensionChange>(job.what);
    mirror.suspend(change.session, change.suspension);
  }
}

void StateDatabase::submit(Job job) {
  if (kind_ == Kind::kReadOnly) {
    return job.durable(tl::unexpected(refused_read_only()));
  }
  {
    const std::lock_guard lock(mutex_);
    apply(mirror_, job);
    if (kind_ == Kind::kOnDisk) {
      jobs_.push_back(std::move(job));
      work_.notify_one();
      return;
    }
  }
  job.durable(Done{});
}

std::vector<DigestEntry> StateDatabase::load_digests() const {
  if (!file_) {
    return {};
  }
  return file_->read_digests().value_or(std::vector<DigestEntry>{});
}

void StateDatabase::save_digests(DigestCache::Changes changes) {
  if (kind_ != Kind::kOnDisk || changes.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  digests_.push_back(std::move(changes));
  work_.notify_one();
}

void StateDatabase::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return kind_ != Kind::kOnDisk || (!has_work() && !writing_); });
}

void StateDatabase::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return has_work() || closing_; });
    if (!has_work()) {
      return;
    }
    writing_ = true;
    write_next(lock);
    writing_ = false;
    if (!has_work()) {
      idle_.notify_all();
    }
  }
}

void StateDatabase::write_next(std::unique_lock<std::mutex>& lock) {
  if (!jobs_.empty()) {
    const std::vector<Job> jobs = std::exchange(jobs_, {});
    lock.unlock();
    write_jobs(jobs);
    lock.lock();
    return;
  }
  DigestCache::Changes& waiting = digests_.front();
  const DigestCache::Changes some{.put = take_some(waiting.put),
                                  .removed = take_some(waiting.removed)};
  if (waiting.empty()) {
    digests_.pop_front();
  }
  lock.unlock();
  note(file_->write([&some](sqlite::Connection& to) { tables::write_digests(to, some); }));
  lock.lock();
}

void StateDatabase::write(sqlite::Connection& to, const Job& job) {
  if (const auto* const changes = std::get_if<std::vector<Change>>(&job.what)) {
    std::ranges::for_each(*changes, [&to](const Change& change) { tables::write(to, change); });
  } else {
    const auto& change = std::get<SuspensionChange>(job.what);
    tables::write_suspension(to, change.session, change.suspension);
  }
}

void StateDatabase::write_jobs(const std::vector<Job>& jobs) {
  const auto outcome = file_->write([this, &jobs](sqlite::Connection& to) {
    for (const auto& [upload, change] : unsaved_) {
      tables::write(to, change);
    }
    std::ranges::for_each(jobs, [&to](const Job& job) { write(to, job); });
  });
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
    const auto* const changes = std::get_if<std::vector<Change>>(&job.what);
    if (changes == nullptr) {
      continue;
    }
    for (const Change& change : *changes) {
      keep_upload(change);
    }
  }
}

void StateDatabase::keep_upload(const Change& change) {
  if (const auto* const put = std::get_if<change::PutUpload>(&change)) {
    unsaved_.insert_or_assign({put->upload.owner, put->upload.file_id}, change);
  } else if (const auto* const drop = std::get_if<change::DropUpload>(&change)) {
    unsaved_.insert_or_assign({drop->owner, drop->file_id}, change);
  }
}

/// The memory becomes what is on disk, the uploads kept, and what was submitted since. Runs on the
/// only thread that writes, so the disk does not change meanwhile.
void StateDatabase::take_back() {
  auto on_disk = file_->read_all();
  const std::lock_guard lock(mutex_);
  mirror_is_ahead_ = !on_disk;
  if (on_disk) {
    mirror_ = std::move(*on_disk);
    for (const auto& [upload, change] : unsaved_) {
      mirror_.apply(change);
    }
    std::ranges::for_each(jobs_, [this](const Job& job) { apply(mirror_, job); });
  }
}

void StateDatabase::note(const tl::expected<Done, StoreError>& outcome) {
  const std::lock_guard lock(mutex_);
  failure_ = outcome ? std::nullopt : std::optional(outcome.error());
}

}  // namespace sessync
