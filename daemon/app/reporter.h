#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/app/pass_log.h"
#include "daemon/app/service_manager.h"
#include "daemon/controller/observer.h"
#include "daemon/metrics/metrics.h"
#include "daemon/status/board.h"

namespace sessync {

/// Carries what the controller does to everybody who shows it: log, status board, metrics and
/// service manager.
class Reporter final : public ControllerObserver {
 public:
  /// `only`: names, if not all sessions of the manifest are worked on. What it refers to must
  /// outlive it.
  Reporter(StatusBoard& board, Metrics& metrics, ServiceManager& manager,
           std::vector<std::string> only);

  void manifest_read(const Manifest& manifest, TimePoint now) override;
  void pass_started(const std::string& name) override;
  void in_progress(const std::vector<PassProgress>& passes, TimePoint now) override;
  void pass_finished(const FinishedPass& pass, std::optional<TimePoint> next) override;
  void stepped() override;

 private:
  StatusBoard& board_;
  Metrics& metrics_;
  ServiceManager& manager_;
  const std::vector<std::string> only_;
  PassLog log_;
};

}  // namespace sessync
