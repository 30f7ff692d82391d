#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "daemon/os/sha256.h"
#include "daemon/state/remembered.h"
#include "daemon/state/sqlite.h"

/// From the description of a kind of row (remembered.h) to tables of the file: their SQL, and rows
/// to and from what SQLite keeps. What reaches the file, or comes from there, throws sqlite::Error.
///
/// Three classes below are what a description is told to: Outline learns what tables there are,
/// Store takes a row's values, Load gives them back. All else is the same for every kind of row,
/// and lies in the .cpp file.
namespace sessync::state::tables {

using sqlite::Value;
using sqlite::Values;

/// One table as the file has it. Names and types are ours, never a user's: they become SQL as they
/// are, while values are bound.
struct Shape {
  struct Column {
    std::string name;
    std::string type;  ///< as in CREATE TABLE
  };
  std::string name;
  std::vector<Column> columns;
  std::size_t keys = 0;  ///< so many columns, the first ones, are its primary key
};

/// What the file has of one row.
struct Stored {
  Values own;  ///< in its own table, in the order of its columns
  /// In each table beside that one: rows, without the columns of the key that all of them share.
  std::vector<std::vector<Values>> beside;
};

std::string create_sql(const Shape& shape);
/// A row in place of the one with its key, if there is one, in all of its tables.
/// `shapes`: the rows' own table, then those beside it. Not a transaction, neither here nor below.
void put(sqlite::Connection& to, const std::vector<Shape>& shapes, const Stored& row);
/// Only these columns; `values`: the key, then theirs. A new row has the defaults in all others.
void put_some(sqlite::Connection& to, const Shape& shape, const std::vector<std::string>& columns,
              const Values& values);
/// Rows whose key begins with `key`, however few of its columns that are, but for none.
void drop(sqlite::Connection& to, const std::vector<Shape>& shapes, const Values& key);
/// Every row with what lies beside it, in the order of their keys. What lies beside no row is not
/// seen. All that lies beside is in memory at once.
void read(sqlite::Connection& from, const std::vector<Shape>& shapes,
          const std::function<void(const Stored&)>& each);

/// How members are kept. Texts, of any bytes, lists of texts (text_list.h) and digests are TEXT,
/// everything else is INTEGER: flags 0 or 1, times in milliseconds since 1970, and numbers above
/// 2^63 as negative ones. What may be nothing may be NULL.
inline Value to_value(const std::string& text) { return text; }
inline Value to_value(bool flag) { return std::int64_t{flag ? 1 : 0}; }
inline Value to_value(std::int64_t number) { return number; }
inline Value to_value(std::uint64_t number) { return static_cast<std::int64_t>(number); }
inline Value to_value(ports::TimePoint time) {
  return std::int64_t{time.time_since_epoch().count()};
}
Value to_value(const std::vector<std::string>& texts);
Value to_value(const os::Sha256& digest);
template <class T>
Value to_value(const std::optional<T>& member) {
  return member ? to_value(*member) : Value{};
}

/// The way back; kDamaged if that is not what is kept of such a member.
void from_value(const Value& value, std::string& text);
void from_value(const Value& value, std::int64_t& number);
void from_value(const Value& value, std::uint64_t& number);
void from_value(const Value& value, bool& flag);
void from_value(const Value& value, ports::TimePoint& time);
void from_value(const Value& value, std::vector<std::string>& texts);
void from_value(const Value& value, os::Sha256& digest);
template <class T>
void from_value(const Value& value, std::optional<T>& member) {
  member.reset();
  if (!std::holds_alternative<std::monostate>(value)) {
    from_value(value, member.emplace());
  }
}

/// Takes down which tables a description speaks of.
class Outline {
 public:
  /// `scope`: see Table.
  Outline(std::string_view table, std::string_view scope, std::size_t keys);

  template <class T>
  void column(std::string_view name, const T& member, std::string_view otherwise = {}) {
    const bool is_key = shapes_[0].columns.size() < shapes_[0].keys;
    add(shapes_[0], name, std::holds_alternative<std::string>(to_value(member)), !is_key);
    if (!otherwise.empty()) {
      shapes_[0].columns.back().type.append(" DEFAULT ").append(otherwise);
    }
  }
  template <class T>
  void column(std::string_view name, const std::optional<T>& /*member*/) {
    add(shapes_[0], name, std::holds_alternative<std::string>(to_value(T{})), false);
  }
  template <class T>
  void beside(std::string_view table, std::string_view name, const std::optional<T>& /*member*/) {
    add(add_table(table), name, std::holds_alternative<std::string>(to_value(T{})), true);
  }
  template <class T>
  void rows(std::string_view table, std::string_view key, const std::vector<T>& /*members*/) {
    Outline members("", "", 0);
    T blank{};
    Table<T>::describe(blank, members);
    add_numbered(add_table(table), key, members.shapes_[0]);
  }

  [[nodiscard]] std::vector<Shape> shapes() && { return std::move(shapes_); }

 private:
  static void add(Shape& to, std::string_view name, bool is_text, bool never_null);
  Shape& add_table(std::string_view name);
  static void add_numbered(Shape& to, std::string_view key, const Shape& members);

  std::vector<Shape> shapes_;
};

/// Takes a row's values for the file. What stands before the described columns (the scope, a
/// number) is put into row().own first.
class Store {
 public:
  template <class T>
  void column(std::string_view /*name*/, const T& member, std::string_view /*otherwise*/ = {}) {
    row_.own.push_back(to_value(member));
  }
  template <class T>
  void beside(std::string_view /*table*/, std::string_view /*name*/,
              const std::optional<T>& member) {
    auto& rows = row_.beside.emplace_back();
    if (member) {
      rows.push_back({to_value(*member)});
    }
  }
  template <class T>
  void rows(std::string_view /*table*/, std::string_view /*key*/, const std::vector<T>& members) {
    std::vector<Values> rows;
    for (const T& member : members) {
      Store one;
      one.row_.own.push_back(to_value(std::uint64_t{rows.size()}));
      Table<T>::describe(member, one);
      rows.push_back(std::move(one.row_.own));
    }
    row_.beside.push_back(std::move(rows));
  }

  [[nodiscard]] Stored& row() { return row_; }

 private:
  Stored row_;
};

/// Gives a row the values of the file. `row` must outlive it.
class Load {
 public:
  /// `first`: where in `row.own` the described columns begin.
  Load(const Stored& row, std::size_t first) : row_(row), column_(first) {}

  template <class T>
  void column(std::string_view /*name*/, T& member, std::string_view /*otherwise*/ = {}) {
    from_value(row_.own.at(column_++), member);
  }
  template <class T>
  void beside(std::string_view /*table*/, std::string_view /*name*/, std::optional<T>& member) {
    const auto& rows = row_.beside.at(beside_++);
    from_value(rows.empty() ? Value{} : rows.front().at(0), member);
  }
  template <class T>
  void rows(std::string_view /*table*/, std::string_view /*key*/, std::vector<T>& members) {
    for (const Values& row : row_.beside.at(beside_++)) {
      const Stored stored{row, {}};
      Load one(stored, 1);  // behind its number
      Table<T>::describe(members.emplace_back(), one);
    }
  }

 private:
  const Stored& row_;
  std::size_t column_;
  std::size_t beside_ = 0;
};

/// So many columns, 0 or 1, stand before the described ones: see Table.
template <class Row>
constexpr std::size_t kScopes = Table<Row>::kScope.empty() ? 0 : 1;

/// The rows' own table, then those beside it. Made with the first call, by whatever thread.
template <class Row>
const std::vector<Shape>& shapes_of() {
  static const std::vector<Shape> shapes = [] {
    Row blank{};
    Outline outline(Table<Row>::kName, Table<Row>::kScope,
                    std::tuple_size_v<decltype(Table<Row>::key(blank))>);
    Table<Row>::describe(blank, outline);
    return std::move(outline).shapes();
  }();
  return shapes;
}

/// `scope`: whose it is; of no meaning for rows that say so themselves.
template <class Row>
void put_row(sqlite::Connection& to, const std::string& scope, const Row& row) {
  Store store;
  if constexpr (kScopes<Row> == 1) {
    store.row().own.push_back(to_value(scope));
  }
  Table<Row>::describe(row, store);
  put(to, shapes_of<Row>(), store.row());
}

/// "" for rows that say themselves whose they are.
template <class Row>
std::string scope_of(const Stored& stored) {
  if constexpr (kScopes<Row> == 0) {
    return {};
  } else {
    std::string scope;
    from_value(stored.own.at(0), scope);
    return scope;
  }
}

/// Calls `each(scope, row)` for every row there is, in the order of their keys.
template <class Row>
void read_rows(sqlite::Connection& from, auto&& each) {
  read(from, shapes_of<Row>(), [&each](const Stored& stored) {
    Row row{};
    Load load(stored, kScopes<Row>);
    Table<Row>::describe(row, load);
    each(scope_of<Row>(stored), std::move(row));
  });
}

}  // namespace sessync::state::tables
