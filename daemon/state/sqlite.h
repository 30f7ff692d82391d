#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "reconciler/ports/api_error.h"

struct sqlite3;
struct sqlite3_stmt;

/// As much of SQLite as the state needs, without its header. Used below daemon/state/ only; Error
/// does not leave that folder.
namespace sessync::sqlite {

class Error : public std::runtime_error {
 public:
  /// What it says of the file.
  enum class Kind {
    kDamaged,  ///< not a database, or one whose content contradicts itself
    kFull,     ///< no space left; the connection is as good as before
    kNoRoom,   ///< no space left for a file beside it
    kBusy,     ///< another process holds it
    kNewer,    ///< of a program that knows more than this one
    kOther,    ///< input or output failed, permissions, ...
  };
  Error(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A value to bind. Text may be any bytes; it is referred to, not copied, until the call returns.
using Value = std::variant<std::monostate, std::int64_t, std::string_view>;
inline Value value(std::string_view text) { return text; }
inline Value value(const std::string& text) { return std::string_view(text); }
inline Value value(bool flag) { return std::int64_t{flag ? 1 : 0}; }
inline Value value(std::int64_t number) { return number; }
inline Value value(std::uint64_t number) { return static_cast<std::int64_t>(number); }
inline Value value(TimePoint time) { return std::int64_t{time.time_since_epoch().count()}; }
inline Value value(const std::optional<TimePoint>& time) { return time ? value(*time) : Value{}; }

/// The current row of a running query.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t size(int column) const;
  [[nodiscard]] bool flag(int column) const { return integer(column) != 0; }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] TimePoint time(int column) const { return TimePoint{Duration{integer(column)}}; }
  [[nodiscard]] std::optional<TimePoint> optional_time(int column) const;

 private:
  sqlite3_stmt* statement_;
};

/// One connection; every call throws Error. To be used by one thread at a time.
class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly, kImmutable };
  Connection(const std::string& path, Mode mode);

  /// Several statements without parameters or answers.
  void script(const char* sql);
  /// One statement; it stays prepared.
  void run(std::string_view sql, std::initializer_list<Value> values = {});
  void query(std::string_view sql, std::initializer_list<Value> values,
             const std::function<void(const Row&)>& each);
  [[nodiscard]] std::int64_t integer(std::string_view sql);

  /// Ends a transaction that did not come to its commit; never throws.
  void rollback() noexcept;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  [[noreturn]] void fail(const std::string& doing) const;
  sqlite3_stmt* prepare(std::string_view sql);
  void bind(sqlite3_stmt* statement, std::initializer_list<Value> values);

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> statements_;
};

/// Everything until commit() or nothing.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace sessync::sqlite
