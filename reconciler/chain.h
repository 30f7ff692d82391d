#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/apply_run.h"

namespace sessync {

/// The writes that make one path hold its declared content: upload, delete what is in the way, add.
///
/// Until the first delete was sent a chain can end without a trace; afterwards it ends only with an
/// answered add, with the previous content put back, or with an intent that the next pass takes up.
class Chain {
 public:
  /// `action` is an add or replace of the run's plan and outlives the chain; `finished` runs once.
  Chain(ApplyRun& run, const Action& action, std::function<void(ActionResult)> finished);

  void start();

 private:
  struct Attachment {
    std::string file_id;
    std::string filename;
    std::uint64_t size = 0;
  };

  void acquire_upload(const ContentRef& content);
  void upload(const ContentRef& content);
  void on_uploaded(const Result<FileMetadata>& uploaded);
  void on_upload_refused(const ApiError& error);

  void make_room();
  void write_intent();
  void delete_next();
  void on_deleted(const std::string& resource_id, const Result<Done>& deleted);
  void on_delete_failed(const ApiError& error);

  void send_add(Permit permit);
  void on_added(const Result<FileRow>& added);
  void on_add_failed(const ApiError& error);
  void on_add_refused(const ApiError& error);
  void refuse_for_good(const ApiError& error);
  void put_previous_back(const ApiError& why);

  void retry_add(Duration delay, const ApiError& error);
  void leave_in_doubt(const ApiError& error);
  void give_up_untouched(const std::string& why);
  void on_unusable_session(const Result<SessionInfo>& info, const ApiError& error);
  void remember_refusal(const ApiError& error);
  [[nodiscard]] Intent intent(std::optional<TimePoint> in_doubt_since) const;
  void drop_intent();
  [[nodiscard]] std::optional<Previous> find_previous() const;
  void finish(ActionResult::Outcome outcome, std::string error = {});

  ApplyRun& run_;
  const Action& action_;
  std::function<void(ActionResult)> finished_;
  Attachment attachment_;
  std::optional<Previous> previous_;
  std::size_t deleted_ = 0;
  bool delete_sent_ = false;
  bool in_gate_ = false;
  bool is_in_doubt_ = false;  ///< so says the intent, as long as this chain does not know better
  bool putting_back_ = false;
  ApiError refusal_;        ///< why the previous content is put back
  std::string request_id_;  ///< of the newest failure
  int tries_ = 0;
};

/// One error, in words that fit behind "mount path: ".
std::string describe(const ApiError& error);

}  // namespace sessync
