#include "daemon/workspace/scan/twin.h"

#include <algorithm>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>

#include "daemon/os/directory_stream.h"
#include "daemon/workspace/scan/decomposition.h"

namespace sessync::workspace {
namespace {

constexpr int kMostNames = 10'000;  // looked at: it is only for a message

std::optional<TwinNames> twin_in(os::UniqueFd directory, const std::string& wanted) {
  const auto form = decomposed(wanted);
  const os::DirectoryStream stream(form ? ::fdopendir(directory.get()) : nullptr);
  if (!stream) {
    return std::nullopt;
  }
  static_cast<void>(directory.release());
  for (int i = 0; i < kMostNames; ++i) {
    const dirent* const entry = ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != wanted && decomposed(name) == form) {
      return TwinNames{spelled(wanted), spelled(name)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<TwinNames> find_twin(const os::Beneath& root, const std::string& path) {
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (root.open_at(path.substr(0, end), O_PATH, os::Beneath::Links::kFollow)) {
      start = end + 1;
      continue;
    }
    const std::string above = path.substr(0, start == 0 ? 0 : start - 1);
    auto directory = root.open_at(above, O_RDONLY | O_DIRECTORY, os::Beneath::Links::kFollow);
    return directory ? twin_in(std::move(*directory), path.substr(start, end - start))
                     : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sessync::workspace
