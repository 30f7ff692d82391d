#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/apply/apply_context.h"

namespace sessync::apply {

/// What a chain has to do: the parts that an add and a replace have in common. Refers to the
/// action, which outlives it.
struct ChainTask {
  const desired::DesiredFile& wanted;
  const std::vector<std::string>& deletes;
  /// What is put back; null: what is declared is mounted.
  const ports::Previous* restored = nullptr;
};

/// Nothing: the action is neither an add of a file nor a replace.
std::optional<ChainTask> chain_task(const plan::Action& action);

/// The writes that make one path hold its declared content: upload, delete what is in the way, add.
///
///   stage        | under way                            | goes on with
///   -------------+--------------------------------------+------------------------------------------
///   kUpload      | none is known that can be used       | kRoom; refused for good: remembered,
///   kEnd kRoom        | a place for the row; a replace waits | kIntent; the session is full: kEnd
///                | for the first one of the pass        |
///   kIntent      | what is about to be done is recorded | kDelete, or kAdd if nothing is in the
///   way kDelete      | one row after the other              | kAdd; a refusal by load is kEnd
///   before
///                |                                      | the first went, later it is repeated;
///                |                                      | other refusals: kReadSession
///   kAdd         | the row itself                       | kEnd; a refusal by load is repeated once
///                |                                      | something was deleted; no answer: in
///                |                                      | doubt, kEnd; refused: kReadSession
///   kReadSession | the session is read, once per pass   | kEnd: archived or gone, everything ends;
///                |                                      | at work, later; idle, refused for good.
///                |                                      | Or kPutBack, if there is something to
///                |                                      | put back
///   kPutBack     | each content that was deleted, and   | kEnd; what is left is put back by the
///                | the session read when one is refused | next pass
///
/// enter() begins a stage; every answer of a stage stays in it, or enters the next. Until the first
/// delete was sent a chain can end without a trace; afterwards it ends only with an answered add,
/// with the previous content put back, or with an intent that the next pass takes up.
///
/// Answers call back. There are no coroutines, because g++ 12 miscompiles everyday forms of
/// co_await without a warning: beside an aggregate temporary (`co_await add({session, file,
/// path})`) or a lambda that captures by value it frees twice, in a condition before the first
/// local variable it runs off the function's end.
///
/// Lives as long as the run, on its thread. `finished` is called once, when the chain has ended.
class Chain {
 public:
  /// `task` refers to an action of the run's plan; `finished` runs once.
  Chain(ApplyRun& run, ChainTask task, std::function<void(ActionResult)> finished);

  void start() { enter(Stage::kUpload); }

 private:
  enum class Stage { kUpload, kRoom, kIntent, kDelete, kAdd, kReadSession, kPutBack, kEnd };

  struct Attachment {
    std::string file_id;
    std::string filename;
    std::uint64_t size = 0;
  };

  void enter(Stage next);

  void provide_content();
  void acquire_upload(const ports::ContentRef& content);
  void upload(const ports::ContentRef& content);
  void on_uploaded(const ports::Result<ports::FileMetadata>& uploaded);
  void on_upload_refused(const ports::ApiError& error);

  void make_room();
  void enter_replace_gate();
  void turn_away();
  void write_intent();
  void delete_next();
  void on_deleted(const std::string& resource_id, const ports::Result<ports::Done>& deleted);
  void on_delete_failed(const ports::ApiError& error);

  void send_add(ports::Permit permit);
  void on_added(const ports::Result<ports::FileRow>& added);
  void on_add_failed(const ports::ApiError& error);
  void on_add_refused(const ports::ApiError& error);
  void refuse_for_good(const ports::ApiError& error);
  void begin_putting_back(const ports::ApiError& error);
  void put_back_next();
  void on_put_back(ports::InventoryRow row);

  void retry_add(ports::Duration delay, const ports::ApiError& error);
  void leave_in_doubt(const ports::ApiError& error);
  void forget_untouched();
  void give_up_untouched(const std::string& why);
  void on_unusable_session(const ports::Result<ports::SessionInfo>& info,
                           const ports::ApiError& error);
  [[nodiscard]] ports::Refusal refusal(const ports::ApiError& error) const;
  void forget_doubtful_refusal(const ports::ApiError& error);
  void note_refusal(const ports::ApiError& error);
  void remember_refusal(const ports::ApiError& error);
  [[nodiscard]] bool puts_back_elsewhere() const;
  [[nodiscard]] ports::Intent intent(std::optional<ports::TimePoint> in_doubt_since) const;
  void drop_intent();
  void leave_gates(bool done);
  [[nodiscard]] std::vector<ports::Previous> find_previous() const;
  void finish(ActionResult::Outcome outcome, std::string error = {});

  ApplyRun& run_;
  ChainTask task_;
  std::function<void(ActionResult)> finished_;
  Stage stage_ = Stage::kUpload;
  Attachment attachment_;
  std::vector<ports::Previous> previous_;  ///< what is at the path of the add is the last
  std::size_t deleted_ = 0;
  bool delete_sent_ = false;
  bool in_gate_ = false;
  bool adds_ = false;         ///< entered the room as an add
  bool swaps_ = false;        ///< entered the room as a swap
  bool is_in_doubt_ = false;  ///< so says the intent, as long as this chain does not know better
  std::size_t back_ = 0;      ///< how many of `previous_` were put back
  ports::ApiError refusal_;   ///< why the previous content is put back
  std::string request_id_;    ///< of the newest failure
  int tries_ = 0;
};

/// Why an add was not even tried.
inline constexpr const char* kSessionIsFull =
    "not added: the session is full; it is added as soon as the session holds fewer files";

}  // namespace sessync::apply
