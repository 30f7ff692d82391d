#include "daemon/state/sqlite.h"

#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>
#include <unistd.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"

namespace sessync::state::sqlite {
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

/// SQLite's own words say only that reading, writing or opening failed; `system` says why.
Error error_of(const SQLite::Exception& exception, int system, const std::string& doing,
               const std::string& path) {
  const int code = exception.getErrorCode() & 0xFF;
  const bool has_reason = system != 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN);
  return {has_reason && os::is_no_room(system) ? Error::Kind::kNoRoom : kind_of(code),
          "cannot " + doing + " " + path + ": " + os::foreign_text(exception.what()) +
              (has_reason ? " (" + os::error_text(system) + ")" : "")};
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

SQLite::Database open(const std::string& path, Connection::Mode mode) {
  const bool writes = mode == Connection::Mode::kReadWrite;
  const int access = writes ? SQLite::OPEN_READWRITE : SQLite::OPEN_READONLY;
  try {
    SQLite::Database database(uri_of(path, mode),
                              access | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX |
                                  SQLite::OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                              kBusyTimeoutMs);
    if (!writes) {
      sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    return database;
  } catch (const SQLite::Exception& exception) {
    // What the system said is gone with the handle, so it is asked again. Not by opening the file:
    // closing it would drop the locks that another connection of this process has on it.
    const bool allowed = ::access(path.c_str(), writes ? R_OK | W_OK : R_OK) == 0;
    throw error_of(exception, allowed ? 0 : errno, "open", path);
  }
}

/// Leaves a statement as it was, and the database without its lock.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(SQLite::Statement& statement) : statement_(statement) {}
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;
  ~ResetAtEnd() { statement_.tryReset(); }

 private:
  SQLite::Statement& statement_;
};

struct Bind {
  SQLite::Statement& statement;
  int index;
  void operator()(std::monostate /*null*/) const { statement.bind(index); }
  void operator()(const auto& value) const { statement.bind(index, value); }
};

Value value_of(const SQLite::Column& column) {
  if (column.isNull()) {
    return {};
  }
  return column.isInteger() ? Value(column.getInt64()) : Value(column.getString());
}

}  // namespace

struct Connection::Parts {
  std::string path;
  SQLite::Database database;
  /// Behind the database, so that they are gone when it is closed: SQLiteCpp aborts otherwise.
  std::map<std::string, SQLite::Statement> prepared{};

  /// Runs `action`, whose failures become Errors while the connection still knows their reason.
  template <class Action>
  decltype(auto) act(const char* doing, const Action& action) {
    try {
      return action();
    } catch (const SQLite::Exception& exception) {
      throw error_of(exception, sqlite3_system_errno(database.getHandle()), doing, path);
    }
  }

  SQLite::Statement& prepare(const std::string& sql) {
    return act("use", [&]() -> SQLite::Statement& {
      return prepared.try_emplace(sql, database, sql).first->second;
    });
  }

  static Values row_of(SQLite::Statement& statement) {
    Values row(static_cast<std::size_t>(statement.getColumnCount()));
    for (int column = 0; Value & value : row) {
      value = value_of(statement.getColumn(column++));
    }
    return row;
  }

  void step(const char* doing, const std::string& sql, const Values& values,
            const std::function<void(const Values&)>& each) {
    SQLite::Statement& statement = prepare(sql);
    const ResetAtEnd reset(statement);
    act(doing, [&] {
      for (int index = 0; const Value& value : values) {
        std::visit(Bind{statement, ++index}, value);
      }
      while (statement.executeStep()) {
        each(row_of(statement));
      }
    });
  }
};

Connection::Connection(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Connection::Connection(const std::string& path, Mode mode)
    : parts_(std::make_unique<Parts>(Parts{path, open(path, mode)})) {}

Connection::Connection(Connection&& other) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept = default;
Connection::~Connection() = default;

Connection Connection::copy_of(Connection& original) {
  Connection copy(":memory:", Mode::kReadWrite);
  copy.parts_->path = original.parts_->path;
  const int code = copy.parts_->act("copy", [&] {
    return SQLite::Backup(copy.parts_->database, original.parts_->database).executeStep();
  });
  if (code != SQLITE_DONE) {
    throw Error(Error::Kind::kBusy, "cannot copy " + copy.parts_->path + ": it is in use");
  }
  return copy;
}

void Connection::script(const std::string& sql) {
  parts_->act("use", [&] { parts_->database.exec(sql); });
}

void Connection::run(const std::string& sql, const Values& values) {
  parts_->step("write", sql, values, [](const Values&) {});
}

void Connection::query(const std::string& sql, const std::function<void(const Values&)>& each) {
  parts_->step("read", sql, {}, each);
}

Value Connection::value(const std::string& sql) {
  Value answer;
  query(sql, [&answer](const Values& row) { answer = row.at(0); });
  return answer;
}

std::int64_t Connection::integer(const std::string& sql) {
  const Value answer = value(sql);
  const auto* const number = std::get_if<std::int64_t>(&answer);
  return number == nullptr ? 0 : *number;
}

void Connection::transaction(const std::function<void()>& body) {
  std::optional<SQLite::Transaction> transaction;  // what is not committed is rolled back
  parts_->act("write", [&] {
    transaction.emplace(parts_->database, SQLite::TransactionBehavior::IMMEDIATE);
  });
  body();
  parts_->act("write", [&] { transaction->commit(); });
}

}  // namespace sessync::state::sqlite
