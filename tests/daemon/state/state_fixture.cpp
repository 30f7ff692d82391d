#include "tests/daemon/state/state_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "daemon/state/sqlite_state_store.h"

namespace sessync {
namespace {

std::string text_of(const std::optional<TimePoint>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : "never";
}

std::string text_of(const Intent& intent) {
  std::ostringstream out;
  out << intent.path << " deletes[";
  for (const auto& id : intent.deletes) {
    out << id << ",";
  }
  out << "] adds " << intent.adds_file_id << "|" << intent.adds_filename << "|" << intent.adds_size;
  for (const auto& previous : intent.previous) {
    out << " was " << previous.path << "|" << previous.upload_file_id << "|" << previous.filename
        << "|" << previous.size;
  }
  out << " doubt " << text_of(intent.in_doubt_since);
  return out.str();
}

}  // namespace

TempDirectory::TempDirectory(Where where) {
  const bool memory = where == Where::kMemory && std::filesystem::is_directory("/dev/shm");
  const auto parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "sessync-state-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempDirectory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<Change> tombstone(const std::string& id) {
  return {change::PutTombstone{kSession, {id, at(1)}}};
}

OpenState open_state(const std::string& directory, TimePoint now) {
  auto lock = StateLock::acquire(directory);
  if (!lock) {
    throw std::runtime_error(lock.error().message);
  }
  auto database = StateDatabase::open(*lock, now);
  if (!database) {
    throw std::runtime_error(database.error().message);
  }
  return {*std::move(lock), *std::move(database)};
}

tl::expected<Done, StoreError> commit(StateDatabase& database, std::vector<Change> changes) {
  CompletionQueue loop;
  SqliteStateStore store(database, loop);
  std::optional<tl::expected<Done, StoreError>> outcome;
  store.commit(std::move(changes), [&outcome](const auto& durable) { outcome = durable; });
  while (!outcome && loop.run_one()) {
  }
  return outcome.value();
}

std::string text_of(const SessionMemory& memory) {
  std::ostringstream out;
  out << "taken over " << memory.taken_over << " by " << memory.owner << " looked at "
      << text_of(memory.looked_at) << " most files " << memory.most_files << "\n";
  for (const KnownRow& row : memory.rows) {
    out << "row " << row.resource_id << "|" << row.copy_file_id << "|" << row.filename << "|"
        << row.size << "|" << row.owned << "|" << row.upload_file_id << "|" << row.mount_path << "|"
        << text_of(row.added_at) << "|" << row.in_doubt << "\n";
  }
  for (const Intent& intent : memory.intents) {
    out << "intent " << text_of(intent) << "\n";
  }
  for (const Tombstone& tombstone : memory.tombstones) {
    out << "tombstone " << tombstone.resource_id << "|" << text_of(tombstone.deleted_at) << "\n";
  }
  for (const Refusal& refusal : memory.refusals) {
    out << "refusal " << refusal.path << "|" << refusal.content << "|" << refusal.code << "|"
        << refusal.message << "|" << text_of(refusal.at) << "|" << refusal.rows << "\n";
  }
  for (const TokenRecord& token : memory.tokens) {
    out << "token " << token.resource_id << "|" << token.fingerprint << "|"
        << text_of(token.sent_at) << "|" << text_of(token.renew_at) << "|" << token.last_fault
        << "\n";
  }
  for (const OutputRecord& output : memory.outputs) {
    out << "output " << output.file_id << "|" << output.name << "|" << output.size << "|"
        << text_of(output.gone_since) << "\n";
  }
  if (memory.left_at) {
    out << "left " << text_of(memory.left_at) << "\n";
  }
  if (memory.status) {
    out << "status " << memory.status->status << "|" << text_of(memory.status->since) << "\n";
  }
  return out.str();
}

std::string text_of(const Upload& upload) {
  std::ostringstream out;
  out << upload.owner << "|" << upload.sha256 << "|" << upload.file_id << "|" << upload.filename
      << "|" << upload.size << "|" << text_of(upload.confirmed_at) << "|"
      << text_of(upload.needed_at);
  return out.str();
}

}  // namespace sessync
