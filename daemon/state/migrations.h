#pragma once

#include <array>

/// What is run to make the tables of each version of the state out of those of the version before.
/// An empty file gets its tables from their description (remembered.h), which is that of the last
/// version.
namespace sessync::state::tables {

/// Version 2: owners, tokens, outputs, statuses and creations.
inline constexpr const char* kToVersion2 = R"sql(
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

/// Version 3: since when what is remembered is of no use.
inline constexpr const char* kToVersion3 = R"sql(
CREATE TABLE gone_session (session_id TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE gone_output (
  session_id TEXT, file_id TEXT, since INTEGER NOT NULL, PRIMARY KEY (session_id, file_id)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 3;
)sql";

/// Version 4: doubts, room, refusals by content, and all that made way for an add.
inline constexpr const char* kToVersion4 = R"sql(
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

/// Version 5: what was in force of the manifest, which directory an output was put into, and what
/// was found in the contents of files. The owner was that of the session that was looked at last;
/// which file had what nobody knows.
inline constexpr const char* kToVersion5 = R"sql(
CREATE TABLE held (
  kind TEXT, value TEXT, file TEXT NOT NULL, PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
INSERT INTO held
  SELECT 'owner', owner, '' FROM session WHERE owner <> '' ORDER BY looked_at DESC, session_id LIMIT 1;
ALTER TABLE output ADD COLUMN directory TEXT NOT NULL DEFAULT '';
ALTER TABLE digest ADD COLUMN patterns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest ADD COLUMN secret_kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest ADD COLUMN secret_line INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 5;
)sql";

/// By the version that they start from.
inline constexpr std::array kMigrations{kToVersion2, kToVersion3, kToVersion4, kToVersion5};

}  // namespace sessync::state::tables
