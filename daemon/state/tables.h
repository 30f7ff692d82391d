#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/state/memory_mirror.h"
#include "daemon/state/sqlite.h"
#include "daemon/state/suspension.h"
#include "daemon/workspace/read/digest_cache.h"
#include "reconciler/ports/state_store.h"

/// The tables of the state database. Every function throws sqlite::Error.
namespace sessync::tables {

/// The version of the tables that this program reads and writes.
inline constexpr std::int64_t kSchemaVersion = 4;

/// 0: nothing in it yet.
std::int64_t schema_version(sqlite::Connection& connection);

/// Makes the tables in an empty database.
void create(sqlite::Connection& connection);
/// Brings the tables of an older version up to this one; nothing is lost.
void upgrade(sqlite::Connection& connection, std::int64_t from);

void write(sqlite::Connection& connection, const Change& change);
void write_suspension(sqlite::Connection& connection, const std::string& session,
                      const std::optional<Suspension>& suspension);
void write_digests(sqlite::Connection& connection, const DigestCache::Changes& changes);

/// Changes nothing, and has to be written all the same.
void touch(sqlite::Connection& connection);

/// From now on every add and create that was about to be sent may have been carried out.
void doubt_intents(sqlite::Connection& connection, TimePoint since);

MemoryMirror read_all(sqlite::Connection& connection);
std::vector<DigestEntry> read_digests(sqlite::Connection& connection);

}  // namespace sessync::tables
