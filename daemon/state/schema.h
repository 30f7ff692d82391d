#pragma once

/// What is run to make the tables of each version of the state out of those of the version before.
namespace sessync::tables {

/// Version 1: out of nothing.
inline constexpr const char* kSchema = R"sql(
CREATE TABLE session (
  session_id TEXT PRIMARY KEY, taken_over INTEGER NOT NULL DEFAULT 0, looked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE row (
  session_id TEXT, resource_id TEXT, copy_file_id TEXT NOT NULL, filename TEXT NOT NULL,
  size INTEGER NOT NULL, owned INTEGER NOT NULL, upload_file_id TEXT NOT NULL,
  mount_path TEXT NOT NULL, added_at INTEGER, PRIMARY KEY (session_id, resource_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE intent (
  session_id TEXT, path TEXT, deletes TEXT NOT NULL, adds_file_id TEXT NOT NULL,
  adds_filename TEXT NOT NULL, adds_size INTEGER NOT NULL, previous_file_id TEXT,
  previous_filename TEXT, previous_size INTEGER, in_doubt_since INTEGER,
  PRIMARY KEY (session_id, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE tombstone (
  session_id TEXT, resource_id TEXT, deleted_at INTEGER NOT NULL,
  PRIMARY KEY (session_id, resource_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE refusal (
  session_id TEXT, path TEXT, content TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (session_id, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE upload (
  owner TEXT, file_id TEXT, sha256 TEXT NOT NULL, filename TEXT NOT NULL, size INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL, needed_at INTEGER NOT NULL, PRIMARY KEY (owner, file_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE suspension (
  session TEXT PRIMARY KEY, by TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE digest (
  path TEXT PRIMARY KEY, device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL, digest TEXT NOT NULL,
  first_seen_ns INTEGER NOT NULL, trusted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
)sql";

/// What version 2 has beside that of version 1.
inline constexpr const char* kSchema2 = R"sql(
ALTER TABLE session ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE TABLE token (
  session_id TEXT, resource_id TEXT, fingerprint TEXT NOT NULL, sent_at INTEGER, renew_at INTEGER,
  last_fault TEXT NOT NULL, PRIMARY KEY (session_id, resource_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE output (
  session_id TEXT, file_id TEXT, name TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (session_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE status (
  session_id TEXT PRIMARY KEY, status TEXT NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE creation (
  owner TEXT, name TEXT, session_id TEXT NOT NULL, organization_id TEXT NOT NULL,
  in_doubt_since INTEGER, PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
)sql";

/// What version 3 has beside that of version 2: since when what is remembered is of no use.
inline constexpr const char* kSchema3 = R"sql(
CREATE TABLE gone_session (session_id TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE gone_output (
  session_id TEXT, file_id TEXT, since INTEGER NOT NULL, PRIMARY KEY (session_id, file_id)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 3;
)sql";

/// What version 4 has beside, and in place of, what version 3 has.
inline constexpr const char* kSchema4 = R"sql(
ALTER TABLE row ADD COLUMN in_doubt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN most_files INTEGER NOT NULL DEFAULT 0;
CREATE TABLE refusal_4 (
  session_id TEXT, path TEXT, content TEXT, code TEXT NOT NULL, message TEXT NOT NULL,
  at INTEGER NOT NULL, rows INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (session_id, path, content)
) STRICT, WITHOUT ROWID;
INSERT INTO refusal_4 (session_id, path, content, code, message, at)
  SELECT session_id, path, content, code, message, at FROM refusal;
DROP TABLE refusal;
ALTER TABLE refusal_4 RENAME TO refusal;
CREATE TABLE previous (
  session_id TEXT, intent_path TEXT, number INTEGER, path TEXT NOT NULL, file_id TEXT NOT NULL,
  filename TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (session_id, intent_path, number)
) STRICT, WITHOUT ROWID;
INSERT INTO previous
  SELECT session_id, path, 0, path, previous_file_id, previous_filename, previous_size FROM intent
  WHERE previous_file_id IS NOT NULL;
ALTER TABLE intent DROP COLUMN previous_file_id;
ALTER TABLE intent DROP COLUMN previous_filename;
ALTER TABLE intent DROP COLUMN previous_size;
PRAGMA user_version = 4;
)sql";

}  // namespace sessync::tables
