#include "reconciler/observe/identify.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sessync::observe {
namespace {

ports::InventoryRow make_known(const ports::FileRow& row, const ports::FileMetadata& copy) {
  ports::InventoryRow known;
  known.resource_id = row.resource_id;
  known.copy_file_id = row.file_id;
  known.filename = copy.filename;
  known.size = copy.size_bytes;
  known.mount_path = row.mount_path;
  return known;
}

/// A copy that does not exist has no name; any other failure leaves the row unknown.
void learn(const ports::FileRow& row, const ports::Result<ports::FileMetadata>& copy,
           std::map<std::string, ports::InventoryRow>& known) {
  if (copy) {
    known.emplace(row.resource_id, make_known(row, *copy));
  } else if (copy.error().kind == ports::ApiError::Kind::kNotFound) {
    known.emplace(row.resource_id, make_known(row, ports::FileMetadata{}));
  }
}

std::set<std::string> ids_of(const std::vector<ports::ResourceRow>& rows) {
  std::set<std::string> ids;
  for (const auto& row : rows) {
    if (const auto* file = std::get_if<ports::FileRow>(&row)) {
      ids.insert(file->resource_id);
    }
  }
  return ids;
}

}  // namespace

Identifier::Identifier(ports::Ports& ports, const std::string& session_id,
                       const ports::Inventory& inventory, ports::Duration grace)
    : ports_(ports), session_id_(session_id), inventory_(inventory), grace_(grace) {}

void Identifier::keep_unlisted(std::vector<ports::ResourceRow>& rows) {
  const auto listed = ids_of(rows);
  const auto now = ports_.loop.now();
  for (const auto& row : inventory_.rows) {
    const bool fresh = row.added_at && now - *row.added_at < grace_;
    const bool deleted =
        std::ranges::any_of(inventory_.tombstones, [&](const ports::Tombstone& tombstone) {
          return tombstone.resource_id == row.resource_id;
        });
    if (!(row.owned || fresh) || deleted || listed.contains(row.resource_id)) {
      continue;
    }
    auto found = ports::await<ports::ResourceRow>(ports_.loop, [&](auto done) {
      ports_.api.get_resource(session_id_, row.resource_id, std::move(done));
    });
    if (found) {
      rows.push_back(std::move(*found));
    } else if (found.error().kind != ports::ApiError::Kind::kNotFound) {
      rows.emplace_back(ports::FileRow{row.resource_id, row.copy_file_id, row.mount_path, ""});
    }
  }
}

std::map<std::string, ports::InventoryRow> Identifier::identify(
    const std::vector<ports::ResourceRow>& rows) {
  std::map<std::string, ports::InventoryRow> known;
  for (const auto& row : inventory_.rows) {
    known.emplace(row.resource_id, row);
  }
  std::vector<ports::FileRow> unknown;
  for (const auto& row : rows) {
    const auto* file = std::get_if<ports::FileRow>(&row);
    if (file != nullptr && !known.contains(file->resource_id)) {
      unknown.push_back(*file);
    }
  }
  if (!unknown.empty()) {
    ask(unknown, known);
  }
  return known;
}

/// One list names them all; a copy that is not in it yet is asked for by its id.
void Identifier::ask(const std::vector<ports::FileRow>& unknown,
                     std::map<std::string, ports::InventoryRow>& known) {
  const auto listed = ports::await<std::vector<ports::FileMetadata>>(
      ports_.loop, [&](auto done) { ports_.api.list_session_files(session_id_, std::move(done)); });
  std::map<std::string, const ports::FileMetadata*> by_id;
  if (listed) {
    for (const auto& file : *listed) {
      by_id[file.file_id] = &file;
    }
  }
  std::vector<ports::FileRow> unlisted;
  for (const auto& row : unknown) {
    if (const auto copy = by_id.find(row.file_id); copy != by_id.end()) {
      known.emplace(row.resource_id, make_known(row, *copy->second));
    } else {
      unlisted.push_back(row);
    }
  }
  ask_each(unlisted, known);
}

void Identifier::ask_each(const std::vector<ports::FileRow>& unlisted,
                          std::map<std::string, ports::InventoryRow>& known) {
  std::size_t open = unlisted.size();
  for (const auto& row : unlisted) {
    ports_.api.get_file(row.file_id,
                        [&known, &open, row](const ports::Result<ports::FileMetadata>& copy) {
                          --open;
                          learn(row, copy, known);
                        });
  }
  while (open > 0 && ports_.loop.run_one()) {
  }
}

}  // namespace sessync::observe
