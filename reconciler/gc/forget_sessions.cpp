#include "reconciler/gc/forget_sessions.h"

#include <set>
#include <utility>

#include "reconciler/limits.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/ports/state_store.h"

namespace sessync::gc {
namespace {

class Forgetting {
 public:
  Forgetting(const std::string& owner, const std::vector<manifest::SessionSpec>& declared,
             ports::Ports& ports)
      : owner_(owner), declared_(declared), ports_(ports), now_(ports.loop.now()) {}

  void run() {
    note_named();
    for (const auto& id : ports_.store.sessions()) {
      look_at(id);
    }
    forget_creations();
    if (!changes_.empty()) {
      ports_.store.commit(std::move(changes_),
                          [](const tl::expected<ports::Done, ports::StoreError>&) {});
    }
  }

 private:
  void note_named() {
    for (const auto& spec : declared_) {
      if (spec.session_id) {
        named_.insert(*spec.session_id);
        continue;
      }
      named_.insert(observe::synthetic_id(owner_, spec.name));
      const auto creation = ports_.store.find_creation(owner_, spec.name);
      if (creation && !creation->session_id.empty()) {
        named_.insert(creation->session_id);
      }
    }
  }

  void look_at(const std::string& id) {
    const auto left_at = ports_.store.load(id).left_at;
    if (named_.contains(id)) {
      if (left_at) {
        changes_.emplace_back(ports::change::SetLeft{id, std::nullopt});
      }
      known_.insert(id);
    } else if (!left_at) {
      changes_.emplace_back(ports::change::SetLeft{id, now_});
      known_.insert(id);
    } else if (now_ - *left_at >= reconciler::kInventoryLife) {
      changes_.emplace_back(ports::change::DropSession{id});
    } else {
      known_.insert(id);
    }
  }

  /// A creation goes with what was remembered of its session: that is found again by its key.
  void forget_creations() {
    for (const auto& creation : ports_.store.creations()) {
      const auto unborn = observe::synthetic_id(creation.owner, creation.name);
      const bool in_doubt =
          creation.in_doubt_since && now_ - *creation.in_doubt_since < reconciler::kInventoryLife;
      if (!named_.contains(unborn) && !known_.contains(creation.session_id) &&
          !known_.contains(unborn) && !in_doubt) {
        changes_.emplace_back(ports::change::DropCreation{creation.owner, creation.name});
      }
    }
  }

  const std::string& owner_;
  const std::vector<manifest::SessionSpec>& declared_;
  ports::Ports& ports_;
  ports::TimePoint now_;
  std::set<std::string> named_;  ///< ids of what the manifest has
  std::set<std::string> known_;  ///< ids of what stays remembered
  std::vector<ports::Change> changes_;
};

}  // namespace

void forget_left_sessions(const std::string& owner,
                          const std::vector<manifest::SessionSpec>& declared, ports::Ports& ports) {
  Forgetting(owner, declared, ports).run();
}

}  // namespace sessync::gc
