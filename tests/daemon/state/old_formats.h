#pragma once

/// What older versions of sessync left behind, as they made it: not to be changed.
namespace sessync {

/// Format 1, empty.
inline constexpr const char* kFormat1 = R"sql(
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

/// Format 2, with something in it.
inline constexpr const char* kFormat2 = R"sql(
CREATE TABLE session (
  session_id TEXT PRIMARY KEY, taken_over INTEGER NOT NULL DEFAULT 0, looked_at INTEGER,
  owner TEXT NOT NULL DEFAULT ''
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
INSERT INTO session VALUES ('sesn_1', 1, 7, 'prod');
INSERT INTO row VALUES ('sesn_1', 'sesrsc_1', 'file_c', 'name', 3, 1, 'file_u', '/m', 5);
INSERT INTO intent VALUES ('sesn_1', '/a', '', 'file_n', 'new', 4, 'file_o', 'old', 2, 6);
INSERT INTO intent VALUES ('sesn_1', '/b', '', 'file_n', 'new', 4, NULL, NULL, NULL, NULL);
INSERT INTO refusal VALUES ('sesn_1', '/r', 'sha', '400', 'no', 8);
PRAGMA user_version = 2;
)sql";

}  // namespace sessync
