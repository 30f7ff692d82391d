#include "daemon/state/tables.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "daemon/state/schema.h"
#include "daemon/state/text_list.h"

namespace sessync::tables {
namespace {

using sqlite::Connection;
using sqlite::Row;
using sqlite::value;
using sqlite::Value;

/// Those that say something of one session, in its column session_id.
constexpr std::array kSessionTables{"session",      "row",         "intent",  "tombstone",
                                    "refusal",      "token",       "output",  "status",
                                    "gone_session", "gone_output", "previous"};

struct Write {
  Connection& to;

  void operator()(const change::PutRow& put) const {
    const KnownRow& row = put.row;
    to.run("REPLACE INTO row VALUES (?,?,?,?,?,?,?,?,?,?)",
           {value(put.session_id), value(row.resource_id), value(row.copy_file_id),
            value(row.filename), value(row.size), value(row.owned), value(row.upload_file_id),
            value(row.mount_path), value(row.added_at), value(row.in_doubt)});
  }
  void operator()(const change::DropRow& drop) const {
    to.run("DELETE FROM row WHERE session_id = ? AND resource_id = ?",
           {value(drop.session_id), value(drop.resource_id)});
  }
  void operator()(const change::PutIntent& put) const {
    const Intent& intent = put.intent;
    const std::string deletes = join_texts(intent.deletes);
    to.run("REPLACE INTO intent VALUES (?,?,?,?,?,?,?)",
           {value(put.session_id), value(intent.path), value(deletes), value(intent.adds_file_id),
            value(intent.adds_filename), value(intent.adds_size), value(intent.in_doubt_since)});
    drop_previous(put.session_id, intent.path);
    std::int64_t number = 0;
    for (const Previous& previous : intent.previous) {
      to.run("INSERT INTO previous VALUES (?,?,?,?,?,?,?)",
             {value(put.session_id), value(intent.path), value(number++), value(previous.path),
              value(previous.upload_file_id), value(previous.filename), value(previous.size)});
    }
  }
  void operator()(const change::DropIntent& drop) const {
    to.run("DELETE FROM intent WHERE session_id = ? AND path = ?",
           {value(drop.session_id), value(drop.path)});
    drop_previous(drop.session_id, drop.path);
  }
  void drop_previous(const std::string& session_id, const std::string& path) const {
    to.run("DELETE FROM previous WHERE session_id = ? AND intent_path = ?",
           {value(session_id), value(path)});
  }
  void operator()(const change::PutTombstone& put) const {
    to.run(
        "REPLACE INTO tombstone VALUES (?,?,?)",
        {value(put.session_id), value(put.tombstone.resource_id), value(put.tombstone.deleted_at)});
  }
  void operator()(const change::DropTombstone& drop) const {
    to.run("DELETE FROM tombstone WHERE session_id = ? AND resource_id = ?",
           {value(drop.session_id), value(drop.resource_id)});
  }
  void operator()(const change::PutRefusal& put) const {
    const Refusal& refusal = put.refusal;
    to.run("REPLACE INTO refusal VALUES (?,?,?,?,?,?,?)",
           {value(put.session_id), value(refusal.path), value(refusal.content), value(refusal.code),
            value(refusal.message), value(refusal.at), value(refusal.rows)});
  }
  void operator()(const change::DropRefusal& drop) const {
    if (drop.content) {
      to.run("DELETE FROM refusal WHERE session_id = ? AND path = ? AND content = ?",
             {value(drop.session_id), value(drop.path), value(*drop.content)});
    } else {
      to.run("DELETE FROM refusal WHERE session_id = ? AND path = ?",
             {value(drop.session_id), value(drop.path)});
    }
  }
  void operator()(const change::SetTakenOver& set) const {
    to.run(
        "INSERT INTO session (session_id, taken_over, owner) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET taken_over = excluded.taken_over, owner = excluded.owner",
        {value(set.session_id), value(set.complete), value(set.owner)});
  }
  void operator()(const change::SetLookedAt& set) const {
    to.run(
        "INSERT INTO session (session_id, looked_at) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET looked_at = excluded.looked_at",
        {value(set.session_id), value(set.at)});
  }
  void operator()(const change::SetMostFiles& set) const {
    to.run(
        "INSERT INTO session (session_id, most_files) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET most_files = excluded.most_files",
        {value(set.session_id), value(set.count)});
  }
  void operator()(const change::PutToken& put) const {
    const TokenRecord& token = put.token;
    to.run("REPLACE INTO token VALUES (?,?,?,?,?,?)",
           {value(put.session_id), value(token.resource_id), value(token.fingerprint),
            value(token.sent_at), value(token.renew_at), value(token.last_fault)});
  }
  void operator()(const change::DropToken& drop) const {
    to.run("DELETE FROM token WHERE session_id = ? AND resource_id = ?",
           {value(drop.session_id), value(drop.resource_id)});
  }
  void operator()(const change::PutOutput& put) const {
    to.run("REPLACE INTO output VALUES (?,?,?,?)",
           {value(put.session_id), value(put.output.file_id), value(put.output.name),
            value(put.output.size)});
    if (put.output.gone_since) {
      to.run("REPLACE INTO gone_output VALUES (?,?,?)",
             {value(put.session_id), value(put.output.file_id), value(*put.output.gone_since)});
    } else {
      drop_gone_output(put.session_id, put.output.file_id);
    }
  }
  void operator()(const change::DropOutput& drop) const {
    to.run("DELETE FROM output WHERE session_id = ? AND file_id = ?",
           {value(drop.session_id), value(drop.file_id)});
    drop_gone_output(drop.session_id, drop.file_id);
  }
  void drop_gone_output(const std::string& session_id, const std::string& file_id) const {
    to.run("DELETE FROM gone_output WHERE session_id = ? AND file_id = ?",
           {value(session_id), value(file_id)});
  }
  void operator()(const change::SetLeft& set) const {
    if (set.at) {
      to.run("REPLACE INTO gone_session VALUES (?,?)", {value(set.session_id), value(*set.at)});
    } else {
      to.run("DELETE FROM gone_session WHERE session_id = ?", {value(set.session_id)});
    }
  }
  void operator()(const change::DropSession& drop) const {
    for (const auto* table : kSessionTables) {
      to.run("DELETE FROM " + std::string(table) + " WHERE session_id = ?",
             {value(drop.session_id)});
    }
  }
  void operator()(const change::SetStatus& set) const {
    to.run("REPLACE INTO status VALUES (?,?,?)",
           {value(set.session_id), value(set.status.status), value(set.status.since)});
  }
  void operator()(const change::PutCreation& put) const {
    const CreationRecord& creation = put.creation;
    to.run("REPLACE INTO creation VALUES (?,?,?,?,?)",
           {value(creation.owner), value(creation.name), value(creation.session_id),
            value(creation.organization_id), value(creation.in_doubt_since)});
  }
  void operator()(const change::DropCreation& drop) const {
    to.run("DELETE FROM creation WHERE owner = ? AND name = ?",
           {value(drop.owner), value(drop.name)});
  }
  void operator()(const change::PutUpload& put) const {
    const Upload& upload = put.upload;
    to.run(
        "REPLACE INTO upload VALUES (?,?,?,?,?,?,?)",
        {value(upload.owner), value(upload.file_id), value(upload.sha256), value(upload.filename),
         value(upload.size), value(upload.confirmed_at), value(upload.needed_at)});
  }
  void operator()(const change::DropUpload& drop) const {
    to.run("DELETE FROM upload WHERE owner = ? AND file_id = ?",
           {value(drop.owner), value(drop.file_id)});
  }
};

void read_sessions(Connection& from, MemoryMirror& into) {
  const auto version = schema_version(from);
  const auto columns = "SELECT session_id, taken_over, looked_at, " +
                       std::string(version >= 2 ? "owner, " : "'', ") +
                       (version >= 4 ? "most_files FROM session" : "0 FROM session");
  from.query(columns, {}, [&](const Row& row) {
    if (const auto count = row.size(4); count > 0) {
      into.apply(change::SetMostFiles{row.text(0), count});
    }
    into.apply(change::SetTakenOver{row.text(0), row.text(3), row.flag(1)});
    if (const auto at = row.optional_time(2)) {
      into.apply(change::SetLookedAt{row.text(0), *at});
    }
  });
}

void read_rows(Connection& from, MemoryMirror& into) {
  const auto columns =
      "SELECT session_id, resource_id, copy_file_id, filename, size, owned, upload_file_id, "
      "mount_path, added_at, " +
      std::string(schema_version(from) >= 4 ? "in_doubt FROM row" : "0 FROM row");
  from.query(columns, {}, [&](const Row& row) {
    into.apply(change::PutRow{row.text(0),
                              {.resource_id = row.text(1),
                               .copy_file_id = row.text(2),
                               .filename = row.text(3),
                               .size = row.size(4),
                               .owned = row.flag(5),
                               .upload_file_id = row.text(6),
                               .mount_path = row.text(7),
                               .added_at = row.optional_time(8),
                               .in_doubt = row.flag(9)}});
  });
}

/// What made way for each open add, by session and path of the add, in its order.
using PreviousOfIntents = std::map<std::pair<std::string, std::string>, std::vector<Previous>>;

PreviousOfIntents read_previous(Connection& from) {
  PreviousOfIntents all;
  // An older version has at most one, from the add's own path.
  const char* columns =
      schema_version(from) >= 4
          ? "SELECT session_id, intent_path, path, file_id, filename, size FROM previous "
            "ORDER BY session_id, intent_path, number"
          : "SELECT session_id, path, path, previous_file_id, previous_filename, previous_size "
            "FROM intent WHERE previous_file_id IS NOT NULL";
  from.query(columns, {}, [&](const Row& row) {
    all[{row.text(0), row.text(1)}].push_back({row.text(2), row.text(3), row.text(4), row.size(5)});
  });
  return all;
}

Intent intent_of(const Row& row, const PreviousOfIntents& previous) {
  auto deletes = split_texts(row.text(2));
  if (!deletes) {
    throw sqlite::Error(sqlite::Error::Kind::kDamaged, "an intent in it cannot be read");
  }
  Intent intent{.path = row.text(1),
                .deletes = *std::move(deletes),
                .adds_file_id = row.text(3),
                .adds_filename = row.text(4),
                .adds_size = row.size(5),
                .previous = {},
                .in_doubt_since = row.optional_time(6)};
  if (const auto known = previous.find({row.text(0), row.text(1)}); known != previous.end()) {
    intent.previous = known->second;
  }
  return intent;
}

void read_intents(Connection& from, MemoryMirror& into) {
  const auto previous = read_previous(from);
  from.query(
      "SELECT session_id, path, deletes, adds_file_id, adds_filename, adds_size, in_doubt_since "
      "FROM intent",
      {}, [&](const Row& row) {
        into.apply(change::PutIntent{row.text(0), intent_of(row, previous)});
      });
}

void read_tombstones_and_refusals(Connection& from, MemoryMirror& into) {
  from.query("SELECT session_id, resource_id, deleted_at FROM tombstone", {}, [&](const Row& row) {
    into.apply(change::PutTombstone{row.text(0), {row.text(1), row.time(2)}});
  });
  const auto columns = "SELECT session_id, path, content, code, message, at, " +
                       std::string(schema_version(from) >= 4 ? "rows" : "0") + " FROM refusal";
  from.query(columns, {}, [&](const Row& row) {
    into.apply(change::PutRefusal{row.text(0),
                                  {.path = row.text(1),
                                   .content = row.text(2),
                                   .code = row.text(3),
                                   .message = row.text(4),
                                   .at = row.time(5),
                                   .rows = row.size(6)}});
  });
}

void read_uploads(Connection& from, MemoryMirror& into) {
  from.query("SELECT owner, sha256, file_id, filename, size, confirmed_at, needed_at FROM upload",
             {}, [&](const Row& row) {
               into.apply(change::PutUpload{{row.text(0), row.text(1), row.text(2), row.text(3),
                                             row.size(4), row.time(5), row.time(6)}});
             });
}

void read_tokens(Connection& from, MemoryMirror& into) {
  from.query(
      "SELECT session_id, resource_id, fingerprint, sent_at, renew_at, last_fault FROM token", {},
      [&](const Row& row) {
        into.apply(change::PutToken{row.text(0),
                                    {.resource_id = row.text(1),
                                     .fingerprint = row.text(2),
                                     .sent_at = row.optional_time(3),
                                     .renew_at = row.optional_time(4),
                                     .last_fault = row.text(5)}});
      });
}

void read_outputs_and_status(Connection& from, MemoryMirror& into) {
  const char* outputs = schema_version(from) >= 3
                            ? "SELECT session_id, file_id, name, size, since FROM output "
                              "LEFT JOIN gone_output USING (session_id, file_id)"
                            : "SELECT session_id, file_id, name, size, NULL FROM output";
  from.query(outputs, {}, [&](const Row& row) {
    into.apply(change::PutOutput{row.text(0),
                                 {row.text(1), row.text(2), row.size(3), row.optional_time(4)}});
  });
  from.query("SELECT session_id, status, since FROM status", {}, [&](const Row& row) {
    into.apply(change::SetStatus{row.text(0), {row.text(1), row.time(2)}});
  });
}

void read_gone_sessions(Connection& from, MemoryMirror& into) {
  from.query("SELECT session_id, since FROM gone_session", {},
             [&](const Row& row) { into.apply(change::SetLeft{row.text(0), row.time(1)}); });
}

void read_creations(Connection& from, MemoryMirror& into) {
  from.query("SELECT owner, name, session_id, organization_id, in_doubt_since FROM creation", {},
             [&](const Row& row) {
               into.apply(change::PutCreation{{.owner = row.text(0),
                                               .name = row.text(1),
                                               .session_id = row.text(2),
                                               .organization_id = row.text(3),
                                               .in_doubt_since = row.optional_time(4)}});
             });
}

DigestEntry digest_of(const Row& row) {
  DigestEntry entry{.path = row.text(0),
                    .stamp = {.device = row.size(1),
                              .inode = row.size(2),
                              .size = row.size(3),
                              .modified_ns = row.integer(4),
                              .changed_ns = row.integer(5)},
                    .digest = {},
                    .first_seen_ns = row.integer(7),
                    .trusted = row.flag(8)};
  const std::string digest = row.text(6);
  if (digest.size() != entry.digest.size()) {
    throw sqlite::Error(sqlite::Error::Kind::kDamaged, "a digest in it cannot be read");
  }
  std::ranges::copy(digest, entry.digest.begin());
  return entry;
}

}  // namespace

std::int64_t schema_version(Connection& connection) {
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (version < 0 ||
      (version == 0 && connection.integer("SELECT count(*) FROM sqlite_schema") > 0)) {
    throw sqlite::Error(sqlite::Error::Kind::kDamaged, "it is not a state database of sessync");
  }
  return version;
}

void create(Connection& connection) {
  sqlite::Transaction transaction(connection);
  connection.script(kSchema);
  connection.script(kSchema2);
  connection.script(kSchema3);
  connection.script(kSchema4);
  transaction.commit();
}

void upgrade(Connection& connection, std::int64_t from) {
  if (from >= kSchemaVersion) {
    return;
  }
  sqlite::Transaction transaction(connection);
  if (from < 2) {
    connection.script(kSchema2);
  }
  if (from < 3) {
    connection.script(kSchema3);
  }
  connection.script(kSchema4);
  transaction.commit();
}

void write(Connection& connection, const Change& change) { std::visit(Write{connection}, change); }

void write_suspension(Connection& connection, const std::string& session,
                      const std::optional<Suspension>& suspension) {
  if (suspension) {
    connection.run("REPLACE INTO suspension VALUES (?,?,?)",
                   {value(session), value(suspension->by), value(suspension->at)});
  } else {
    connection.run("DELETE FROM suspension WHERE session = ?", {value(session)});
  }
}

void write_digests(Connection& connection, const DigestCache::Changes& changes) {
  for (const DigestEntry& entry : changes.put) {
    const std::string digest(entry.digest.begin(), entry.digest.end());
    connection.run(
        "REPLACE INTO digest VALUES (?,?,?,?,?,?,?,?,?)",
        {value(entry.path), value(entry.stamp.device), value(entry.stamp.inode),
         value(entry.stamp.size), value(entry.stamp.modified_ns), value(entry.stamp.changed_ns),
         value(digest), value(entry.first_seen_ns), value(entry.trusted)});
  }
  for (const std::string& path : changes.removed) {
    connection.run("DELETE FROM digest WHERE path = ?", {value(path)});
  }
}

void touch(Connection& connection) {
  connection.script(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
}

void doubt_intents(Connection& connection, TimePoint since) {
  connection.run("UPDATE intent SET in_doubt_since = ?", {value(since)});
  connection.run("UPDATE creation SET in_doubt_since = ? WHERE session_id = ''", {value(since)});
}

MemoryMirror read_all(Connection& connection) {
  MemoryMirror mirror;
  read_sessions(connection, mirror);
  read_rows(connection, mirror);
  read_intents(connection, mirror);
  read_tombstones_and_refusals(connection, mirror);
  read_uploads(connection, mirror);
  if (schema_version(connection) >= 2) {  // a reader upgrades nothing
    read_tokens(connection, mirror);
    read_outputs_and_status(connection, mirror);
    read_creations(connection, mirror);
  }
  if (schema_version(connection) >= 3) {
    read_gone_sessions(connection, mirror);
  }
  connection.query("SELECT session, by, at FROM suspension", {}, [&](const Row& row) {
    mirror.suspend(row.text(0), Suspension{row.text(1), row.time(2)});
  });
  return mirror;
}

std::vector<DigestEntry> read_digests(Connection& connection) {
  std::vector<DigestEntry> entries;
  connection.query(
      "SELECT path, device, inode, size, modified_ns, changed_ns, digest, first_seen_ns, trusted "
      "FROM digest",
      {}, [&](const Row& row) { entries.push_back(digest_of(row)); });
  return entries;
}

}  // namespace sessync::tables
