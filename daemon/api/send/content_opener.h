#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "reconciler/ports/content_source.h"

namespace sessync {

/// Opens contents that take long to open, one after another, on a thread of its own. All functions
/// belong to one thread.
class ContentOpener {
 public:
  struct Opened {
    std::uint64_t id = 0;
    Result<std::unique_ptr<ContentReader>> reader;
  };

  /// `wake` is called on the opening thread whenever take() has something new.
  ContentOpener(ContentSource& source, std::function<void()> wake);
  ContentOpener(const ContentOpener&) = delete;
  ContentOpener& operator=(const ContentOpener&) = delete;
  /// Stops, and waits for what is being opened.
  ~ContentOpener();

  void open(std::uint64_t id, ContentRef content);
  /// What was opened since the last call.
  std::vector<Opened> take();
  /// Forgets what waits, and tells the source to hurry. Nothing may be opened afterwards.
  void stop();

 private:
  struct Waiting {
    std::uint64_t id = 0;
    ContentRef content;
  };

  void loop();
  bool next(Waiting& waiting);

  ContentSource& source_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::vector<Opened> opened_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sessync
