#include "tests/daemon/state/state_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <sstream>
#include <stdexcept>

#include <sqlite3.h>

#include "daemon/state/sqlite_state_store.h"
#include "daemon/state/table.h"

namespace sessync {
namespace {

/// Prints what is described to it.
struct Print {
  std::ostream& out;

  void column(std::string_view name, const auto& member, std::string_view /*none*/ = {}) const {
    out << ' ' << name << '=';
    std::visit(*this, state::tables::to_value(member));
  }
  void beside(std::string_view /*table*/, std::string_view name, const auto& member) const {
    column(name, member);
  }
  void rows(std::string_view table, std::string_view /*key*/, const auto& members) const {
    of(table, members);
  }

  template <class Row>
  void of(std::string_view name, const Row& row) const {
    out << '\n' << name;
    state::tables::Table<Row>::describe(row, *this);
  }
  template <class Row>
  void of(std::string_view name, const std::vector<Row>& rows) const {
    std::ranges::for_each(rows, [&](const Row& row) { of(name, row); });
  }
  template <class Row>
  void of(std::string_view name, const std::optional<Row>& row) const {
    if (row) {
      of(name, *row);
    }
  }

  void operator()(std::monostate /*null*/) const { out << "none"; }
  void operator()(const auto& value) const { out << value; }
};

}  // namespace

TempDirectory::TempDirectory(Where where) {
  const bool memory = where == Where::kMemory && std::filesystem::is_directory("/dev/shm");
  const auto parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "sessync-state-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempDirectory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<ports::Change> tombstone(const std::string& id) {
  return {ports::change::PutTombstone{kSession, {id, at(1)}}};
}

OpenState open_state(const std::string& directory, ports::TimePoint now) {
  auto lock = state::StateLock::acquire(directory);
  if (!lock) {
    throw std::runtime_error(lock.error().message);
  }
  auto database = state::StateDatabase::open(*lock, now);
  if (!database) {
    throw std::runtime_error(database.error().message);
  }
  return {*std::move(lock), *std::move(database)};
}

tl::expected<ports::Done, ports::StoreError> commit(state::StateDatabase& database,
                                                    std::vector<ports::Change> changes) {
  os::CompletionQueue loop;
  state::SqliteStateStore store(database, loop);
  std::optional<tl::expected<ports::Done, ports::StoreError>> outcome;
  store.commit(std::move(changes), [&outcome](const auto& durable) { outcome = durable; });
  while (!outcome && loop.run_one()) {
  }
  return outcome.value();
}

void run_sql(const std::string& path, const char* sql) { ask_sql(path, sql); }

std::vector<std::string> ask_sql(const std::string& path, const char* sql) {
  std::vector<std::string> rows;
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  const auto add = [](void* to, int columns, char** values, char** /*names*/) {
    auto& row = static_cast<std::vector<std::string>*>(to)->emplace_back();
    for (const char* const value : std::span(values, static_cast<std::size_t>(columns))) {
      row.append(row.empty() ? "" : " ").append(value == nullptr ? "NULL" : value);
    }
    return 0;
  };
  CHECK(sqlite3_exec(handle, sql, add, &rows, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  return rows;
}

std::string text_of(const ports::Inventory& inventory) {
  std::ostringstream out;
  const Print print{out};
  print.of("session", inventory);
  print.column("left_at", inventory.left_at);
  state::tables::for_each_kind_in_session([&]<class Row>() {
    print.of(state::tables::Table<Row>::kName, inventory.*state::tables::Table<Row>::kIn);
  });
  return out.str();
}

}  // namespace sessync
