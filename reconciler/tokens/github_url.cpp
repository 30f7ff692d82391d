#include "reconciler/tokens/github_url.h"

#include <algorithm>

namespace sessync::tokens {

std::string normalised_url(std::string url) {
  std::ranges::transform(url, url.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const auto* ending : {"/", ".git"}) {
    if (url.ends_with(ending)) {
      url.resize(url.size() - std::string(ending).size());
    }
  }
  return url;
}

}  // namespace sessync::tokens
