#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/state/memory_mirror.h"
#include "daemon/state/sqlite.h"
#include "daemon/state/suspension.h"
#include "daemon/workspace/read/digest_cache.h"
#include "manifest/manifest.h"
#include "reconciler/ports/state_store.h"

/// The tables of the state database: all of SQL's side of the state. What the tables are follows
/// from remembered.h. Every function throws sqlite::Error, and none begins a transaction but
/// create() and upgrade(): what is to hold together is written inside of Connection::transaction().
namespace sessync::state::tables {

/// The version of the tables that this program reads and writes.
inline constexpr std::int64_t kSchemaVersion = 5;

/// 0: nothing in it yet. kDamaged: it is a database, but none of ours.
std::int64_t schema_version(sqlite::Connection& connection);

/// Makes the tables in an empty database, all or none.
void create(sqlite::Connection& connection);
/// Brings the tables of an older version, 1 or later, up to this one; nothing is lost. Programs of
/// that version can no longer use them.
void upgrade(sqlite::Connection& connection, std::int64_t from);

/// What MemoryMirror::apply does to the memory, done to the file: after both they are equal.
void write(sqlite::Connection& connection, const ports::Change& change);
/// `session`: its name in the manifest. Nothing: it is no longer suspended.
void write_suspension(sqlite::Connection& connection, const std::string& session,
                      const std::optional<Suspension>& suspension);
/// In place of all that was held.
void write_holdings(sqlite::Connection& connection, const manifest::Holdings& holdings);
void write_digests(sqlite::Connection& connection, const workspace::DigestCache::Changes& changes);

/// Writes the version once more: it changes nothing, and has to be written all the same.
void touch(sqlite::Connection& connection);

/// From now on every add in doubt, and every create whose session is not known, may have been
/// carried out.
void doubt_intents(sqlite::Connection& connection, ports::TimePoint since);

/// Everything but digests; of tables of this version. kDamaged: a value in it is none of ours.
MemoryMirror read_all(sqlite::Connection& connection);
manifest::Holdings read_holdings(sqlite::Connection& connection);
std::vector<workspace::DigestEntry> read_digests(sqlite::Connection& connection);

}  // namespace sessync::state::tables
