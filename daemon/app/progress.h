#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "daemon/api/send/api_observer.h"
#include "daemon/app/progress_line.h"
#include "daemon/state/state_database.h"
#include "manifest/spec.h"
#include "reconciler/ports/content_source.h"
#include "reconciler/ports/marker_key.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::app {

/// Shows on standard error how far a one-shot command is: one line, drawn again and again, cleared
/// at the end. Shows nothing where standard error is no terminal. Its calls count and return; a
/// thread of its own draws. Any thread.
class Progress final : public api::ApiObserver {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() override { stop(); }

  [[nodiscard]] bool shown() const { return shown_; }

  /// Whose uploads count as there; call before the first pass.
  void set_owner(std::string owner) { owner_ = std::move(owner); }
  void set_markers(ports::MarkerRules markers) { markers_ = std::move(markers); }

  /// A pass has seen the workspace. What the state does not know to be in the session is to be
  /// done; only the first pass over a session counts.
  void scanned(const manifest::SessionSpec& spec, const ports::WorkspaceSnapshot& snapshot,
               const state::StateDatabase& state);
  void finished(const api::RequestReport& request) override;
  void frozen(schedule::RateClass /*which*/, ports::TimePoint /*until*/) override {}
  /// The same source, its bytes counted while they are sent.
  std::unique_ptr<ports::ContentSource> counting(ports::ContentSource& source);

  /// Clears the line; nothing is drawn afterwards.
  void stop();

 private:
  class Source;
  class Reader;

  void sent(std::uint64_t bytes);
  void grew(std::uint64_t bytes);
  void draw_until(const std::stop_token& stop);
  void draw(const ProgressFigures& figures);

  const bool shown_;
  std::string owner_;
  ports::MarkerRules markers_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  ProgressFigures figures_;
  std::set<std::string> sessions_;
  std::set<std::string> contents_;  ///< to be uploaded, each once
  std::optional<ports::TimePoint> first_byte_;
  bool drawn_ = false;  ///< of the thread; read after it has ended
  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace sessync::app
