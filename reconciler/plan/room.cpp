#include "reconciler/plan/room.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/observe/refusals.h"

namespace sessync::plan {
namespace {

std::string describe_no_room(const ports::Refusal& refusal, bool is_own) {
  const auto rows = std::to_string(refusal.rows);
  const auto said = " (" + refusal.code + ": " + refusal.message + ")";
  return is_own ? "the API refused it" + said + " while the session held " + rows +
                      " files, as many as it ever did; tried again as soon as it holds fewer, when "
                      "the content or the entry changes, or after an hour"
                : "the session is full: the API refused more than " + rows + " files" + said +
                      "; added as soon as it holds fewer: declare fewer files, or remove others";
}

/// Decides which adds a session has room for.
class RoomLimit {
 public:
  RoomLimit(Plan& plan, const PlanInput& in) : plan_(plan), in_(in) {
    const auto full = std::ranges::find_if(in.refusals, [&](const ports::Refusal& refusal) {
      return refusal.is_full() && observe::is_about_room(refusal, in.most_files);
    });
    full_ = full == in.refusals.end() ? nullptr : &*full;
  }

  void limit(std::uint64_t cap) {
    auto room = static_cast<std::int64_t>(cap) - rows_without_adds();
    room += full_ != nullptr && in_.try_beyond ? 1 : 0;
    std::set<manifest::MountPath> refused;
    for (const auto* add : by_claim()) {
      if (--room < 0 && (full_ != nullptr || own_refusal(*add) != nullptr)) {
        refused.insert(add->wanted.path);
      }
    }
    std::erase_if(plan_.actions, [&](const Action& action) {
      const auto* add = plain_add(action);
      if (add == nullptr || !refused.contains(add->wanted.path)) {
        return false;
      }
      const auto* own = own_refusal(*add);
      plan_.blocked.push_back({desired::BlockedType::kFile, add->wanted.path,
                               desired::BlockCode::kQuota,
                               describe_no_room(own != nullptr ? *own : *full_, own != nullptr)});
      return true;
    });
  }

 private:
  /// After every delete and every add that frees its own place. An add in doubt has taken its own
  /// place, or will be sent again.
  [[nodiscard]] std::int64_t rows_without_adds() const {
    auto rows = static_cast<std::int64_t>(plan_.rows_now + in_.observed.pending.size());
    for (const auto& action : plan_.actions) {
      const bool chained = std::holds_alternative<Add>(action) && plain_add(action) == nullptr;
      rows -= std::holds_alternative<Delete>(action) ? 1 : 0;
      rows += chained ? 1 : 0;
    }
    return rows;
  }

  /// Whose old row is there to go comes first, what was refused before comes last.
  [[nodiscard]] std::vector<const Add*> by_claim() const {
    std::vector<const Add*> adds;
    for (const auto& action : plan_.actions) {
      if (const auto* add = plain_add(action)) {
        adds.push_back(add);
      }
    }
    std::ranges::stable_sort(adds, {}, [&](const Add* add) {
      const bool is_renamed = std::ranges::any_of(plan_.actions, [&](const Action& action) {
        const auto* removal = std::get_if<Delete>(&action);
        return removal != nullptr && removal->is_rename &&
               removal->holds(add->wanted.content_key());
      });
      return is_renamed ? 0 : own_refusal(*add) == nullptr ? 1 : 2;
    });
    return adds;
  }

  [[nodiscard]] const ports::Refusal* own_refusal(const Add& add) const {
    const auto* refusal = observe::find_refusal(in_.refusals, add.wanted);
    return refusal != nullptr && observe::is_about_room(*refusal, in_.most_files) ? refusal
                                                                                  : nullptr;
  }

  Plan& plan_;
  const PlanInput& in_;
  const ports::Refusal* full_ = nullptr;  ///< nothing: the session is not known to be full
};

}  // namespace

const Add* plain_add(const Action& action) {
  const auto* add = std::get_if<Add>(&action);
  return add != nullptr && add->deletes.empty() ? add : nullptr;
}

std::int64_t rows_at_most(const Plan& plan) {
  auto rows = static_cast<std::int64_t>(plan.rows_now);
  for (const auto& action : plan.actions) {
    const auto* removal = std::get_if<Delete>(&action);
    rows += std::holds_alternative<Add>(action) ? 1 : 0;
    rows -= removal != nullptr && removal->chain ? 1 : 0;
  }
  return rows;
}

void limit_room(Plan& plan, const PlanInput& input, std::uint64_t max_files) {
  const auto cap = observe::learned_cap(input.refusals, input.most_files);
  plan.cap = std::min(cap.value_or(max_files), max_files);
  if (cap) {
    RoomLimit(plan, input).limit(*cap);
  }
}

}  // namespace sessync::plan
