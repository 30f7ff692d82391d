#include "daemon/workspace/read/secret_scan.h"

#include <algorithm>

#include "daemon/workspace/read/secret_anchors.h"
#include "daemon/workspace/read/secret_patterns.h"

namespace sessync::workspace {
namespace {

/// A secret that is longer is told by its beginning.
constexpr std::size_t kLongestSecret = std::size_t{32} << 10U;

}  // namespace

void SecretScan::restart() {
  size_ = lines_ = next_ = 0;
  found_.reset();
  // A large one's end is not held for the next one.
  constexpr std::size_t kHeldOn = 1024;
  kept_.capacity() > kHeldOn ? std::string().swap(kept_) : kept_.clear();
}

void SecretScan::update(std::span<const char> bytes) {
  size_ += bytes.size();
  if (size_ > kLargest || found_) return;
  if (kept_.empty()) return look(bytes, false);
  const std::string text = std::move(kept_.append(bytes.data(), bytes.size()));
  kept_.clear();
  look(text, false);
}

std::optional<ports::SuspectedSecret> SecretScan::finish() {
  if (size_ > kLargest) return std::nullopt;
  if (!found_) look(kept_, true);
  return found_;
}

void SecretScan::look(std::span<const char> text, bool whole) {
  std::size_t anchor = next_anchor(text, next_);
  for (; anchor < text.size(); anchor = next_anchor(text, anchor + 1)) {
    const SecretText here(text, whole || text.size() - anchor >= kLongestSecret);
    const auto kind = secret_at(here, anchor);
    if (here.ran_out()) break;
    if (kind) {
      const auto line = lines_ + count_line_ends(text.first(anchor)) + 1;
      found_ = {*kind, static_cast<std::uint32_t>(line)};
      return;
    }
  }
  if (!whole) keep(text, anchor);
}

/// `anchor`: the first that is not decided; what is not known to be one yet is none.
void SecretScan::keep(std::span<const char> text, std::size_t anchor) {
  constexpr std::size_t kNotLookedAt = 2;  // what comes after an anchor tells it
  anchor = std::min(anchor, text.size() - std::min(text.size(), kNotLookedAt));
  const std::size_t from = anchor - std::min(anchor, kBeforeAnchor);
  lines_ += count_line_ends(text.first(from));
  kept_.assign(text.data() + from, text.size() - from);
  next_ = anchor - from;
}

}  // namespace sessync::workspace
