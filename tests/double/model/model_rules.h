#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/double/model/model_types.h"

/// Rules of the API that need no state: names, paths, cursors, refusals.
namespace sessync::model {

/// Rows of a page.
inline constexpr std::size_t kDefaultLimit = 20;
inline constexpr std::size_t kMaxLimit = 1000;

Error invalid(std::string message);
Error not_found(std::string message);
Error file_not_found(const std::string& id);

/// Texts are counted in characters, not bytes.
std::size_t characters(std::string_view text);

/// Where a file asked for at `raw` is mounted, or why it cannot be.
Answer<std::string> resolve_mount(std::string_view raw);

/// `path` equals `other`, or one is an ancestor directory of the other.
bool paths_overlap(std::string_view path, std::string_view other);

/// The name that an upload sent as `raw` gets, or why it cannot have it.
Answer<std::string> upload_name(std::string_view raw, const std::string& mime_type);

/// "owner/repo" of a URL that the API takes.
std::optional<std::string> repository_of(std::string_view url);

/// The last part of a memory store's mount path.
std::string slug(std::string_view name);

std::string make_cursor(std::uint64_t serial, bool ascending);
Answer<std::uint64_t> read_cursor(const std::string& cursor, bool ascending);

/// The page of `rows` (sorted in the order of the list) that `query` asks for.
template <class T>
Answer<Page<T>> page_of(std::vector<T> rows, const PageQuery& query, std::size_t limit) {
  if (!query.page.empty()) {
    const auto after = read_cursor(query.page, query.ascending);
    if (!after) {
      return tl::unexpected(after.error());
    }
    std::erase_if(rows, [&](const T& row) {
      return query.ascending ? row.serial <= *after : row.serial >= *after;
    });
  }
  Page<T> page;
  const bool more = rows.size() > limit;
  if (more) {
    rows.resize(limit);
    page.next_page = make_cursor(rows.back().serial, query.ascending);
  }
  page.data = std::move(rows);
  return page;
}

template <class T>
void sort_by_serial(std::vector<T>& rows, bool ascending) {
  std::sort(rows.begin(), rows.end(), [ascending](const T& left, const T& right) {
    return ascending ? left.serial < right.serial : left.serial > right.serial;
  });
}

}  // namespace sessync::model
