#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tests/double/http/http_wire.h"

namespace sessync::skin {

using model::Switches;
using nlohmann::json;

namespace {

/// The names of an enum's values, in their order.
template <class E>
struct Names {
  std::vector<const char*> texts;

  [[nodiscard]] E read(const std::string& text) const {
    const auto found = std::find(texts.begin(), texts.end(), text);
    if (found == texts.end()) {
      throw std::invalid_argument("\"" + text + "\" is no value of this switch");
    }
    return static_cast<E>(found - texts.begin());
  }
  [[nodiscard]] const char* write(E value) const {
    return texts.at(static_cast<std::size_t>(value));
  }
};

const Names<Switches::DuplicateMount> kDuplicateMount{{"reject", "shadow"}};
const Names<Switches::CopyOnDelete> kCopyOnDelete{{"kept", "removed"}};
const Names<Switches::WhileRunning> kWhileRunning{{"ok", "400", "409"}};
const Names<Switches::Archived> kArchived{{"400", "409"}};
const Names<Switches::MountEcho> kMountEcho{{"resolved", "as_sent"}};
const Names<Switches::RepoDelete> kRepoDelete{{"400", "ok"}};
const Names<Switches::FileIds> kFileIds{{"known", "unknown", "ignored"}};
const Names<Switches::MalformedId> kMalformedId{{"absent", "400"}};
const Names<Switches::MetadataUpdate> kMetadataUpdate{{"merged", "replaced"}};
const Names<Switches::DefaultMount> kDefaultMount{{"said", "omitted"}};
const Names<Switches::Optional> kOptional{{"said", "omitted"}};
const Names<Fault::Kind> kFaultKinds{
    {"status", "status_after", "cut_before", "cut_after", "late_effect", "not_sent", "slow",
     "endless_body", "truncated_body", "not_json", "huge_body", "empty_page", "repeated_cursor"}};

ports::Duration milliseconds(const json& value) {
  return ports::Duration(value.get<std::int64_t>());
}

void apply_one(const std::string& name, const json& value, Switches& switches) {
  if (name == "duplicate_mount") {
    switches.duplicate_mount = kDuplicateMount.read(value);
  } else if (name == "copy_on_delete") {
    switches.copy_on_delete = kCopyOnDelete.read(value);
  } else if (name == "mutate_while_running") {
    switches.mutate_while_running = kWhileRunning.read(value);
  } else if (name == "archived") {
    switches.archived = kArchived.read(value);
  } else if (name == "mount_echo") {
    switches.mount_echo = kMountEcho.read(value);
  } else if (name == "repo_delete") {
    switches.repo_delete = kRepoDelete.read(value);
  } else if (name == "file_ids") {
    switches.file_ids = kFileIds.read(value);
  } else if (name == "malformed_id") {
    switches.malformed_id = kMalformedId.read(value);
  } else if (name == "metadata_update") {
    switches.metadata_update = kMetadataUpdate.read(value);
  } else if (name == "default_mount") {
    switches.default_mount = kDefaultMount.read(value);
  } else if (name == "optional") {
    switches.optional = kOptional.read(value);
  } else if (name == "updated_at_on_rotate") {
    switches.updated_at_on_rotate = value.get<bool>();
  } else if (name == "file_cap") {
    switches.file_cap = value.get<std::size_t>();
  } else if (name == "list_lag_ms") {
    switches.resource_list_lag = switches.file_list_lag = milliseconds(value);
  } else if (name == "resource_list_lag_ms") {
    switches.resource_list_lag = milliseconds(value);
  } else if (name == "file_list_lag_ms") {
    switches.file_list_lag = milliseconds(value);
  } else {
    throw std::invalid_argument("\"" + name + "\" is no switch");
  }
}

void parse_fault_field(const std::string& name, const json& value, Fault& fault) {
  if (name == "kind") {
    fault.kind = kFaultKinds.read(value);
  } else if (name == "status") {
    fault.status = value.get<int>();
  } else if (name == "error_type") {
    fault.error_type = value;
  } else if (name == "error_code") {
    fault.error_code = value;
  } else if (name == "message") {
    fault.message = value;
  } else if (name == "headers") {
    fault.headers = value.get<std::map<std::string, std::string>>();
  } else if (name == "html") {
    fault.html = value.get<bool>();
  } else if (name == "delay_ms") {
    fault.delay = milliseconds(value);
  } else {
    throw std::invalid_argument("\"" + name + "\" is no field of a fault");
  }
}

Operation parse_operation(const std::string& name) {
  const Operation operation = operation_from(name);
  if (operation == Operation::kUnknown) {
    throw std::invalid_argument("\"" + name + "\" is no operation");
  }
  return operation;
}

}  // namespace

json to_json(const Switches& switches) {
  return {{"duplicate_mount", kDuplicateMount.write(switches.duplicate_mount)},
          {"copy_on_delete", kCopyOnDelete.write(switches.copy_on_delete)},
          {"mutate_while_running", kWhileRunning.write(switches.mutate_while_running)},
          {"archived", kArchived.write(switches.archived)},
          {"mount_echo", kMountEcho.write(switches.mount_echo)},
          {"repo_delete", kRepoDelete.write(switches.repo_delete)},
          {"file_ids", kFileIds.write(switches.file_ids)},
          {"malformed_id", kMalformedId.write(switches.malformed_id)},
          {"metadata_update", kMetadataUpdate.write(switches.metadata_update)},
          {"default_mount", kDefaultMount.write(switches.default_mount)},
          {"optional", kOptional.write(switches.optional)},
          {"updated_at_on_rotate", switches.updated_at_on_rotate},
          {"file_cap", switches.file_cap},
          {"resource_list_lag_ms", switches.resource_list_lag.count()},
          {"file_list_lag_ms", switches.file_list_lag.count()}};
}

void apply(const json& object, Switches& switches) {
  Switches changed = switches;
  for (const auto& [name, value] : object.items()) {
    apply_one(name, value, changed);
  }
  switches = changed;
}

FaultRule parse_rule(const json& object) {
  FaultRule rule;
  for (const auto& [name, value] : object.items()) {
    if (name == "operation") {
      rule.operation = parse_operation(value);
    } else if (name == "writes_only") {
      rule.writes_only = value.get<bool>();
    } else if (name == "session_id") {
      rule.session_id = value;
    } else if (name == "nth") {
      rule.nth = value.get<std::uint64_t>();
    } else if (name == "every") {
      rule.every = value.get<std::uint64_t>();
    } else if (name == "probability") {
      rule.probability = value.get<double>();
    } else if (name == "seed") {
      rule.seed = value.get<std::uint64_t>();
    } else if (name == "times") {
      rule.times = value.get<std::uint64_t>();
    } else {
      parse_fault_field(name, value, rule.fault);
    }
  }
  return rule;
}

}  // namespace sessync::skin
