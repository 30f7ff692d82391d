#pragma once

#include <string>
#include <string_view>

namespace sessync {

/// A credential. It has no stream, format or JSON operator, so printing one does not compile;
/// whoever needs the text writes reveal() and is easy to find. The memory is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  /// Takes as long for any two texts of one length.
  friend bool operator==(const Secret& left, const Secret& right);

 private:
  void wipe() noexcept;

  std::string text_;
};

/// Overwrites the text, spare capacity included, and empties it.
void wipe(std::string& text) noexcept;

/// `text` with every occurrence of the secret replaced by [redacted].
std::string redact(std::string_view text, const Secret& secret);

}  // namespace sessync
