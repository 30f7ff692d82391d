#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "daemon/os/executor.h"
#include "reconciler/ports/content_source.h"

namespace sessync::api {

/// Opens contents that take long to open, one after another, on a thread of its own. All functions
/// belong to one thread.
class ContentOpener {
 public:
  struct Opened {
    std::uint64_t id = 0;
    ports::Result<std::unique_ptr<ports::ContentReader>> reader;
  };

  /// `wake` is called on the opening thread whenever take() has something new.
  ContentOpener(ports::ContentSource& source, std::function<void()> wake);
  ContentOpener(const ContentOpener&) = delete;
  ContentOpener& operator=(const ContentOpener&) = delete;
  /// Stops, and waits for what is being opened.
  ~ContentOpener();

  /// False: too much waits already, or it is stopped. Otherwise take() has it once, whatever is
  /// thrown meanwhile, unless it is forgotten.
  bool open(std::uint64_t id, ports::ContentRef content);
  /// What was opened since the last call.
  std::list<Opened> take();
  /// Forgets what waits, and tells the source to hurry. Nothing may be opened afterwards.
  void stop();

 private:
  ports::ContentSource& source_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::list<Opened> opened_;
  os::Executor executor_;  ///< last: its tasks use the rest
};

}  // namespace sessync::api
