#pragma once

#include <string_view>
#include <tuple>

#include "daemon/state/held.h"
#include "daemon/state/suspension.h"
#include "reconciler/ports/state_store.h"

/// What is remembered, described once. The tables of the state file and all SQL for them
/// (table.h, tables.h), and what is kept in memory (memory_mirror.h) follow from here.
///
/// To remember one more member: name it in its row's describe(), with a default for rows that were
/// kept without it, and let one more version of the file have that column (migrations.h). Columns
/// are in the order of the file, which must not change: programs of this version may write rows by
/// position.
namespace sessync::state::tables {

/// Table<Row>: how rows of one kind are kept.
///
/// kName: the table.
///
/// kScope: its first column, which says whose the row is; "": the row says so itself.
///
/// kIn: the member of Inventory that holds such rows, sorted by key (or the only one).
///
/// key(row): the members that tell two rows of one scope apart; they are described first.
///
/// describe(row, to): tells `to` of every member. column(name, member[, default of the column]): a
/// column of that name. beside(table, column, optional member): a table of its own with the same
/// key, in which there is a row as long as there is a value. rows(table, column, members): a table
/// of its own with any number of rows, whose key is this row's, the last column of it under that
/// name, and "number".
template <class Row>
struct Table;

/// Of one session, by its id.
struct OfSession {
  static constexpr std::string_view kScope = "session_id";
};
/// Of an owner, or of nobody; what says so is a column like all others.
struct Unscoped {
  static constexpr std::string_view kScope = "";
};
/// At most one for each session.
struct OnlyOne : OfSession {
  static std::tuple<> key(const auto& /*row*/) { return {}; }
};

/// What is said of the session itself.
template <>
struct Table<ports::Inventory> : OnlyOne {
  static constexpr std::string_view kName = "session";
  static void describe(auto& inventory, auto& to) {
    to.column("taken_over", inventory.taken_over, "0");
    to.column("looked_at", inventory.looked_at);
    to.column("owner", inventory.owner, "''");
    to.column("most_files", inventory.most_files, "0");
  }
};

template <>
struct Table<ports::InventoryRow> : OfSession {
  static constexpr std::string_view kName = "row";
  static constexpr auto kIn = &ports::Inventory::rows;
  static auto key(const ports::InventoryRow& row) { return std::tie(row.resource_id); }
  static void describe(auto& row, auto& to) {
    to.column("resource_id", row.resource_id);
    to.column("copy_file_id", row.copy_file_id);
    to.column("filename", row.filename);
    to.column("size", row.size);
    to.column("owned", row.owned);
    to.column("upload_file_id", row.upload_file_id);
    to.column("mount_path", row.mount_path);
    to.column("added_at", row.added_at);
    to.column("in_doubt", row.in_doubt, "0");
  }
};

template <>
struct Table<ports::Previous> {
  static void describe(auto& previous, auto& to) {
    to.column("path", previous.path);
    to.column("file_id", previous.upload_file_id);
    to.column("filename", previous.filename);
    to.column("size", previous.size);
  }
};

template <>
struct Table<ports::Intent> : OfSession {
  static constexpr std::string_view kName = "intent";
  static constexpr auto kIn = &ports::Inventory::intents;
  static auto key(const ports::Intent& intent) { return std::tie(intent.path); }
  static void describe(auto& intent, auto& to) {
    to.column("path", intent.path);
    to.column("deletes", intent.deletes);
    to.column("adds_file_id", intent.adds_file_id);
    to.column("adds_filename", intent.adds_filename);
    to.column("adds_size", intent.adds_size);
    to.column("in_doubt_since", intent.in_doubt_since);
    to.rows("previous", "intent_path", intent.previous);
  }
};

template <>
struct Table<ports::Tombstone> : OfSession {
  static constexpr std::string_view kName = "tombstone";
  static constexpr auto kIn = &ports::Inventory::tombstones;
  static auto key(const ports::Tombstone& tombstone) { return std::tie(tombstone.resource_id); }
  static void describe(auto& tombstone, auto& to) {
    to.column("resource_id", tombstone.resource_id);
    to.column("deleted_at", tombstone.deleted_at);
  }
};

template <>
struct Table<ports::Refusal> : OfSession {
  static constexpr std::string_view kName = "refusal";
  static constexpr auto kIn = &ports::Inventory::refusals;
  static auto key(const ports::Refusal& refusal) { return std::tie(refusal.path, refusal.content); }
  static void describe(auto& refusal, auto& to) {
    to.column("path", refusal.path);
    to.column("content", refusal.content);
    to.column("code", refusal.code);
    to.column("message", refusal.message);
    to.column("at", refusal.at);
    to.column("rows", refusal.rows, "0");
  }
};

template <>
struct Table<ports::TokenRecord> : OfSession {
  static constexpr std::string_view kName = "token";
  static constexpr auto kIn = &ports::Inventory::tokens;
  static auto key(const ports::TokenRecord& token) { return std::tie(token.resource_id); }
  static void describe(auto& token, auto& to) {
    to.column("resource_id", token.resource_id);
    to.column("fingerprint", token.fingerprint);
    to.column("sent_at", token.sent_at);
    to.column("renew_at", token.renew_at);
    to.column("last_fault", token.last_fault);
  }
};

template <>
struct Table<ports::OutputRecord> : OfSession {
  static constexpr std::string_view kName = "output";
  static constexpr auto kIn = &ports::Inventory::outputs;
  static auto key(const ports::OutputRecord& output) { return std::tie(output.file_id); }
  static void describe(auto& output, auto& to) {
    to.column("file_id", output.file_id);
    to.column("name", output.name);
    to.column("size", output.size);
    to.column("directory", output.directory, "''");
    to.beside("gone_output", "since", output.gone_since);
  }
};

template <>
struct Table<ports::SeenStatus> : OnlyOne {
  static constexpr std::string_view kName = "status";
  static constexpr auto kIn = &ports::Inventory::status;
  static void describe(auto& status, auto& to) {
    to.column("status", status.status);
    to.column("since", status.since);
  }
};

/// That no manifest has named a session since. A table of its own: nothing else may be remembered.
struct Left {
  ports::TimePoint since;
};
template <>
struct Table<Left> : OnlyOne {
  static constexpr std::string_view kName = "gone_session";
  static void describe(auto& left, auto& to) { to.column("since", left.since); }
};

template <>
struct Table<ports::Upload> : Unscoped {
  static constexpr std::string_view kName = "upload";
  static auto key(const ports::Upload& upload) { return std::tie(upload.owner, upload.file_id); }
  static void describe(auto& upload, auto& to) {
    to.column("owner", upload.owner);
    to.column("file_id", upload.file_id);
    to.column("sha256", upload.sha256);
    to.column("filename", upload.filename);
    to.column("size", upload.size);
    to.column("confirmed_at", upload.confirmed_at);
    to.column("needed_at", upload.needed_at);
  }
};

template <>
struct Table<ports::CreationRecord> : Unscoped {
  static constexpr std::string_view kName = "creation";
  static auto key(const ports::CreationRecord& creation) {
    return std::tie(creation.owner, creation.name);
  }
  static void describe(auto& creation, auto& to) {
    to.column("owner", creation.owner);
    to.column("name", creation.name);
    to.column("session_id", creation.session_id);
    to.column("organization_id", creation.organization_id);
    to.column("in_doubt_since", creation.in_doubt_since);
  }
};

template <>
struct Table<Suspension> : OnlyOne {
  static constexpr std::string_view kName = "suspension";
  static constexpr std::string_view kScope = "session";  ///< its name in the manifest
  static void describe(auto& suspension, auto& to) {
    to.column("by", suspension.by);
    to.column("at", suspension.at);
  }
};

template <>
struct Table<Held> : Unscoped {
  static constexpr std::string_view kName = "held";
  static auto key(const Held& held) { return std::tie(held.kind, held.value); }
  static void describe(auto& held, auto& to) {
    to.column("kind", held.kind);
    to.column("value", held.value);
    to.column("file", held.file);
  }
};

/// Calls `each.template operator()<Row>()` for every Row with a place in Inventory (kIn).
void for_each_kind_in_session(auto&& each) {
  each.template operator()<ports::InventoryRow>();
  each.template operator()<ports::Intent>();
  each.template operator()<ports::Tombstone>();
  each.template operator()<ports::Refusal>();
  each.template operator()<ports::TokenRecord>();
  each.template operator()<ports::OutputRecord>();
  each.template operator()<ports::SeenStatus>();
}

}  // namespace sessync::state::tables
