#include "daemon/state/tables.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "daemon/state/migrations.h"
#include "daemon/state/table.h"

namespace sessync::state::tables {

/// Digests are not held in memory beside the cache that they are of.
template <>
struct Table<workspace::DigestEntry> : Unscoped {
  static constexpr std::string_view kName = "digest";
  static auto key(const workspace::DigestEntry& entry) { return std::tie(entry.path); }
  static void describe(auto& entry, auto& to) {
    to.column("path", entry.path);
    to.column("device", entry.stamp.device);
    to.column("inode", entry.stamp.inode);
    to.column("size", entry.stamp.size);
    to.column("modified_ns", entry.stamp.modified_ns);
    to.column("changed_ns", entry.stamp.changed_ns);
    to.column("digest", entry.digest);
    to.column("first_seen_ns", entry.first_seen_ns);
    to.column("trusted", entry.trusted);
    to.column("patterns", entry.patterns, "0");
    to.column("secret_kind", entry.secret_kind, "0");
    to.column("secret_line", entry.secret_line, "0");
  }
};

namespace {

using sqlite::Connection;

/// Every kind of row in the file that belongs to a session.
void for_each_kind_of_session(auto&& each) {
  each.template operator()<ports::Inventory>();
  each.template operator()<Left>();
  for_each_kind_in_session(each);
}

void for_each_kind(auto&& each) {
  for_each_kind_of_session(each);
  each.template operator()<ports::Upload>();
  each.template operator()<ports::CreationRecord>();
  each.template operator()<Suspension>();
  each.template operator()<Held>();
  each.template operator()<workspace::DigestEntry>();
}

struct Write {
  Connection& to;

  template <class Row>
  void operator()(const ports::change::Put<Row>& put) const {
    put_row(to, put.session_id, put.row);
  }
  template <ports::change::Owned Row>
  void operator()(const ports::change::Put<Row>& put) const {
    put_row(to, {}, put.row);
  }
  template <class Row>
  void operator()(const ports::change::Drop<Row>& gone) const {
    drop(to, shapes_of<Row>(), {gone.of, gone.key});
  }
  void operator()(const ports::change::DropRefusal& gone) const {
    Values key{gone.session_id, gone.path};
    if (gone.content) {
      key.emplace_back(*gone.content);
    }
    drop(to, shapes_of<ports::Refusal>(), key);
  }
  void operator()(const ports::change::SetTakenOver& set) const {
    put_some(to, shapes_of<ports::Inventory>()[0], {"taken_over", "owner"},
             {set.session_id, to_value(set.complete), set.owner});
  }
  void operator()(const ports::change::SetLookedAt& set) const {
    put_some(to, shapes_of<ports::Inventory>()[0], {"looked_at"},
             {set.session_id, to_value(set.at)});
  }
  void operator()(const ports::change::SetMostFiles& set) const {
    put_some(to, shapes_of<ports::Inventory>()[0], {"most_files"},
             {set.session_id, to_value(set.count)});
  }
  void operator()(const ports::change::SetLeft& set) const {
    if (set.at) {
      put_row(to, set.session_id, Left{*set.at});
    } else {
      drop(to, shapes_of<Left>(), {set.session_id});
    }
  }
  void operator()(const ports::change::DropSession& gone) const {
    for_each_kind_of_session([&]<class Row>() { drop(to, shapes_of<Row>(), {gone.session_id}); });
  }
};

std::vector<Held> read_held(Connection& connection) {
  std::vector<Held> rows;
  read_rows<Held>(connection,
                  [&](const std::string& /*scope*/, Held row) { rows.push_back(std::move(row)); });
  return rows;
}

void read_session(MemoryMirror& into, const std::string& id, const ports::Inventory& inventory) {
  into.apply(ports::change::SetTakenOver{id, inventory.owner, inventory.taken_over});
  into.apply(ports::change::SetMostFiles{id, inventory.most_files});
  if (inventory.looked_at) {
    into.apply(ports::change::SetLookedAt{id, *inventory.looked_at});
  }
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
  const auto create_all = [&](const std::vector<Shape>& shapes) {
    std::ranges::for_each(shapes,
                          [&](const Shape& shape) { connection.script(create_sql(shape)); });
  };
  connection.transaction([&] {
    for_each_kind([&]<class Row>() { create_all(shapes_of<Row>()); });
    touch(connection);
  });
}

void upgrade(Connection& connection, std::int64_t from) {
  if (from >= kSchemaVersion) {
    return;
  }
  connection.transaction([&] {
    for (auto step = static_cast<std::size_t>(from) - 1; step < kMigrations.size(); ++step) {
      connection.script(kMigrations.at(step));
    }
  });
}

void write(Connection& connection, const ports::Change& change) {
  std::visit(Write{connection}, change);
}

void write_suspension(Connection& connection, const std::string& session,
                      const std::optional<Suspension>& suspension) {
  if (suspension) {
    put_row(connection, session, *suspension);
  } else {
    drop(connection, shapes_of<Suspension>(), {session});
  }
}

void write_holdings(Connection& connection, const manifest::Holdings& holdings) {
  const auto before = read_held(connection);
  const auto now = rows_of(holdings);
  for (const Held& row : before) {
    if (!std::ranges::binary_search(now, row)) {
      drop(connection, shapes_of<Held>(), {row.kind, row.value});
    }
  }
  for (const Held& row : now) {
    if (!std::ranges::binary_search(before, row)) {
      put_row(connection, {}, row);
    }
  }
}

void write_digests(Connection& connection, const workspace::DigestCache::Changes& changes) {
  for (const workspace::DigestEntry& entry : changes.put) {
    put_row(connection, {}, entry);
  }
  for (const std::string& path : changes.removed) {
    drop(connection, shapes_of<workspace::DigestEntry>(), {path});
  }
}

void touch(Connection& connection) {
  connection.script("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

void doubt_intents(Connection& connection, ports::TimePoint since) {
  connection.run("UPDATE intent SET in_doubt_since = ? WHERE in_doubt_since IS NOT NULL",
                 {to_value(since)});
  connection.run("UPDATE creation SET in_doubt_since = ? WHERE session_id = ''", {to_value(since)});
}

MemoryMirror read_all(Connection& connection) {
  MemoryMirror mirror;
  read_rows<ports::Inventory>(connection, [&](const std::string& session, const auto& inventory) {
    read_session(mirror, session, inventory);
  });
  read_rows<Left>(connection, [&](std::string session, const Left& left) {
    mirror.apply(ports::change::SetLeft{std::move(session), left.since});
  });
  for_each_kind_in_session([&]<class Row>() {
    read_rows<Row>(connection, [&](std::string session, Row row) {
      mirror.apply(ports::change::Put<Row>{std::move(session), std::move(row)});
    });
  });
  read_rows<ports::Upload>(connection, [&](const std::string& /*scope*/, ports::Upload upload) {
    mirror.apply(ports::change::PutUpload{std::move(upload)});
  });
  read_rows<ports::CreationRecord>(
      connection, [&](const std::string& /*scope*/, ports::CreationRecord creation) {
        mirror.apply(ports::change::PutCreation{std::move(creation)});
      });
  read_rows<Suspension>(connection, [&](const std::string& session, Suspension suspension) {
    mirror.suspend(session, std::move(suspension));
  });
  mirror.hold(read_holdings(connection));
  return mirror;
}

manifest::Holdings read_holdings(Connection& connection) {
  return holdings_of(read_held(connection));
}

std::vector<workspace::DigestEntry> read_digests(Connection& connection) {
  std::vector<workspace::DigestEntry> entries;
  read_rows<workspace::DigestEntry>(
      connection, [&](const std::string& /*scope*/, workspace::DigestEntry entry) {
        entries.push_back(std::move(entry));
      });
  return entries;
}

}  // namespace sessync::state::tables
