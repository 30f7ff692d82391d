#include "reconciler/ports/secret.h"

#include <utility>

namespace sessync::ports {

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  // Volatile: otherwise a write to memory that is about to go away may be left out.
  volatile char* bytes = text.data();
  for (std::size_t i = 0; i < text.size(); ++i) {
    bytes[i] = 0;
  }
  text.clear();
}

void Secret::wipe() noexcept { sessync::ports::wipe(text_); }

// Short strings live inside the object, so a move leaves a copy behind.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

bool operator==(const Secret& left, const Secret& right) {
  if (left.text_.size() != right.text_.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.text_.size(); ++i) {
    difference |= static_cast<unsigned char>(left.text_[i] ^ right.text_[i]);
  }
  return difference == 0;
}

std::string redact(std::string_view text, const Secret& secret) {
  if (secret.empty()) return std::string(text);
  std::string result;
  auto found = text.find(secret.reveal());
  while (found != std::string_view::npos) {
    result += text.substr(0, found);
    result += "[redacted]";
    text.remove_prefix(found + secret.reveal().size());
    found = text.find(secret.reveal());
  }
  return result += text;
}

}  // namespace sessync::ports
