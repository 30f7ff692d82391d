#include "daemon/state/table.h"

#include <algorithm>
#include <map>

#include "daemon/state/text_list.h"

namespace sessync::state::tables {
namespace {

sqlite::Error not_ours(const std::string& what) {
  return {sqlite::Error::Kind::kDamaged, what + " in it cannot be read"};
}

/// "a, b, c" of the first `count` columns, each followed by `behind`.
std::string names(const Shape& shape, std::size_t count, std::string_view behind = {},
                  std::string_view between = ", ") {
  std::string all;
  for (std::size_t column = 0; column < count; ++column) {
    all.append(column == 0 ? "" : between).append(shape.columns[column].name).append(behind);
  }
  return all;
}

/// "(a, b) VALUES (?, ?)" of the columns of `shape`.
std::string values_sql(const Shape& shape) {
  std::string marks;
  for (std::size_t column = 0; column < shape.columns.size(); ++column) {
    marks += column == 0 ? "?" : ", ?";
  }
  return " (" + names(shape, shape.columns.size()) + ") VALUES (" + marks + ")";
}

std::string put_sql(const Shape& shape) { return "REPLACE INTO " + shape.name + values_sql(shape); }

std::string drop_sql(const Shape& shape, std::size_t keys) {
  return "DELETE FROM " + shape.name + " WHERE " + names(shape, keys, " = ?", " AND ");
}

std::string read_sql(const Shape& shape) {
  return "SELECT " + names(shape, shape.columns.size()) + " FROM " + shape.name + " ORDER BY " +
         names(shape, shape.keys);
}

Values joined(Values values, const Values& more) {
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

Values first_of(const Values& values, std::size_t count) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// Rows of one table by the `keys` columns that they share with others, without them.
using ByKey = std::map<Values, std::vector<Values>>;

ByKey read_by_key(sqlite::Connection& from, const Shape& shape, std::size_t keys) {
  ByKey found;
  from.query(read_sql(shape), [&](const Values& row) {
    found[first_of(row, keys)].emplace_back(row.begin() + static_cast<std::ptrdiff_t>(keys),
                                            row.end());
  });
  return found;
}

template <class Kept>
const Kept& kept(const Value& value) {
  if (const auto* const as_kept = std::get_if<Kept>(&value)) {
    return *as_kept;
  }
  throw not_ours("a value");
}

}  // namespace

std::string create_sql(const Shape& shape) {
  std::string columns;
  for (const auto& column : shape.columns) {
    columns += column.name + ' ' + column.type + ", ";
  }
  return "CREATE TABLE " + shape.name + " (" + columns + "PRIMARY KEY (" +
         names(shape, shape.keys) + ")) STRICT, WITHOUT ROWID";
}

void put(sqlite::Connection& to, const std::vector<Shape>& shapes, const Stored& row) {
  to.run(put_sql(shapes[0]), row.own);
  const Values key = first_of(row.own, shapes[0].keys);
  for (std::size_t at = 0; at < row.beside.size(); ++at) {
    const Shape& beside = shapes[at + 1];
    to.run(drop_sql(beside, key.size()), key);
    for (const Values& values : row.beside[at]) {
      to.run(put_sql(beside), joined(key, values));
    }
  }
}

void put_some(sqlite::Connection& to, const Shape& shape, const std::vector<std::string>& columns,
              const Values& values) {
  Shape some = shape;
  some.columns.resize(shape.keys);
  std::string sets;
  for (const std::string& column : columns) {
    some.columns.push_back({column, {}});
    sets.append(sets.empty() ? "" : ", ").append(column).append(" = excluded.").append(column);
  }
  to.run("INSERT INTO " + some.name + values_sql(some) + " ON CONFLICT DO UPDATE SET " + sets,
         values);
}

void drop(sqlite::Connection& to, const std::vector<Shape>& shapes, const Values& key) {
  for (const Shape& shape : shapes) {
    to.run(drop_sql(shape, key.size()), key);
  }
}

void read(sqlite::Connection& from, const std::vector<Shape>& shapes,
          const std::function<void(const Stored&)>& each) {
  const std::size_t keys = shapes[0].keys;
  std::vector<ByKey> beside;
  for (std::size_t at = 1; at < shapes.size(); ++at) {
    beside.push_back(read_by_key(from, shapes[at], keys));
  }
  from.query(read_sql(shapes[0]), [&](const Values& own) {
    Stored row{own, {}};
    for (ByKey& rows : beside) {
      row.beside.push_back(std::move(rows[first_of(own, keys)]));
    }
    each(row);
  });
}

Value to_value(const std::vector<std::string>& texts) { return join_texts(texts); }

void from_value(const Value& value, std::string& text) { text = kept<std::string>(value); }

void from_value(const Value& value, std::int64_t& number) { number = kept<std::int64_t>(value); }

void from_value(const Value& value, std::uint64_t& number) {
  number = static_cast<std::uint64_t>(kept<std::int64_t>(value));
}

void from_value(const Value& value, bool& flag) { flag = kept<std::int64_t>(value) != 0; }

void from_value(const Value& value, ports::TimePoint& time) {
  time = ports::TimePoint{ports::Duration{kept<std::int64_t>(value)}};
}

void from_value(const Value& value, std::vector<std::string>& texts) {
  auto split = split_texts(kept<std::string>(value));
  if (!split) {
    throw not_ours("a list of texts");
  }
  texts = *std::move(split);
}

Value to_value(const os::Sha256& digest) { return std::string(digest.begin(), digest.end()); }

void from_value(const Value& value, os::Sha256& digest) {
  const auto& bytes = kept<std::string>(value);
  if (bytes.size() != digest.size()) {
    throw not_ours("a digest");
  }
  std::ranges::copy(bytes, digest.begin());
}

Outline::Outline(std::string_view table, std::string_view scope, std::size_t keys) {
  Shape& own = shapes_.emplace_back(Shape{std::string(table), {}, keys});
  if (!scope.empty()) {
    ++own.keys;
    add(own, scope, true, false);
  }
}

void Outline::add(Shape& to, std::string_view name, bool is_text, bool never_null) {
  const std::string type = is_text ? "TEXT" : "INTEGER";
  to.columns.push_back({std::string(name), never_null ? type + " NOT NULL" : type});
}

Shape& Outline::add_table(std::string_view name) {
  Shape beside{std::string(name), shapes_[0].columns, shapes_[0].keys};
  beside.columns.resize(beside.keys);
  return shapes_.emplace_back(std::move(beside));
}

void Outline::add_numbered(Shape& to, std::string_view key, const Shape& members) {
  to.columns.back().name = key;
  add(to, "number", false, false);
  ++to.keys;
  to.columns.insert(to.columns.end(), members.columns.begin(), members.columns.end());
}

}  // namespace sessync::state::tables
