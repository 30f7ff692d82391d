#include <map>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

using Key = std::pair<std::string, std::string>;

/// The contract of Change, as plainly as it can be said.
struct Model {
  std::map<Key, KnownRow> rows;
  std::map<Key, Intent> intents;
  std::map<Key, Tombstone> tombstones;
  std::map<Key, Refusal> refusals;
  std::map<std::string, change::SetTakenOver> taken_over;
  std::map<std::string, std::uint64_t> most_files;
  std::map<std::string, TimePoint> looked_at;
  std::map<Key, Upload> uploads;
  std::map<Key, TokenRecord> tokens;
  std::map<Key, OutputRecord> outputs;
  std::map<std::string, SeenStatus> statuses;
  std::map<Key, CreationRecord> creations;
  std::map<std::string, std::optional<TimePoint>> left;

  void operator()(const change::PutRow& c) { rows[{c.session_id, c.row.resource_id}] = c.row; }
  void operator()(const change::DropRow& c) { rows.erase({c.session_id, c.resource_id}); }
  void operator()(const change::PutIntent& c) { intents[{c.session_id, c.intent.path}] = c.intent; }
  void operator()(const change::DropIntent& c) { intents.erase({c.session_id, c.path}); }
  void operator()(const change::PutTombstone& c) {
    tombstones[{c.session_id, c.tombstone.resource_id}] = c.tombstone;
  }
  void operator()(const change::DropTombstone& c) {
    tombstones.erase({c.session_id, c.resource_id});
  }
  void operator()(const change::PutRefusal& c) {
    refusals[{c.session_id, c.refusal.path + '\n' + c.refusal.content}] = c.refusal;
  }
  void operator()(const change::DropRefusal& c) {
    std::erase_if(refusals, [&](const auto& entry) {
      const Refusal& refusal = entry.second;
      return entry.first.first == c.session_id && refusal.path == c.path &&
             (!c.content || refusal.content == *c.content);
    });
  }
  void operator()(const change::SetTakenOver& c) { taken_over[c.session_id] = c; }
  void operator()(const change::SetMostFiles& c) { most_files[c.session_id] = c.count; }
  void operator()(const change::SetLookedAt& c) { looked_at[c.session_id] = c.at; }
  void operator()(const change::PutUpload& c) {
    uploads[{c.upload.owner, c.upload.file_id}] = c.upload;
  }
  void operator()(const change::DropUpload& c) { uploads.erase({c.owner, c.file_id}); }
  void operator()(const change::PutToken& c) {
    tokens[{c.session_id, c.token.resource_id}] = c.token;
  }
  void operator()(const change::DropToken& c) { tokens.erase({c.session_id, c.resource_id}); }
  void operator()(const change::PutOutput& c) {
    outputs[{c.session_id, c.output.file_id}] = c.output;
  }
  void operator()(const change::DropOutput& c) { outputs.erase({c.session_id, c.file_id}); }
  void operator()(const change::SetLeft& c) { left[c.session_id] = c.at; }
  void operator()(const change::DropSession& c) {
    const auto drop = [&](auto& from) {
      std::erase_if(from, [&](const auto& entry) { return entry.first.first == c.session_id; });
    };
    drop(rows);
    drop(intents);
    drop(tombstones);
    drop(refusals);
    drop(tokens);
    drop(outputs);
    taken_over.erase(c.session_id);
    looked_at.erase(c.session_id);
    statuses.erase(c.session_id);
    most_files.erase(c.session_id);
    left.erase(c.session_id);
  }
  void operator()(const change::SetStatus& c) { statuses[c.session_id] = c.status; }
  void operator()(const change::PutCreation& c) {
    creations[{c.creation.owner, c.creation.name}] = c.creation;
  }
  void operator()(const change::DropCreation& c) { creations.erase({c.owner, c.name}); }

  void restart(TimePoint now) {
    for (auto& [key, intent] : intents) {
      intent.in_doubt_since = now;
    }
    for (auto& [key, creation] : creations) {
      if (creation.session_id.empty()) {
        creation.in_doubt_since = now;
      }
    }
  }

  [[nodiscard]] SessionMemory load(const std::string& session) const {
    SessionMemory memory;
    const auto collect = [&session](const auto& from, auto& into) {
      for (const auto& [key, item] : from) {
        if (key.first == session) {
          into.push_back(item);
        }
      }
    };
    collect(rows, memory.rows);
    collect(intents, memory.intents);
    collect(tombstones, memory.tombstones);
    collect(refusals, memory.refusals);
    collect(tokens, memory.tokens);
    collect(outputs, memory.outputs);
    if (const auto status = statuses.find(session); status != statuses.end()) {
      memory.status = status->second;
    }
    if (const auto by = taken_over.find(session); by != taken_over.end()) {
      memory.taken_over = by->second.complete;
      memory.owner = by->second.owner;
    }
    if (const auto most = most_files.find(session); most != most_files.end()) {
      memory.most_files = most->second;
    }
    if (const auto at = looked_at.find(session); at != looked_at.end()) {
      memory.looked_at = at->second;
    }
    if (const auto at = left.find(session); at != left.end()) {
      memory.left_at = at->second;
    }
    return memory;
  }
};

/// Few keys, so that changes meet; any bytes.
std::string key() {
  return *rc::gen::element<std::string>("", "a", "b", "B", std::string("\0x", 2), "\xff'\"");
}
std::string text() { return *rc::gen::arbitrary<std::string>(); }
std::uint64_t size() { return *rc::gen::arbitrary<std::uint64_t>(); }
TimePoint time() { return TimePoint{Duration{*rc::gen::inRange<std::int64_t>(-5, 1'000)}}; }
std::optional<TimePoint> maybe_time() {
  return *rc::gen::arbitrary<bool>() ? std::optional(time()) : std::nullopt;
}

KnownRow random_row() {
  return {.resource_id = key(),
          .copy_file_id = text(),
          .filename = text(),
          .size = size(),
          .owned = *rc::gen::arbitrary<bool>(),
          .upload_file_id = text(),
          .mount_path = text(),
          .added_at = maybe_time(),
          .in_doubt = *rc::gen::arbitrary<bool>()};
}

Intent random_intent() {
  Intent intent{.path = key(),
                .deletes = *rc::gen::arbitrary<std::vector<std::string>>(),
                .adds_file_id = text(),
                .adds_filename = text(),
                .adds_size = size(),
                .previous = {},
                .in_doubt_since = maybe_time()};
  for (auto left = *rc::gen::inRange(0, 3); left > 0; --left) {
    intent.previous.push_back({text(), text(), text(), size()});
  }
  return intent;
}

Change random_change() {
  switch (*rc::gen::inRange(0, 22)) {
    case 0:
      return change::PutRow{key(), random_row()};
    case 1:
      return change::DropRow{key(), key()};
    case 2:
      return change::PutIntent{key(), random_intent()};
    case 3:
      return change::DropIntent{key(), key()};
    case 4:
      return change::PutTombstone{key(), {key(), time()}};
    case 5:
      return change::DropTombstone{key(), key()};
    case 6:
      return change::PutRefusal{key(), {key(), key(), text(), text(), time(), size()}};
    case 7:
      return change::DropRefusal{key(), key(),
                                 size() % 2 == 0 ? std::optional(key()) : std::nullopt};
    case 8:
      return change::SetTakenOver{key(), text(), size() % 2 == 0};
    case 9:
      return change::SetLookedAt{key(), time()};
    case 10:
      return change::PutUpload{{key(), key(), key(), text(), size(), time(), time()}};
    case 11:
      return change::PutToken{key(), {key(), text(), maybe_time(), maybe_time(), text()}};
    case 12:
      return change::DropToken{key(), key()};
    case 13:
      return change::PutOutput{key(), {key(), text(), size(), maybe_time()}};
    case 14:
      return change::SetStatus{key(), {text(), time()}};
    case 15:
      return change::PutCreation{{key(), key(), key(), text(), maybe_time()}};
    case 16:
      return change::DropCreation{key(), key()};
    case 17:
      return change::DropOutput{key(), key()};
    case 18:
      return change::SetLeft{key(), maybe_time()};
    case 19:
      return change::DropSession{key()};
    case 20:
      return change::SetMostFiles{key(), size()};
    default:
      return change::DropUpload{key(), key()};
  }
}

void check_equal(const StateDatabase& database, const Model& model) {
  for (const std::string& name :
       {std::string(), std::string("a"), std::string("b"), std::string("B"), std::string("\0x", 2),
        std::string("\xff'\"")}) {
    RC_ASSERT(text_of(database.load(name)) == text_of(model.load(name)));
    std::vector<Upload> uploads;
    for (const auto& [upload_key, upload] : model.uploads) {
      if (upload_key.first == name) {
        uploads.push_back(upload);
        const auto found = database.find_upload(name, upload.sha256);
        RC_ASSERT(found.has_value());
        RC_ASSERT(found->sha256 == upload.sha256);
        RC_ASSERT(found->confirmed_at >= upload.confirmed_at);
        RC_ASSERT(model.uploads.at({name, found->file_id}) == *found);
      }
    }
    RC_ASSERT(database.uploads(name) == uploads);
    for (const auto& [creation_key, creation] : model.creations) {
      RC_ASSERT(database.find_creation(creation_key.first, creation_key.second) == creation);
    }
    RC_ASSERT_FALSE(database.find_creation(name, "nobody").has_value());
  }
}

void commit_some(StateDatabase& database, Model& model) {
  const int commits = *rc::gen::inRange(0, 6);
  for (int c = 0; c < commits; ++c) {
    std::vector<Change> changes;
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
      changes.push_back(random_change());
      std::visit(model, changes.back());
    }
    RC_ASSERT(commit(database, changes).has_value());
  }
}

TEST_CASE("The state equals a map of what was put into it, across restarts") {
  rc::prop("for any changes", [] {
    const TempDirectory directory;
    Model model;
    for (int run = 0; run < 2; ++run) {
      const auto now = at(2'000 + run);
      const auto state = open_state(directory.path(), now);
      model.restart(now);
      check_equal(*state.database, model);
      commit_some(*state.database, model);
      check_equal(*state.database, model);
    }
  });
}

}  // namespace
}  // namespace sessync
