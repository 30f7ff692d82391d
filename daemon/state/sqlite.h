#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

/// What a column holds: NULL, an integer, or text of any bytes.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Values = std::vector<Value>;

/// One connection; every call throws Error. To be used by one thread at a time.
class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly, kImmutable };
  Connection(const std::string& path, Mode mode);
  /// A copy in memory, which can be written to.
  static Connection copy_of(const Connection& original);

  /// Several statements without parameters or answers.
  void script(const char* sql);
  /// One statement; it stays prepared.
  void run(std::string_view sql, const Values& values = {});
  void query(std::string_view sql, const std::function<void(const Values&)>& each);
  /// The only value of the only row.
  [[nodiscard]] Value value(std::string_view sql);
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
  void bind(sqlite3_stmt* statement, const Values& values);
  void step(std::string_view sql, const Values& values,
            const std::function<void(const Values&)>& each);

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
