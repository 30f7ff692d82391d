#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

/// As much of SQLite as the state needs, by way of SQLiteCpp, and without a header of either. Used
/// in daemon/state/ only, and Error does not leave that folder.
namespace sessync::state::sqlite {

/// What went wrong: doing what, with which file, why, the system's own reason included. What SQLite
/// says has passed foreign_text().
class Error : public std::runtime_error {
 public:
  /// What it says of the file.
  enum class Kind {
    kDamaged,  ///< not a database, or one whose content contradicts itself
    kFull,     ///< no space left; the connection is as good as before
    kNoRoom,   ///< no space left for a file beside it
    kBusy,     ///< another process held it for all of five seconds
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

/// One connection. Every call but moving and closing throws Error, and nothing else of SQLite's. To
/// be used by one thread at a time.
class Connection {
 public:
  /// A file is opened if it is there, never created, and no symbolic link is followed. kImmutable:
  /// nobody writes to it meanwhile; nothing is locked, and no file is made beside it.
  enum class Mode { kReadWrite, kReadOnly, kImmutable };
  Connection(const std::string& path, Mode mode);
  /// A copy in memory, which can be written to whatever the original's mode.
  static Connection copy_of(Connection& original);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  /// Several statements without parameters or answers.
  void script(const std::string& sql);
  /// One statement, whose every "?" has a value; it stays prepared until the connection is closed.
  void run(const std::string& sql, const Values& values = {});
  /// `each` may throw, and must use no statement that is being asked.
  void query(const std::string& sql, const std::function<void(const Values&)>& each);
  /// The first value of the only row.
  [[nodiscard]] Value value(const std::string& sql);
  /// The same, an integer; 0 if it is none.
  [[nodiscard]] std::int64_t integer(const std::string& sql);

  /// What `body` does is durable when this returns, all of it; if this or `body` throws, nothing of
  /// it is kept. No other process writes meanwhile. Not to be nested.
  void transaction(const std::function<void()>& body);

 private:
  struct Parts;
  explicit Connection(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;  ///< null when moved from
};

}  // namespace sessync::state::sqlite
