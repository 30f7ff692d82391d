#pragma once

#include <string>
#include <string_view>

namespace sessync::ports {

/// A credential. It has no stream, format or JSON operator, so printing one does not compile;
/// whoever needs the text writes reveal() and is easy to find. The memory is wiped when it goes, or
/// is moved from; copies are wiped each for itself. What reveal() returns lives as long as the
/// secret.
class Secret {
 public:
  Secret() = default;
  /// Takes the text over; whoever has it beside that wipes it himself.
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// Only to be handed to whatever sends it.
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

/// `text` with every occurrence of the secret replaced by [redacted]; an empty secret is nowhere.
std::string redact(std::string_view text, const Secret& secret);

}  // namespace sessync::ports
