#include "daemon/app/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/api/send/request_engine.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/thread.h"
#include "reconciler/observe/marker_reader.h"

namespace sessync::app {
namespace {

/// What is over sooner shows nothing; later the eye follows no faster.
constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::size_t kUsualColumns = 80;

bool is_terminal() {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
  return ::isatty(STDERR_FILENO) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualColumns;
}

struct Wanted {
  std::string sha256;
  std::uint64_t size = 0;
};

std::vector<Wanted> wanted_of(const ports::WorkspaceSnapshot& snapshot) {
  std::vector<Wanted> wanted;
  for (const auto& source : snapshot.sources) {
    const auto* found = std::get_if<ports::SourceFiles>(&source);
    if (found == nullptr) continue;
    if (found->archive_sha256) {
      wanted.push_back({*found->archive_sha256, 0});
      continue;
    }
    for (const auto& file : found->files) wanted.push_back({file.sha256, file.size});
  }
  return wanted;
}

/// The contents that the state knows to be in the session, each as often as it is there.
std::multiset<std::string> known_contents(const ports::Inventory& inventory,
                                          const observe::MarkerReader& reader) {
  std::multiset<std::string> known;
  for (const auto& row : inventory.rows) {
    if (const auto marker = reader.read(row.filename, row.owned).marker)
      known.insert(marker->digest_prefix);
  }
  return known;
}

}  // namespace

/// Counts what is handed to the connection, so that one large file is seen to move.
class Progress::Reader : public ports::ContentReader {
 public:
  Reader(Progress& progress, std::unique_ptr<ports::ContentReader> reader)
      : progress_(progress), reader_(std::move(reader)) {}

  ports::Result<std::size_t> read(std::span<char> buffer) override {
    auto got = reader_->read(buffer);
    if (got) progress_.sent(*got);
    return got;
  }
  [[nodiscard]] std::uint64_t size() const override { return reader_->size(); }

 private:
  Progress& progress_;
  std::unique_ptr<ports::ContentReader> reader_;
};

class Progress::Source : public ports::ContentSource {
 public:
  Source(Progress& progress, ports::ContentSource& source) : progress_(progress), source_(source) {}

  ports::Result<std::unique_ptr<ports::ContentReader>> open(
      const ports::ContentRef& content) override {
    auto reader = source_.open(content);
    if (!reader) return reader;
    // Only now is it known how large an archive is.
    if (content.archive) progress_.grew((*reader)->size());
    return std::make_unique<Reader>(progress_, std::move(*reader));
  }
  void stop_packing() override { source_.stop_packing(); }

 private:
  Progress& progress_;
  ports::ContentSource& source_;
};

Progress::Progress() : shown_(is_terminal()) {
  if (!shown_) return;
  thread_ =
      os::start_thread("progress", os::Duty::kHelper, [this] { draw_until(stop_.get_token()); });
}

std::unique_ptr<ports::ContentSource> Progress::counting(ports::ContentSource& source) {
  return std::make_unique<Source>(*this, source);
}

void Progress::scanned(const manifest::SessionSpec& spec, const ports::WorkspaceSnapshot& snapshot,
                       const state::StateDatabase& state) {
  auto id = spec.session_id.value_or("");
  if (const auto made = state.find_creation(owner_, spec.name); id.empty() && made) {
    id = made->session_id;
  }
  const auto wanted = wanted_of(snapshot);
  std::set<std::string> digests;
  for (const auto& file : wanted) digests.insert(file.sha256);
  auto known = known_contents(state.load(id), observe::MarkerReader(&markers_, std::move(digests)));
  const std::lock_guard lock(mutex_);
  if (!sessions_.insert(spec.name).second) return;
  for (const auto& file : wanted) {
    constexpr std::size_t kMarkerDigits = 32;
    if (const auto held = known.find(file.sha256.substr(0, kMarkerDigits)); held != known.end()) {
      known.erase(held);
      continue;
    }
    ++figures_.files_total;
    const bool is_new = contents_.insert(file.sha256).second;
    const auto upload = is_new ? state.find_upload(owner_, file.sha256) : std::nullopt;
    const bool is_there = upload && observe::is_as_written_now(&markers_, upload->filename);
    if (is_new && !is_there) figures_.bytes_total += file.size;
  }
}

void Progress::finished(const api::RequestReport& request) {
  const bool done = request.http_status >= 200 && request.http_status < 300;
  if (!done || request.operation != "add_resource") return;
  const std::lock_guard lock(mutex_);
  figures_.files = std::min(figures_.files + 1, figures_.files_total);
}

void Progress::sent(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!first_byte_) first_byte_ = os::now_anchored();
  figures_.bytes += bytes;
}

void Progress::grew(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  figures_.bytes_total += bytes;
}

void Progress::draw_until(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, kRedraw, [&stop] { return stop.stop_requested(); })) {
    if (figures_.files_total == 0) continue;
    if (first_byte_) figures_.elapsed = os::now_anchored() - *first_byte_;
    const auto figures = figures_;
    // A terminal may be stopped for as long as its user likes; nobody else waits for it.
    lock.unlock();
    draw(figures);
    lock.lock();
  }
}

void Progress::draw(const ProgressFigures& figures) {
  const auto text = "\r" + os::without_long_secrets(progress_line(figures, columns())) + "\x1b[K";
  std::fputs(text.c_str(), stderr);
  drawn_ = true;
}

void Progress::stop() {
  if (!thread_.joinable()) return;
  stop_.request_stop();
  thread_.join();
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

}  // namespace sessync::app
