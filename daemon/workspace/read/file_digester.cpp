#include "daemon/workspace/read/file_digester.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <utility>

#include "daemon/workspace/read/secret_scan.h"

namespace sessync::workspace {
namespace {

using std::chrono::milliseconds;
using DigestErrorKind = StableReadError::Kind;

/// Telling another thread costs as much as reading a handful of small files.
constexpr std::size_t kFilesWorthAThread = 16;

/// Of small files, for somebody who takes turns.
constexpr std::uint64_t kSlice = std::uint64_t{8} << 20U;
/// What a file costs beside its bytes.
constexpr std::uint64_t kOfAFile = std::uint64_t{16} << 10U;

std::uint64_t cost_of(const FileToRead& file) { return file.stamp.size + kOfAFile; }

bool is_large(const FileToRead& file) { return file.stamp.size > ReadPool::kLarge; }

/// What is made of the bytes of a file while they are read.
struct ContentReading {
  os::Sha256Stream stream;
  SecretScan secrets;
};

/// Counts what is read, hashes it, and looks for secrets in it.
ByteSink hashing_sink(const DigestTools& tools, const std::string& path, ContentReading& reading,
                      Digested& result) {
  return {.restart =
              [&] {
                reading.stream.restart();
                reading.secrets.restart();
                result.size = 0;
              },
          .bytes =
              [&](std::span<const char> bytes) {
                reading.stream.update(bytes);
                reading.secrets.update(bytes);
                result.size += bytes.size();
                tools.counters.bytes_read += bytes.size();
              },
          .finished =
              [&] {
                ++tools.counters.files_hashed;
                if (tools.after_read) tools.after_read(path);
              }};
}

class LargeFile : public DigestTask {
 public:
  LargeFile(const DigestTools& tools, os::Beneath root, std::string path)
      : tools_(tools),
        root_(std::move(root)),
        path_(std::move(path)),
        sink_(hashing_sink(tools_, path_, reading_, result_)),
        reader_(root_, path_, read_tools_) {}

  std::optional<DigestResult> step(std::uint64_t at_most) override {
    const auto read = reader_.step(sink_, at_most);
    if (!read) return std::nullopt;
    if (!*read) return tl::unexpected(read->error());
    stamp_ = (*read)->stamp;
    result_.content = {reading_.stream.finish(), reading_.secrets.finish()};
    result_.executable = (*read)->executable;
    tools_.cache.put(path_, stamp_, result_.content, (*read)->observed_ns);
    return result_;
  }
  [[nodiscard]] std::uint64_t done() const override { return result_.size; }
  [[nodiscard]] FileStamp stamp() const override { return stamp_; }

 private:
  const DigestTools& tools_;
  os::Beneath root_;
  std::string path_;
  ContentReading reading_;
  Digested result_;
  ByteSink sink_;
  Patience none_{{}, milliseconds::zero()};
  ReadTools read_tools_{none_, tools_.counters.reads, true};
  FileStamp stamp_;
  StableReader reader_;
};

/// A file that cannot be read at all.
class NoFile : public DigestTask {
 public:
  explicit NoFile(int error) : error_(error) {}
  std::optional<DigestResult> step(std::uint64_t /*at_most*/) override {
    return tl::unexpected(StableReadError{StableReadError::Kind::kUnreadable, error_});
  }
  [[nodiscard]] std::uint64_t done() const override { return 0; }
  [[nodiscard]] FileStamp stamp() const override { return {}; }

 private:
  int error_;
};

/// Where no lease can be had, only its age vouches for a file.
void let_it_rest(const FileToRead& file, Patience& patience) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const milliseconds age{(nanoseconds(now) - file.stamp.newest_ns()) / 1'000'000};
  const auto rest = std::max(patience.limits().settle, patience.limits().unleased);
  if (age >= milliseconds::zero() && age < rest) patience.sleep(rest - age);
}

}  // namespace

std::unique_ptr<DigestTask> make_digest_task(const DigestTools& tools, const std::string& root,
                                             const std::string& path) {
  auto opened = os::Beneath::open(root);
  if (!opened) return std::make_unique<NoFile>(opened.error());
  return std::make_unique<LargeFile>(tools, std::move(*opened), path);
}

FileDigester::~FileDigester() {
  pool_.keep_only(session_, asked_);
  if (spent_ > share_) pool_.remind(session_);
}

bool FileDigester::may_read(const FileToRead& file) { return (spent_ += cost_of(file)) <= share_; }

DigestResult FileDigester::digest_small(const os::Beneath& root, const std::string& path,
                                        Patience& patience) {
  thread_local ContentReading reading;
  if (pool_.stopped()) return tl::unexpected(StableReadError{StableReadError::Kind::kUnread});
  Digested result;
  const auto read = this->read(root, path, patience, hashing_sink(tools_, path, reading, result));
  if (!read) return tl::unexpected(read.error());
  result.content = {reading.stream.finish(), reading.secrets.finish()};
  result.executable = read->executable;
  tools_.cache.put(path, read->stamp, result.content, read->observed_ns);
  return result;
}

tl::expected<StableRead, StableReadError> FileDigester::read(const os::Beneath& root,
                                                             const std::string& path,
                                                             Patience& patience,
                                                             const ByteSink& sink) {
  const bool was_restless = tools_.restless.contains(path);
  Patience none(patience.limits(), milliseconds::zero());
  const ReadTools read_tools{was_restless ? none : patience, tools_.counters.reads, was_restless};
  auto result = read_stable(root, path, read_tools, sink);
  const bool is_restless = !result && result.error().kind == StableReadError::Kind::kUnstable;
  if (is_restless != was_restless) tools_.restless.note(path, is_restless);
  return result;
}

DigestResult FileDigester::digest(const os::Beneath& root, const FileToRead& file,
                                  Patience& patience) {
  return digest_all(root, std::span(&file, 1), patience).front();
}

bool FileDigester::read_some(SmallFiles& small, std::uint64_t at_most) {
  std::uint64_t cost = 0;
  std::size_t i = 0;
  while (cost < at_most && (i = small.next++) < small.order.size()) {
    const FileToRead& file = small.files[small.order[i]];
    DigestResult& result = small.results[small.order[i]];
    cost += cost_of(file);
    if (may_read(file)) {
      result = digest_small(small.root, file.path, small.patience);
    } else {
      result = tl::unexpected(StableReadError{DigestErrorKind::kUnread});
    }
  }
  return i < small.order.size();
}

std::vector<DigestResult> FileDigester::digest_all(const os::Beneath& root,
                                                   std::span<const FileToRead> files,
                                                   Patience& patience) {
  std::vector<std::size_t> order(files.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return files[i].stamp.size; });
  const auto small = static_cast<std::size_t>(
      std::ranges::find_if(order, [&](std::size_t i) { return is_large(files[i]); }) -
      order.begin());
  std::vector<DigestResult> results(files.size());
  SmallFiles batch{root, files, std::span(order).first(small), patience, results};
  const auto all = [&] { read_some(batch, std::numeric_limits<std::uint64_t>::max()); };
  const auto slice = [&] { return read_some(batch, kSlice); };
  small < kFilesWorthAThread ? all() : pool_.run_beside(all, slice);
  if (small < files.size()) {
    digest_large(root, files, patience, std::span(order).subspan(small), results);
  }
  return results;
}

void FileDigester::digest_large(const os::Beneath& root, std::span<const FileToRead> files,
                                Patience& patience, std::span<const std::size_t> which,
                                std::vector<DigestResult>& results) {
  std::vector<FileToRead> large;
  for (const std::size_t i : which) {
    let_it_rest(files[i], patience);
    large.push_back(files[i]);
    asked_.emplace(root.root(), files[i].path);
  }
  auto read = pool_.read({session_, root.root(), waits_}, large);
  for (std::size_t i = 0; i < which.size(); ++i) {
    // What the pool meets, it meets below a root of its own.
    // Its patience is that of the whole scan.
    waits_ &= read[i] || read[i].error().kind != DigestErrorKind::kUnread;
    const bool is_unreadable = !read[i] && read[i].error().kind == DigestErrorKind::kUnreadable;
    if (is_unreadable) root.note(read[i].error().error);
    results[which[i]] = read[i];
  }
}

}  // namespace sessync::workspace
