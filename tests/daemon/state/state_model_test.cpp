#include <map>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

/// Whose it is, and what tells it from others there, in the order that counts.
using Key = std::pair<std::string, std::vector<std::string>>;
template <class Row>
using Rows = std::map<Key, Row>;

using Keys = std::vector<std::string>;
Keys key_of(const ports::InventoryRow& row) { return {row.resource_id}; }
Keys key_of(const ports::Intent& intent) { return {intent.path}; }
Keys key_of(const ports::Tombstone& tombstone) { return {tombstone.resource_id}; }
Keys key_of(const ports::Refusal& refusal) { return {refusal.path, refusal.content}; }
Keys key_of(const ports::TokenRecord& token) { return {token.resource_id}; }
Keys key_of(const ports::OutputRecord& output) { return {output.file_id}; }
Keys key_of(const ports::SeenStatus& /*only one*/) { return {}; }

/// The contract of Change, as plainly as it can be said; it believes no description.
struct Model {
  std::tuple<Rows<ports::InventoryRow>, Rows<ports::Intent>, Rows<ports::Tombstone>,
             Rows<ports::Refusal>, Rows<ports::TokenRecord>, Rows<ports::OutputRecord>,
             Rows<ports::SeenStatus>>
      in_sessions;
  std::map<std::string, ports::change::SetTakenOver> taken_over;
  std::map<std::string, std::uint64_t> most_files;
  std::map<std::string, ports::TimePoint> looked_at;
  std::map<std::string, std::optional<ports::TimePoint>> left;
  Rows<ports::Upload> uploads;
  Rows<ports::CreationRecord> creations;

  template <class Row>
  [[nodiscard]] Rows<Row>& all() {
    return std::get<Rows<Row>>(in_sessions);
  }

  template <class Row>
  void operator()(const ports::change::Put<Row>& c) {
    all<Row>()[{c.session_id, key_of(c.row)}] = c.row;
  }
  template <class Row>
  void operator()(const ports::change::Drop<Row>& c) {
    all<Row>().erase({c.of, Keys{c.key}});
  }
  void operator()(const ports::change::DropRefusal& c) {
    std::erase_if(all<ports::Refusal>(), [&](const auto& entry) {
      const ports::Refusal& refusal = entry.second;
      return entry.first.first == c.session_id && refusal.path == c.path &&
             (!c.content || refusal.content == *c.content);
    });
  }
  void operator()(const ports::change::SetTakenOver& c) { taken_over[c.session_id] = c; }
  void operator()(const ports::change::SetMostFiles& c) { most_files[c.session_id] = c.count; }
  void operator()(const ports::change::SetLookedAt& c) { looked_at[c.session_id] = c.at; }
  void operator()(const ports::change::SetLeft& c) { left[c.session_id] = c.at; }
  void operator()(const ports::change::PutUpload& c) {
    uploads[{c.row.owner, Keys{c.row.file_id}}] = c.row;
  }
  void operator()(const ports::change::DropUpload& c) { uploads.erase({c.of, Keys{c.key}}); }
  void operator()(const ports::change::PutCreation& c) {
    creations[{c.row.owner, Keys{c.row.name}}] = c.row;
  }
  void operator()(const ports::change::DropCreation& c) { creations.erase({c.of, Keys{c.key}}); }
  void operator()(const ports::change::DropSession& c) {
    const auto drop = [&c](auto& from) {
      std::erase_if(from, [&](const auto& entry) { return entry.first.first == c.session_id; });
    };
    std::apply([&drop](auto&... rows) { (drop(rows), ...); }, in_sessions);
    taken_over.erase(c.session_id);
    looked_at.erase(c.session_id);
    most_files.erase(c.session_id);
    left.erase(c.session_id);
  }

  void restart(ports::TimePoint now) {
    for (auto& [key, intent] : all<ports::Intent>()) {
      if (intent.in_doubt_since) {
        intent.in_doubt_since = now;
      }
    }
    for (auto& [key, creation] : creations) {
      if (creation.session_id.empty()) {
        creation.in_doubt_since = now;
      }
    }
  }

  template <class Row>
  [[nodiscard]] std::vector<Row> of(const std::string& session) const {
    std::vector<Row> found;
    for (const auto& [key, row] : std::get<Rows<Row>>(in_sessions)) {
      if (key.first == session) {
        found.push_back(row);
      }
    }
    return found;
  }
  template <class Value>
  static Value value_of(const std::map<std::string, Value>& from, const std::string& session) {
    const auto found = from.find(session);
    return found == from.end() ? Value{} : found->second;
  }

  [[nodiscard]] ports::Inventory load(const std::string& session) const {
    ports::Inventory inventory;
    inventory.rows = of<ports::InventoryRow>(session);
    inventory.intents = of<ports::Intent>(session);
    inventory.tombstones = of<ports::Tombstone>(session);
    inventory.refusals = of<ports::Refusal>(session);
    inventory.tokens = of<ports::TokenRecord>(session);
    inventory.outputs = of<ports::OutputRecord>(session);
    if (const auto status = of<ports::SeenStatus>(session); !status.empty()) {
      inventory.status = status.front();
    }
    if (taken_over.contains(session)) {
      inventory.taken_over = taken_over.at(session).complete;
      inventory.owner = taken_over.at(session).owner;
    }
    inventory.most_files = value_of(most_files, session);
    if (looked_at.contains(session)) {
      inventory.looked_at = looked_at.at(session);
    }
    inventory.left_at = value_of(left, session);
    return inventory;
  }
};

/// Few keys, so that changes meet; any bytes.
std::string key() {
  return *rc::gen::element<std::string>("", "a", "b", "B", std::string("\0x", 2), "\xff'\"");
}
std::string text() { return *rc::gen::arbitrary<std::string>(); }
std::uint64_t size() { return *rc::gen::arbitrary<std::uint64_t>(); }
ports::TimePoint time() {
  return ports::TimePoint{ports::Duration{*rc::gen::inRange<std::int64_t>(-5, 1'000)}};
}
std::optional<ports::TimePoint> maybe_time() {
  return *rc::gen::arbitrary<bool>() ? std::optional(time()) : std::nullopt;
}

ports::InventoryRow random_row() {
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

ports::Intent random_intent() {
  ports::Intent intent{.path = key(),
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

ports::Change random_change() {
  switch (*rc::gen::inRange(0, 22)) {
    case 0:
      return ports::change::PutRow{key(), random_row()};
    case 1:
      return ports::change::DropRow{key(), key()};
    case 2:
      return ports::change::PutIntent{key(), random_intent()};
    case 3:
      return ports::change::DropIntent{key(), key()};
    case 4:
      return ports::change::PutTombstone{key(), {key(), time()}};
    case 5:
      return ports::change::DropTombstone{key(), key()};
    case 6:
      return ports::change::PutRefusal{key(), {key(), key(), text(), text(), time(), size()}};
    case 7:
      return ports::change::DropRefusal{key(), key(),
                                        size() % 2 == 0 ? std::optional(key()) : std::nullopt};
    case 8:
      return ports::change::SetTakenOver{key(), text(), size() % 2 == 0};
    case 9:
      return ports::change::SetLookedAt{key(), time()};
    case 10:
      return ports::change::PutUpload{{key(), key(), key(), text(), size(), time(), time()}};
    case 11:
      return ports::change::PutToken{key(), {key(), text(), maybe_time(), maybe_time(), text()}};
    case 12:
      return ports::change::DropToken{key(), key()};
    case 13:
      return ports::change::PutOutput{key(), {key(), text(), size(), maybe_time()}};
    case 14:
      return ports::change::SetStatus{key(), {text(), time()}};
    case 15:
      return ports::change::PutCreation{{key(), key(), key(), text(), maybe_time()}};
    case 16:
      return ports::change::DropCreation{key(), key()};
    case 17:
      return ports::change::DropOutput{key(), key()};
    case 18:
      return ports::change::SetLeft{key(), maybe_time()};
    case 19:
      return ports::change::DropSession{key()};
    case 20:
      return ports::change::SetMostFiles{key(), size()};
    default:
      return ports::change::DropUpload{key(), key()};
  }
}

void check_equal(const state::StateDatabase& database, const Model& model) {
  for (const std::string& name :
       {std::string(), std::string("a"), std::string("b"), std::string("B"), std::string("\0x", 2),
        std::string("\xff'\"")}) {
    RC_ASSERT(database.load(name) == model.load(name));
    std::vector<ports::Upload> uploads;
    for (const auto& [upload_key, upload] : model.uploads) {
      if (upload_key.first == name) {
        uploads.push_back(upload);
        const auto found = database.find_upload(name, upload.sha256);
        RC_ASSERT(found.has_value());
        RC_ASSERT(found->sha256 == upload.sha256);
        RC_ASSERT(found->confirmed_at >= upload.confirmed_at);
        RC_ASSERT(model.uploads.at({name, Keys{found->file_id}}) == *found);
      }
    }
    RC_ASSERT(database.uploads(name) == uploads);
    for (const auto& [creation_key, creation] : model.creations) {
      RC_ASSERT(database.find_creation(creation.owner, creation.name) == creation);
    }
    RC_ASSERT_FALSE(database.find_creation(name, "nobody").has_value());
  }
}

void commit_some(state::StateDatabase& database, Model& model) {
  const int commits = *rc::gen::inRange(0, 6);
  for (int c = 0; c < commits; ++c) {
    std::vector<ports::Change> changes;
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
