#include <nlohmann/json.hpp>

#include "tests/double/http/http_wire.h"

/// The agent of a session as it is answered: what a request may leave out is filled in.
namespace sessync::skin {

using nlohmann::json;

namespace {

json with_usual(json config, const json& usual) {
  for (const auto& [name, value] : usual.items()) {
    if (!config.contains(name) || config[name].is_null()) {
      config[name] = value;
    }
  }
  return config;
}

const json& usual_config() {
  static const json usual = {{"enabled", true}, {"permission_policy", {{"type", "always_allow"}}}};
  return usual;
}

/// Tools of our own say their type as well as their name; those of an MCP server only their name.
json filled_config(json config, const json& usual, bool is_ours) {
  config = with_usual(std::move(config), usual);
  if (is_ours) {
    config["type"] = config.at("name");
  }
  return config;
}

json filled_tool(json tool) {
  const std::string type = tool.at("type");
  const bool is_ours = type.starts_with("agent_toolset_");
  if (!is_ours && type != "mcp_toolset") {
    return tool;
  }
  tool =
      with_usual(std::move(tool), {{"configs", json::array()}, {"default_config", json::object()}});
  tool["default_config"] = with_usual(tool["default_config"], usual_config());
  for (json& config : tool["configs"]) {
    config = filled_config(config, tool["default_config"], is_ours);
  }
  return tool;
}

json filled(json agent) {
  for (json& tool : agent["tools"]) {
    tool = filled_tool(tool);
  }
  if (agent["model"].is_string()) {
    agent["model"] = {{"id", agent["model"]}};
  }
  for (json& skill : agent["skills"]) {
    skill = with_usual(skill, {{"version", "1"}});
  }
  return agent;
}

}  // namespace

json agent_json(const model::Session& session) {
  const bool reads = !session.agent_id.starts_with("agent_noread");
  const json read_tool = {{"name", "read"}, {"enabled", reads}};
  json agent = {
      {"type", "agent"},
      {"id", session.agent_id},
      {"version", session.agent_version},
      {"name", session.agent_id},
      {"description", nullptr},
      {"execution_identity", {{"type", "service_account"}}},
      {"multiagent", nullptr},
      {"model", "claude-double"},
      {"system", nullptr},
      {"tools", {{{"type", "agent_toolset_20260401"}, {"configs", json::array({read_tool})}}}},
      {"mcp_servers", json::array()},
      {"skills", json::array()}};
  if (!session.agent_json.empty()) {
    const json overrides = json::parse(session.agent_json);
    for (const auto& [name, value] : overrides.items()) {
      agent[name] = value;
    }
  }
  return filled(std::move(agent));
}

}  // namespace sessync::skin
