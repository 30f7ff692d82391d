#include "reconciler/apply/apply.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "reconciler/apply/apply_context.h"
#include "reconciler/apply/confirm_uploads.h"
#include "reconciler/apply/file_chain.h"
#include "reconciler/apply/rotate_token.h"
#include "reconciler/observe/refusals.h"
#include "reconciler/plan/room.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync::apply {
namespace {

using Outcome = ActionResult::Outcome;

constexpr const char* kNoRoomWasMade =
    "held back: what was to make room for it was not deleted; the next pass tries again";

class Applier {
 public:
  Applier(const ApplyInput& input, ports::Ports& ports)
      : run_(input, ports), begun_(input.plan.actions.size(), ports.loop.now()) {}

  ApplyReport run() {
    adopt();
    // What deletes before it adds counts on its upload, so that is looked for first.
    run_.confirmed_uploads = confirm_uploads(uploads_that_must_exist(), run_.ports);
    const auto deletes = plain_deletes();
    const auto first = std::min(deletes_that_make_room(), deletes.size());
    const auto made =
        make_room({deletes.begin(), deletes.begin() + static_cast<std::ptrdiff_t>(first)});
    hold_back_adds(first - made);
    run_chains();
    run_.finish_room();
    prune(deletes);
    settle_chained_deletes();
    run_.report.done = static_cast<std::uint64_t>(
        std::ranges::count(run_.report.results, Outcome::kDone, &ActionResult::outcome));
    return std::move(run_.report);
  }

 private:
  using Indices = std::vector<std::size_t>;

  [[nodiscard]] const std::vector<plan::Action>& actions() const { return run_.in.plan.actions; }

  void begin(std::size_t index) { begun_[index] = run_.ports.loop.now(); }

  void finish(std::size_t index, ActionResult result) {
    result.ended_at = run_.ports.loop.now();
    result.took = result.ended_at - begun_[index];
    run_.report.results[index] = std::move(result);
    if (run_.ports.observer != nullptr) {
      run_.ports.observer->acted(index, run_.report.results[index]);
    }
  }

  void pump_while(const std::size_t& unfinished) {
    while (unfinished > 0 && run_.ports.loop.run_one()) {
    }
  }

  void adopt() {
    for (std::size_t i = 0; i < actions().size(); ++i) {
      if (const auto* action = std::get_if<plan::Adopt>(&actions()[i])) {
        adopt(i, *action);
      }
    }
  }

  void adopt(std::size_t index, const plan::Adopt& action) {
    const auto& rows = run_.in.inventory.rows;
    const auto row = std::ranges::find(rows, action.resource_id, &ports::InventoryRow::resource_id);
    if (row != rows.end()) {
      ports::InventoryRow adopted = *row;
      adopted.owned = true;
      run_.record({ports::change::PutRow{run_.in.session_id, std::move(adopted)}});
      finish(index, {Outcome::kDone, {}});
    }
  }

  [[nodiscard]] std::vector<ports::Upload> uploads_that_must_exist() const {
    std::vector<ports::Upload> known;
    for (const auto& action : actions()) {
      const auto task = chain_task(action);
      if (!task || task->deletes.empty() || task->wanted.local() == nullptr) {
        continue;
      }
      const auto& sha256 = task->wanted.local()->sha256;
      if (auto upload = find_upload(run_.in.owner, sha256, run_.ports)) {
        known.push_back(std::move(*upload));
      }
    }
    return known;
  }

  [[nodiscard]] const plan::Delete& removal(std::size_t index) const {
    return std::get<plan::Delete>(actions()[index]);
  }

  /// Deletes that no add depends on; what is declared elsewhere goes last.
  [[nodiscard]] Indices plain_deletes() const {
    Indices indices;
    for (std::size_t i = 0; i < actions().size(); ++i) {
      const auto* one = std::get_if<plan::Delete>(&actions()[i]);
      if (one != nullptr && !one->chain) {
        indices.push_back(i);
      }
    }
    std::ranges::stable_sort(indices, {}, [&](std::size_t i) { return removal(i).is_rename; });
    return indices;
  }

  /// What has only not been read yet is not in the session in any case.
  [[nodiscard]] bool is_in_doubt() const {
    return !std::ranges::all_of(run_.in.plan.pending, &plan::Pending::unread);
  }

  /// The fewest.
  [[nodiscard]] std::size_t deletes_that_make_room() const {
    const auto over =
        plan::rows_at_most(run_.in.plan) - static_cast<std::int64_t>(run_.in.plan.cap);
    return over > 0 ? static_cast<std::size_t>(over) : 0;
  }

  /// How many places there are now. None while anything is pending: what goes may be where that was
  /// before.
  std::size_t make_room(const Indices& deletes) {
    if (!run_.in.plan.pending.empty()) {
      return 0;
    }
    remove(deletes);
    return static_cast<std::size_t>(std::ranges::count_if(
        deletes, [&](std::size_t i) { return run_.report.results[i].outcome == Outcome::kDone; }));
  }

  /// Those for which no place was made; what was refused before goes first.
  void hold_back_adds(std::size_t count) {
    Indices adds;
    for (std::size_t i = 0; i < actions().size(); ++i) {
      if (plan::plain_add(actions()[i]) != nullptr) {
        adds.push_back(i);
      }
    }
    std::ranges::stable_sort(adds, std::ranges::greater(), [&](std::size_t i) {
      return observe::find_refusal(run_.in.inventory.refusals,
                                   plan::plain_add(actions()[i])->wanted) != nullptr;
    });
    adds.resize(std::min(adds.size(), count));
    for (const auto i : adds) {
      held_back_.insert(i);
      run_.refused_content.insert(plan::plain_add(actions()[i])->wanted.content_key());
      run_.report.put_off = true;
      finish(i, {Outcome::kSkipped, kNoRoomWasMade});
    }
  }

  void run_chains() {
    for (std::size_t i = 0; i < actions().size(); ++i) {
      if (chain_task(actions()[i]) && !held_back_.contains(i)) {
        waiting_.push_back(i);
      }
    }
    std::ranges::reverse(waiting_);
    unfinished_ = waiting_.size();
    start_rotations();
    start_chains();
    pump_while(unfinished_);
  }

  /// Beside the chains: a token neither waits for a file nor keeps one waiting.
  void start_rotations() {
    for (std::size_t i = 0; i < actions().size(); ++i) {
      const auto* rotate = std::get_if<plan::Rotate>(&actions()[i]);
      if (rotate == nullptr || !run_.may_start()) {
        continue;
      }
      ++unfinished_;
      begin(i);
      rotations_.push_back(std::make_unique<TokenRotation>(run_, *rotate, [this, i](auto result) {
        finish(i, std::move(result));
        --unfinished_;
      }));
      rotations_.back()->start();
    }
  }

  /// Not re-entered: a chain that ends at once would otherwise start the next one below itself.
  void start_chains() {
    if (std::exchange(starting_, true)) {
      return;
    }
    while (!waiting_.empty() && active_ < run_.chains_allowed) {
      const auto index = waiting_.back();
      waiting_.pop_back();
      if (!run_.may_start()) {
        --unfinished_;
        run_.report.put_off = true;
        continue;
      }
      const auto* add = plan::plain_add(actions()[index]);
      if (run_.room.is_shut() && add != nullptr) {
        --unfinished_;
        run_.refused_content.insert(add->wanted.content_key());
        finish(index, {Outcome::kSkipped, kSessionIsFull});
        continue;
      }
      ++active_;
      begin(index);
      chains_.push_back(std::make_unique<Chain>(
          run_, *chain_task(actions()[index]),
          [this, index](ActionResult result) { on_chain_finished(index, std::move(result)); }));
      chains_.back()->start();
    }
    starting_ = false;
  }

  void on_chain_finished(std::size_t index, ActionResult result) {
    finish(index, std::move(result));
    --active_;
    --unfinished_;
    start_chains();
  }

  /// What is no longer wanted goes last, and only if nothing that should take its place is
  /// uncertain, be it since this pass or an earlier one.
  void prune(Indices deletes) {
    std::erase_if(deletes, [&](std::size_t i) {
      if (run_.report.results[i].outcome != Outcome::kSkipped) {
        return true;  // it has made room, or failed to
      }
      if (is_in_doubt() || run_.report.put_off || !run_.may_start()) {
        finish(i, {Outcome::kSkipped, "held back until every add of the session is answered"});
        run_.report.put_off = true;
        return true;
      }
      if (may_be_unread(removal(i))) {
        finish(i, {Outcome::kSkipped,
                   "held back until a large file is read, which may have the same content"});
        return true;
      }
      if (is_refused_elsewhere(removal(i))) {
        finish(i, {Outcome::kSkipped, "held back: the add of the same content was refused"});
        return true;
      }
      return false;
    });
    remove(deletes);
  }

  /// The file that it was may have been renamed.
  [[nodiscard]] bool may_be_unread(const plan::Delete& old) const {
    return std::ranges::any_of(run_.in.plan.pending, [&](const plan::Pending& one) {
      return one.unread && (one.size == 0 || one.size == old.size);
    });
  }

  [[nodiscard]] bool is_refused_elsewhere(const plan::Delete& old) const {
    return old.is_rename && std::ranges::any_of(run_.refused_content,
                                                [&](const auto& key) { return old.holds(key); });
  }

  void remove(const Indices& deletes) {
    if (deletes.empty()) {
      return;
    }
    std::size_t unfinished = deletes.size();
    run_.ports.store.commit(intents_of(deletes),
                            [&](const tl::expected<ports::Done, ports::StoreError>& durable) {
                              unfinished = durable ? unfinished : 0;
                              std::ranges::for_each(deletes, [&](std::size_t i) {
                                durable ? remove_one(i, unfinished)
                                        : finish(i, {Outcome::kFailed, durable.error().message});
                              });
                              run_.report.put_off |= !durable;
                            });
    pump_while(unfinished);
  }

  [[nodiscard]] std::vector<ports::Change> intents_of(const Indices& deletes) const {
    std::vector<ports::Change> intents;
    for (const auto i : deletes) {
      ports::Intent intent;
      intent.path = removal(i).path.text();
      intent.deletes = {removal(i).resource_id};
      intents.emplace_back(ports::change::PutIntent{run_.in.session_id, std::move(intent)});
    }
    return intents;
  }

  void remove_one(std::size_t index, std::size_t& unfinished) {
    if (!run_.may_start()) {
      --unfinished;
      return;
    }
    begin(index);
    run_.open(removal(index).path);
    run_.ports.api.delete_resource(
        run_.in.session_id, removal(index).resource_id, {},
        [this, index, &unfinished](const ports::Result<ports::Done>& deleted) {
          on_removed(index, deleted);
          --unfinished;
        });
  }

  void on_removed(std::size_t index, const ports::Result<ports::Done>& deleted) {
    const auto& action = removal(index);
    run_.close(action.path);
    if (deleted || deleted.error().kind == ports::ApiError::Kind::kNotFound) {
      run_.room.deleted();
      run_.record({ports::change::PutTombstone{run_.in.session_id,
                                               {action.resource_id, run_.ports.loop.now()}},
                   ports::change::DropIntent{run_.in.session_id, action.path.text()}});
      return finish(index, {Outcome::kDone, {}});
    }
    if (deleted.error().kind == ports::ApiError::Kind::kAuthentication) {
      run_.halt(errors::SessionError::Code::kAuthenticationFailed,
                ports::describe(deleted.error()));
    }
    run_.report.rate_limited |= deleted.error().kind == ports::ApiError::Kind::kRateLimited;
    run_.report.put_off = true;
    finish(index,
           {Outcome::kFailed,
            "not deleted: " + ports::describe(deleted.error()) + "; the next pass tries again",
            deleted.error().request_id});
  }

  /// A delete that belongs to an add shares its fate.
  void settle_chained_deletes() {
    for (std::size_t i = 0; i < actions().size(); ++i) {
      const auto* chained = std::get_if<plan::Delete>(&actions()[i]);
      if (chained == nullptr || !chained->chain) {
        continue;
      }
      const auto add = std::ranges::find_if(actions(), [&](const plan::Action& other) {
        return chain_task(other) && plan::path_of(other) == *chained->chain;
      });
      if (add == actions().end()) {
        finish(i, {Outcome::kSkipped, "the add that it was to make way for is not made"});
        run_.report.put_off = true;
        continue;
      }
      run_.report.results[i] =
          run_.report.results[static_cast<std::size_t>(add - actions().begin())];
    }
  }

  ApplyRun run_;
  std::vector<ports::TimePoint> begun_;  ///< by action
  std::vector<std::unique_ptr<Chain>> chains_;
  std::vector<std::unique_ptr<TokenRotation>> rotations_;
  std::set<std::size_t> held_back_;
  Indices waiting_;
  int active_ = 0;
  bool starting_ = false;
  std::size_t unfinished_ = 0;
};

}  // namespace

ApplyReport apply(const ApplyInput& input, ports::Ports& ports) {
  return Applier(input, ports).run();
}

}  // namespace sessync::apply
