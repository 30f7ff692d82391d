#include "daemon/state/text_list.h"

#include <charconv>

namespace sessync::state {

std::string join_texts(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) {
    joined += std::to_string(text.size()) + ':' + text;
  }
  return joined;
}

std::optional<std::vector<std::string>> split_texts(std::string_view joined) {
  std::vector<std::string> texts;
  while (!joined.empty()) {
    std::size_t length = 0;
    const char* const begin = joined.data();
    const char* const end = begin + joined.size();
    const auto [colon, error] = std::from_chars(begin, end, length);
    if (error != std::errc{} || colon == end || *colon != ':') {
      return std::nullopt;
    }
    joined.remove_prefix(static_cast<std::size_t>(colon - begin) + 1);
    if (joined.size() < length) {
      return std::nullopt;
    }
    texts.emplace_back(joined.substr(0, length));
    joined.remove_prefix(length);
  }
  return texts;
}

}  // namespace sessync::state
