#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/controller/absent_files.h"
#include "daemon/controller/session_table.h"
#include "manifest/load.h"
#include "reconciler/policy/boundaries.h"

namespace sessync::controller {

/// Somebody asked for a pass.
struct PassDemand {
  std::string name;
  std::string allow_deletes;  ///< the held-back set that may pass in it; "" for none
};

/// What happened since the last step.
struct Wakeup {
  std::vector<std::string> changed;  ///< names of sessions whose sources changed
  bool manifest = false;             ///< its files changed
  bool reload = false;               ///< manifest and every session, at once
  std::vector<PassDemand> demands{};
};

/// What is to be done now.
struct Work {
  bool collect = false;                  ///< look for uploads that nothing needs any more
  std::optional<ports::TimePoint> next;  ///< when to step again although nothing happens
};

/// What a schedule asks of the world, while it steps.
class ScheduleHost {
 public:
  ScheduleHost() = default;
  ScheduleHost(const ScheduleHost&) = delete;
  ScheduleHost& operator=(const ScheduleHost&) = delete;
  virtual ~ScheduleHost() = default;

  /// Every file of the manifest, as it is now.
  virtual std::vector<manifest::ManifestText> read_manifest() = 0;
  /// What the operator lets it ask for, as it is now.
  virtual policy::Given read_policy() { return {}; }
  /// Right before a manifest comes into force: what it names is watched before it is read.
  virtual void announce(const manifest::Manifest& manifest) = 0;
  /// Events may be missed: poll.
  virtual bool watching_degraded() = 0;
};

/// Who keeps over a restart what decides where files of the manifest disagree.
class HoldingsKeeper {
 public:
  HoldingsKeeper() = default;
  HoldingsKeeper(const HoldingsKeeper&) = delete;
  HoldingsKeeper& operator=(const HoldingsKeeper&) = delete;
  virtual ~HoldingsKeeper() = default;

  /// Nothing: nobody can tell yet. Asked until it is known, once for each manifest that is read.
  virtual std::optional<manifest::Holdings> remembered() = 0;
  /// Before what was loaded comes into force; does not wait for the disk. What is sent to a session
  /// afterwards is recorded after it.
  virtual void remember(const manifest::Holdings& holdings) = 0;
};

/// What a schedule is made with.
struct ScheduleOptions {
  SessionTable::Pace pace;
  std::string owner_if_none{};  ///< see load_manifest()
};

/// Decides what the daemon does and when: owns the manifest in force and the queue. No thread, no
/// clock; what it asks of the world is an interface. One thread steps; others may meanwhile use
/// the table.
class Schedule {
 public:
  /// `host` and `keeper` must outlive this; they are asked by step() alone.
  Schedule(ScheduleHost& host, HoldingsKeeper& keeper, ScheduleOptions options)
      : host_(host),
        keeper_(keeper),
        table_(std::move(options.pace)),
        owner_if_none_(std::move(options.owner_if_none)) {}

  Work step(const Wakeup& wakeup, ports::TimePoint now);

  /// Any thread: passes that are due, what is in force for them, and what they came to.
  [[nodiscard]] SessionTable& table() { return table_; }
  [[nodiscard]] const SessionTable& table() const { return table_; }

  /// With its problems, if the files have any.
  [[nodiscard]] const manifest::Manifest& manifest() const { return manifest_; }

 private:
  void take_in(const Wakeup& wakeup, ports::TimePoint now);
  void read_manifest(ports::TimePoint now, bool even_if_unchanged);
  bool recall();
  void load(const std::vector<manifest::ManifestText>& texts, std::set<std::string> lately_gone);
  void poll(ports::TimePoint now);
  bool collect(ports::TimePoint now);

  ScheduleHost& host_;
  HoldingsKeeper& keeper_;
  SessionTable table_;
  std::string owner_if_none_;
  manifest::Manifest manifest_;  ///< as it was declared
  bool knows_holdings_ = false;  ///< from before the start
  std::vector<manifest::ManifestText> texts_;
  AbsentFiles absent_;
  std::set<std::string> lately_gone_;
  policy::Given given_;
  policy::Boundaries boundaries_;
  std::optional<ports::TimePoint> retry_manifest_;
  std::optional<ports::TimePoint> poll_at_;
  std::optional<ports::TimePoint> collect_at_;
};

}  // namespace sessync::controller
