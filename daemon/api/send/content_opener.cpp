#include "daemon/api/send/content_opener.h"

#include <utility>

namespace sessync::api {
namespace {

/// Archives, each of which is a call that waits in memory anyway: more than any manifest has.
constexpr std::size_t kMostToOpen = 65'536;

ports::ApiError not_opened() {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kNotSent;
  error.message =
      "the archive could not be packed: an error inside of sessync, whose log says more";
  return error;
}

}  // namespace

ContentOpener::ContentOpener(ports::ContentSource& source, std::function<void()> wake)
    : source_(source),
      wake_(std::move(wake)),
      executor_({.name = "open", .task = "packing an archive", .most_waiting = kMostToOpen}) {}

ContentOpener::~ContentOpener() { stop(); }

bool ContentOpener::open(std::uint64_t id, ports::ContentRef content) {
  // Made now, so that what is opened can be told of without memory.
  auto opened = std::make_shared<std::list<Opened>>();
  opened->push_back({id, tl::unexpected(not_opened())});
  const auto submitted = executor_.submit(
      [this, opened, content = std::move(content)](const std::stop_token& /*stop*/) {
        os::guarded("packing an archive", [&] { opened->front().reader = source_.open(content); });
        {
          const std::lock_guard lock(mutex_);
          opened_.splice(opened_.end(), *opened);
        }
        wake_();
      });
  return submitted == os::Executor::Submitted::kTaken;
}

std::list<ContentOpener::Opened> ContentOpener::take() {
  std::list<Opened> taken;
  const std::lock_guard lock(mutex_);
  taken.swap(opened_);
  return taken;
}

void ContentOpener::stop() {
  executor_.stop();
  source_.stop_packing();
}

}  // namespace sessync::api
