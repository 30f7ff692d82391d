#include "daemon/state/sqlite.h"

#include <system_error>

#include <sqlite3.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"

namespace sessync::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5000;

Error::Kind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our statements are right, so the tables are not ours
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      return Error::Kind::kDamaged;
    case SQLITE_FULL:
      return Error::Kind::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::Kind::kBusy;
    default:
      return Error::Kind::kOther;
  }
}

bool is_input_output(int code) {
  return (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN;
}

/// SQLite's own words say only that reading, writing or opening failed; the system knows why.
std::string reason_of(sqlite3* handle) {
  std::string why = foreign_text(sqlite3_errmsg(handle));
  const int system = sqlite3_system_errno(handle);
  if (system != 0 && is_input_output(sqlite3_errcode(handle))) {
    why += " (" + error_text(system) + ")";
  }
  return why;
}

/// `path` as a URI, in which "immutable" can be said.
std::string uri_of(const std::string& path, Connection::Mode mode) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string uri = "file:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || byte < 0x20U) {
      uri.append({'%', kHex[byte >> 4U], kHex[byte & 0xFU]});
    } else {
      uri.push_back(c);
    }
  }
  return mode == Connection::Mode::kImmutable ? uri + "?immutable=1" : uri;
}

/// Leaves a statement without the values that were bound: they are gone once the call returns.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;
  ~ResetAtEnd() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

struct Bind {
  sqlite3_stmt* statement;
  int index;
  int operator()(std::monostate /*null*/) const { return sqlite3_bind_null(statement, index); }
  int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
  int operator()(const std::string& text) const {
    return sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
};

Value column_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    default:
      break;
  }
  const void* const data = sqlite3_column_blob(statement, column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), length);
}

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Connection::Connection(const std::string& path, Mode mode) : path_(path) {
  const int access = mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      uri_of(path, mode).c_str(), &handle,
      access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
      nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) {
    fail("open");
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  if (mode != Mode::kReadWrite) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

Connection Connection::copy_of(const Connection& original) {
  Connection copy(":memory:", Mode::kReadWrite);
  sqlite3_backup* const backup =
      sqlite3_backup_init(copy.handle_.get(), "main", original.handle_.get(), "main");
  if (backup != nullptr) {
    sqlite3_backup_step(backup, -1);
  }
  if (sqlite3_backup_finish(backup) != SQLITE_OK) {
    copy.path_ = original.path_;
    copy.fail("copy");
  }
  return copy;
}

void Connection::fail(const std::string& doing) const {
  const int code = handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM;
  const std::string why = handle_ ? reason_of(handle_.get()) : "out of memory";
  const bool no_room =
      handle_ && is_input_output(code) && is_no_room(sqlite3_system_errno(handle_.get()));
  throw Error(no_room ? Error::Kind::kNoRoom : kind_of(code),
              "cannot " + doing + " " + path_ + ": " + why);
}

void Connection::script(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("use");
  }
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    return known->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail("use");
  }
  return statements_.emplace(sql, Statement(statement)).first->second.get();
}

void Connection::bind(sqlite3_stmt* statement, const Values& values) {
  int index = 0;
  for (const Value& value : values) {
    if (std::visit(Bind{statement, ++index}, value) != SQLITE_OK) {
      fail("use");
    }
  }
}

void Connection::run(std::string_view sql, const Values& values) {
  step(sql, values, [](const Values&) {});
}

void Connection::query(std::string_view sql, const std::function<void(const Values&)>& each) {
  step(sql, {}, each);
}

void Connection::step(std::string_view sql, const Values& values,
                      const std::function<void(const Values&)>& each) {
  sqlite3_stmt* const statement = prepare(sql);
  const ResetAtEnd reset(statement);
  bind(statement, values);
  Values row(static_cast<std::size_t>(sqlite3_column_count(statement)));
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      row[column] = column_of(statement, static_cast<int>(column));
    }
    each(row);
  }
  if (code != SQLITE_DONE) {
    fail(sqlite3_stmt_readonly(statement) != 0 ? "read" : "write");
  }
}

Value Connection::value(std::string_view sql) {
  Value answer;
  query(sql, [&answer](const Values& row) { answer = row.at(0); });
  return answer;
}

std::int64_t Connection::integer(std::string_view sql) {
  const Value answer = value(sql);
  const auto* const number = std::get_if<std::int64_t>(&answer);
  return number == nullptr ? 0 : *number;
}

void Connection::rollback() noexcept {
  if (sqlite3_get_autocommit(handle_.get()) == 0) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) {
    connection_.rollback();
  }
}

void Transaction::commit() {
  connection_.run("COMMIT");
  open_ = false;
}

}  // namespace sessync::sqlite
