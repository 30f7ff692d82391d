#include "daemon/workspace/file_digester.h"

#include <system_error>
#include <thread>

namespace sessync {
namespace {

/// Starting a thread costs as much as reading a handful of small files.
constexpr std::size_t kFilesWorthAThread = 16;

template <class Work>
std::jthread start(const Work& work) {
  try {
    return std::jthread(work);
  } catch (const std::system_error&) {
    return {};  // no more threads: it only takes longer
  }
}

}  // namespace

DigestResult FileDigester::digest(const Beneath& root, const std::string& path,
                                  Patience& patience) {
  thread_local Sha256Stream stream;
  Digested result;
  const ByteSink sink{.restart =
                          [&] {
                            stream.restart();
                            result.size = 0;
                          },
                      .bytes =
                          [&](std::span<const char> bytes) {
                            stream.update(bytes);
                            result.size += bytes.size();
                            counters_.bytes_read += bytes.size();
                          },
                      .finished =
                          [&] {
                            ++counters_.files_hashed;
                            if (after_read_) after_read_(path);
                          }};
  const auto read = this->read(root, path, patience, sink);
  if (!read) return tl::unexpected(read.error());
  result.digest = stream.finish();
  result.executable = read->executable;
  cache_.put(path, read->stamp, result.digest, read->observed_ns);
  return result;
}

tl::expected<StableRead, StableReadError> FileDigester::read(const Beneath& root,
                                                             const std::string& path,
                                                             Patience& patience,
                                                             const ByteSink& sink) {
  const bool was_restless = restless_.contains(path);
  Patience none(patience.limits(), std::chrono::milliseconds::zero());
  auto result = read_stable(root, path,
                            {was_restless ? none : patience, counters_.reads, was_restless}, sink);
  const bool is_restless = !result && result.error().kind == StableReadError::Kind::kUnstable;
  if (is_restless != was_restless) restless_.note(path, is_restless);
  return result;
}

std::vector<DigestResult> FileDigester::digest_all(const Beneath& root,
                                                   const std::vector<std::string>& paths,
                                                   Patience& patience) {
  std::vector<DigestResult> results(paths.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      results[i] = digest(root, paths[i], patience);
    }
  };
  std::jthread helper = paths.size() < kFilesWorthAThread ? std::jthread() : start(work);
  work();
  if (helper.joinable()) helper.join();
  return results;
}

}  // namespace sessync
