#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tests/double/model/faults.h"
#include "tests/double/model/model_types.h"

/// The model's values as the API's JSON.
namespace sessync::skin {

/// As it is sent. Bytes that are no UTF-8, which requests may repeat to us, are replaced.
std::string text_of(const nlohmann::json& value);

nlohmann::json to_json(const model::File& file, const model::Switches& switches);
nlohmann::json to_json(const model::Resource& row, const model::Switches& switches);
nlohmann::json to_json(const model::Session& session, const model::Switches& switches);
nlohmann::json to_json(const model::Event& event);
/// The snapshot of the session's agent.
nlohmann::json agent_json(const model::Session& session);
nlohmann::json error_json(const model::Error& error, const std::string& request_id);

nlohmann::json to_json(const model::Switches& switches);
/// Changes what `object` names. Throws std::invalid_argument for what is no switch.
void apply(const nlohmann::json& object, model::Switches& switches);
/// Throws std::invalid_argument for what is no rule.
FaultRule parse_rule(const nlohmann::json& object);

}  // namespace sessync::skin
