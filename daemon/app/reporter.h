#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/app/pass_log.h"
#include "daemon/app/service_manager.h"
#include "daemon/controller/observer.h"
#include "daemon/metrics/metrics.h"
#include "daemon/status/board.h"

namespace sessync::app {

/// Carries what the controller does to everybody who shows it: log, status board, metrics and
/// service manager. Each of them may be told by any thread, and so may this.
class Reporter final : public controller::ControllerObserver {
 public:
  /// `only`: names, if not all sessions of the manifest are worked on. What it refers to must
  /// outlive it.
  Reporter(status::StatusBoard& board, metrics::Metrics& metrics, ServiceManager& manager,
           std::vector<std::string> only);

  void manifest_read(const manifest::Manifest& manifest, ports::TimePoint now) override;
  void pass_started(const std::string& name) override;
  void in_progress(const std::vector<reconciler::PassProgress>& passes,
                   ports::TimePoint now) override;
  void pass_finished(const controller::FinishedPass& pass,
                     std::optional<ports::TimePoint> next) override;
  void stepped() override;

 private:
  status::StatusBoard& board_;
  metrics::Metrics& metrics_;
  ServiceManager& manager_;
  const std::vector<std::string> only_;
  PassLog log_;
};

}  // namespace sessync::app
