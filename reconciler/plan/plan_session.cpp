#include "reconciler/plan/plan_session.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "reconciler/observe/find_session.h"
#include "reconciler/plan/short_hash.h"

namespace sessync::plan {
namespace {

using Metadata = std::map<std::string, std::string>;

bool has_all(const Metadata& there, const Metadata& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& pair) {
    const auto found = there.find(pair.first);
    return found != there.end() && found->second == pair.second;
  });
}

/// What could not be attached later, or is about the session as a whole.
const desired::Blocked* needed_at_creation(const Plan& plan) {
  const auto blocked = std::ranges::find_if(plan.blocked, [](const desired::Blocked& one) {
    return one.type == desired::BlockedType::kRepository ||
           one.type == desired::BlockedType::kMemoryStore ||
           one.type == desired::BlockedType::kSession;
  });
  return blocked == plan.blocked.end() ? nullptr : &*blocked;
}

/// A create that the API refused for good.
const ports::Refusal* refused_creation(const PlanInput& input, const CreateSession& create) {
  const auto refusal = std::ranges::find_if(input.refusals, [&](const ports::Refusal& one) {
    return one.path.empty() && one.content == create.content;
  });
  return refusal == input.refusals.end() ? nullptr : &*refusal;
}

void hold_creation(Plan& plan, desired::BlockCode code, std::string reason) {
  plan.actions.clear();
  plan.blocked.push_back(
      {desired::BlockedType::kSession, manifest::MountPath(), code, std::move(reason)});
}

}  // namespace

SessionChange difference(const manifest::CreateSpec& declared, const ports::SessionInfo& session,
                         const std::string& key) {
  UpdateSession change;
  change.update.session_id = session.session_id;
  if (declared.title && session.title != declared.title) {
    change.update.title = declared.title;
    change.fields.emplace_back("title");
  }
  // All of it, whatever differs: a server that does not merge would drop what is not sent.
  change.update.metadata = declared.metadata;
  change.update.metadata[observe::kKeyName] = key;
  if (!has_all(session.metadata, change.update.metadata)) {
    change.fields.emplace_back("metadata");
  }
  return change.fields.empty() ? SessionChange() : SessionChange(std::move(change));
}

std::string creation_hash(const manifest::CreateSpec& declared,
                          const desired::DesiredState& desired) {
  std::vector<std::string> texts{declared.agent_id,
                                 std::to_string(declared.agent_version.value_or(0)),
                                 declared.environment_id, declared.title.value_or("")};
  for (const auto& [name, value] : declared.metadata) {
    texts.push_back(name);
    texts.push_back(value);
  }
  texts.insert(texts.end(), declared.vault_ids.begin(), declared.vault_ids.end());
  for (const auto& [path, file] : desired.files) {
    texts.push_back(file.mount_text);
    texts.push_back(file.content_key());
  }
  for (const auto& repository : desired.repositories) {
    texts.push_back(repository.spec.url);
    texts.push_back(repository.spec.mount_path);
  }
  for (const auto& store : desired.memory_stores) {
    texts.push_back(store.memory_store_id);
    texts.push_back(store.access);
    texts.push_back(store.instructions.value_or(""));
  }
  return short_hash(texts);
}

void settle_session(Plan& plan, const PlanInput& input) {
  plan.session = input.session;
  const auto* create = std::get_if<CreateSession>(&input.session);
  if (create == nullptr) {
    return;
  }
  if (const auto* blocked = needed_at_creation(plan)) {
    plan.session = {};
    if (blocked->type == desired::BlockedType::kSession) {
      plan.actions.clear();
      return;
    }
    hold_creation(plan, blocked->code,
                  std::string("it is not created yet, because a ") +
                      desired::to_string(blocked->type) +
                      " can only be attached when it is: " + blocked->reason);
  } else if (const auto* refusal = refused_creation(input, *create)) {
    plan.session = {};
    hold_creation(plan, desired::BlockCode::kRefused,
                  "the API refused to create it (" + refusal->code + ": " + refusal->message +
                      "); tried again when its entry changes, or after an hour");
  }
}

}  // namespace sessync::plan
