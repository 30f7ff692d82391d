#include "reconciler/plan/plan_fixed.h"

#include <algorithm>
#include <set>
#include <utility>

#include "reconciler/tokens/github_url.h"

namespace sessync::plan {
namespace {

/* Repositories and memory stores are fixed when a session is created; only a token can change.

   declared          | in the session                          | decision
   ------------------+-----------------------------------------+--------------------------------
   repository        | session is to be created                | add, with its token
   repository        | none with its URL                       | blocked requires_new_session
   repository        | its URL, at another path                | blocked requires_new_session
   repository        | another checkout than the declared one  | blocked requires_new_session
   repository        | as declared, token due                  | rotate
   repository        | as declared, token refused by the API   | blocked refused
   repository        | as declared, token cannot be read       | blocked secret_unavailable
   repository        | as declared, source not asked           | unchanged, not checked
   repository        | as declared                             | unchanged
   memory store      | session is to be created                | add
   memory store      | none with its id                        | blocked requires_new_session
   memory store      | other access or instructions            | blocked requires_new_session
   memory store      | as declared                             | unchanged
   neither           | any, prune all, of a known type         | blocked requires_new_session
   neither           | any                                     | unmanaged

   A declared repository without a checkout accepts whatever is checked out: which branch is the
   default one is not for us to know. Where the API does not say what is checked out, it is not held
   to be another one.
 */

bool has_checkout(const ports::RepositoryRow& row,
                  const std::optional<manifest::Checkout>& declared) {
  if (!declared || !row.is_checkout_said) {
    return true;
  }
  if (const auto* branch = std::get_if<manifest::BranchCheckout>(&*declared)) {
    return row.branch == branch->name;
  }
  return row.commit == std::get<manifest::CommitCheckout>(*declared).sha;
}

std::string describe_checkout(const ports::RepositoryRow& row) {
  if (row.branch) {
    return "branch " + *row.branch;
  }
  return row.commit ? "commit " + *row.commit : std::string("the default branch");
}

class FixedResources {
 public:
  FixedResources(const PlanInput& in, const Policy& policy, Plan& plan)
      : in_(in), policy_(policy), plan_(plan) {}

  void run() {
    for (const auto& wanted : in_.desired.repositories) {
      decide(wanted);
    }
    for (const auto& wanted : in_.desired.memory_stores) {
      decide(wanted);
    }
    for (const auto& other : in_.observed.fixed) {
      if (!claimed_.contains(&other)) {
        decide_undeclared(other);
      }
    }
  }

 private:
  [[nodiscard]] bool creates() const { return is_create(in_.session); }

  void block(desired::BlockedType type, const manifest::MountPath& path, desired::BlockCode code,
             std::string reason) {
    plan_.blocked.push_back({type, path, code, std::move(reason)});
  }

  /// The row with this URL, preferably at this path.
  const ports::RepositoryRow* find(const desired::DesiredRepository& wanted) {
    const observe::FixedResource* found = nullptr;
    for (const auto& other : in_.observed.fixed) {
      const auto* row = std::get_if<ports::RepositoryRow>(&other.row);
      if (row == nullptr ||
          tokens::normalised_url(row->url) != tokens::normalised_url(wanted.spec.url)) {
        continue;
      }
      if (other.path == wanted.path || (found == nullptr && !is_declared(other.path))) {
        found = &other;
      }
    }
    if (found != nullptr) {
      claimed_.insert(found);
    }
    return found == nullptr ? nullptr : &std::get<ports::RepositoryRow>(found->row);
  }

  [[nodiscard]] bool is_declared(const manifest::MountPath& path) const {
    return std::ranges::any_of(
        in_.desired.repositories,
        [&](const desired::DesiredRepository& one) { return one.path == path; });
  }

  void decide(const desired::DesiredRepository& wanted) {
    if (creates()) {
      return add_repository(wanted);
    }
    const auto* row = find(wanted);
    if (row == nullptr) {
      return block_repository(wanted, "it is not in the session");
    }
    if (const auto difference = describe_difference(*row, wanted); !difference.empty()) {
      return block_repository(wanted, difference);
    }
    rotate(wanted, *row);
  }

  void block_repository(const desired::DesiredRepository& wanted, const std::string& difference) {
    block(desired::BlockedType::kRepository, wanted.path, desired::BlockCode::kRequiresNewSession,
          wanted.spec.url + ": " + difference +
              "; repositories are fixed when a session is created: declare what it has, or create "
              "a new session");
  }

  static std::string describe_difference(const ports::RepositoryRow& row,
                                         const desired::DesiredRepository& wanted) {
    if (manifest::MountPath::literal(row.mount_path) != wanted.path) {
      return "it is mounted at " + row.mount_path;
    }
    return has_checkout(row, wanted.spec.checkout) ? std::string()
                                                   : "it has " + describe_checkout(row);
  }

  void add_repository(const desired::DesiredRepository& wanted) {
    const auto rotation = in_.rotations.find(wanted.path);
    if (rotation != in_.rotations.end() &&
        rotation->second.verdict == tokens::Rotation::Verdict::kUnavailable) {
      return block(desired::BlockedType::kRepository, wanted.path,
                   desired::BlockCode::kSecretUnavailable, rotation->second.reason);
    }
    AddRepository add{wanted.path, "attached when the session is created", std::nullopt};
    if (rotation != in_.rotations.end() && rotation->second.unchecked) {
      add.unchecked = rotation->second.unchecked;
      add.reason += "; its token is not checked: " + *add.unchecked;
    }
    plan_.actions.emplace_back(std::move(add));
  }

  void rotate(const desired::DesiredRepository& wanted, const ports::RepositoryRow& row) {
    const auto known = in_.rotations.find(wanted.path);
    if (known == in_.rotations.end()) {
      return keep(wanted.path);
    }
    const auto& rotation = known->second;
    switch (rotation.verdict) {
      case tokens::Rotation::Verdict::kNotDue:
        return keep(wanted.path, rotation.unchecked);
      case tokens::Rotation::Verdict::kUnavailable:
      case tokens::Rotation::Verdict::kUseless:
        return block(desired::BlockedType::kRepository, wanted.path,
                     desired::BlockCode::kSecretUnavailable, rotation.reason);
      case tokens::Rotation::Verdict::kDue:
        return send(wanted, row, rotation);
    }
  }

  void send(const desired::DesiredRepository& wanted, const ports::RepositoryRow& row,
            const tokens::Rotation& rotation) {
    for (const auto& refusal : in_.refusals) {
      if (refusal.path == wanted.path.text() && refusal.content == rotation.fingerprint) {
        return block(desired::BlockedType::kRepository, wanted.path, desired::BlockCode::kRefused,
                     "the API refused its token (" + refusal.code + ": " + refusal.message +
                         "); tried again when the token changes, or after an hour");
      }
    }
    plan_.actions.emplace_back(
        Rotate{wanted.path, rotation.reason, row.resource_id, wanted.spec, rotation});
  }

  void keep(const manifest::MountPath& path, const std::optional<std::string>& unchecked = {}) {
    plan_.unchanged.push_back({path, std::nullopt, std::nullopt, unchecked});
  }

  void decide(const manifest::MemoryStoreResource& wanted) {
    if (creates()) {
      plan_.actions.emplace_back(AddMemoryStore{wanted.memory_store_id});
      return;
    }
    const auto found =
        std::ranges::find_if(in_.observed.fixed, [&](const observe::FixedResource& other) {
          const auto* row = std::get_if<ports::MemoryStoreRow>(&other.row);
          return row != nullptr && row->memory_store_id == wanted.memory_store_id;
        });
    if (found == in_.observed.fixed.end()) {
      return block_store(wanted, manifest::MountPath(), "it is not in the session");
    }
    claimed_.insert(&*found);
    const auto& row = std::get<ports::MemoryStoreRow>(found->row);
    if (row.access != wanted.access) {
      return block_store(wanted, found->path, "its access is " + row.access);
    }
    if (row.instructions.value_or("") != wanted.instructions.value_or("")) {
      return block_store(wanted, found->path, "it has other instructions");
    }
    keep(found->path);
  }

  void block_store(const manifest::MemoryStoreResource& wanted, const manifest::MountPath& path,
                   const std::string& difference) {
    block(desired::BlockedType::kMemoryStore, path, desired::BlockCode::kRequiresNewSession,
          wanted.memory_store_id + ": " + difference +
              "; memory stores are fixed when a session is created: declare what it has, or create "
              "a new session");
  }

  void decide_undeclared(const observe::FixedResource& other) {
    const bool is_blocked = in_.desired.kept.contains(other.path);
    if (policy_.prune == manifest::Prune::kAll && !other.opaque() && !is_blocked) {
      const bool is_store = std::holds_alternative<ports::MemoryStoreRow>(other.row);
      return block(
          is_store ? desired::BlockedType::kMemoryStore : desired::BlockedType::kRepository,
          other.path, desired::BlockCode::kRequiresNewSession,
          "it is not declared, but it was attached when the session was created and "
          "cannot be removed");
    }
    plan_.unmanaged.push_back({other.type, other.path, other.resource_id});
  }

  const PlanInput& in_;
  const Policy& policy_;
  Plan& plan_;
  std::set<const observe::FixedResource*> claimed_;
};

}  // namespace

void plan_fixed(const PlanInput& input, const Policy& policy, Plan& plan) {
  FixedResources(input, policy, plan).run();
}

}  // namespace sessync::plan
