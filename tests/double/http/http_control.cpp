#include <functional>

#include <nlohmann/json.hpp>

#include "tests/double/http/http_core.h"
#include "tests/double/http/http_parse.h"
#include "tests/double/http/http_route.h"
#include "tests/double/http/http_wire.h"

namespace sessync::skin {

using nlohmann::json;

namespace {

/// The rules given, a list or one, are in force instead of those before.
json set_faults(DoubleWorld& world, const json& body) {
  world.faults.clear();
  for (const json& rule : body.is_array() ? body : json::array({body})) {
    world.faults.add(parse_rule(rule));
  }
  return {{"fired", world.faults.fired()}};
}

json held_json(DoubleWorld& world, const std::string& session) {
  json rows = json::array();
  for (const auto& [path, held] : world.model.held(session)) {
    rows.push_back({{"mount_path", path},
                    {"sha256", held.content.sha256},
                    {"size", held.content.size},
                    {"filename", held.filename},
                    {"resource_id", held.resource_id}});
  }
  return rows;
}

json uploads_json(DoubleWorld& world) {
  json rows = json::array();
  for (const auto& file : world.model.uploads()) {
    json row = to_json(file, world.model.switches());
    row["sha256"] = file.content.sha256;
    rows.push_back(row);
  }
  return rows;
}

json requests_json(DoubleWorld& world) {
  json counts = json::object();
  json log = json::array();
  for (const auto& entry : world.calls.entries()) {
    const char* name = to_string(entry.operation);
    counts[name] = counts.value(name, 0) + 1;
    log.push_back({{"operation", name}, {"request", entry.target}, {"status", entry.status}});
  }
  return {{"counts", counts},
          {"total", world.calls.entries().size()},
          {"writes", world.calls.writes()},
          {"log", log}};
}

/// The digest of each repository's token: enough to see that it was rotated.
json tokens_json(DoubleWorld& world, const std::string& session) {
  json tokens = json::object();
  for (const auto& row : world.model.session(session).resources) {
    if (row.type == model::ResourceType::kRepository) {
      tokens[row.id] = row.token ? json(model::sha256_hex(*row.token)) : json(nullptr);
    }
  }
  return tokens;
}

/// The session's repositories with the digests of the tokens they were sent, oldest first.
json repositories_json(DoubleWorld& world, const std::string& session) {
  json rows = json::array();
  for (const auto& row : world.model.repositories(session)) {
    json digests = json::array();
    for (const auto& token : row.rotated) {
      digests.push_back(model::sha256_hex(token));
    }
    rows.push_back({{"resource_id", row.id},
                    {"url", row.url},
                    {"token_sha256", row.token ? json(model::sha256_hex(*row.token)) : json()},
                    {"rotations", row.rotated.size()},
                    {"rotated_sha256", digests}});
  }
  return rows;
}

json sessions_json(DoubleWorld& world) {
  json rows = json::array();
  for (const auto& session : world.model.sessions()) {
    rows.push_back(to_json(session, world.model.switches()));
  }
  return rows;
}

/// `text`, or `size` bytes of some text.
std::string output_text(const json& body) {
  if (body.contains("text")) {
    return body.at("text");
  }
  std::string text(body.at("size").get<std::size_t>(), ' ');
  for (std::size_t at = 0; at < text.size(); ++at) {
    text[at] = static_cast<char>('a' + at % 23);
  }
  return text;
}

json output_added(DoubleWorld& world, const json& body) {
  const auto file =
      world.model.add_output(body.at("session_id"), body.at("filename"), output_text(body));
  json answer = to_json(file, world.model.switches());
  answer["sha256"] = file.content.sha256;
  return answer;
}

json session_error_added(DoubleWorld& world, const json& body) {
  return to_json(world.model.add_fault(body.at("session_id"), body.at("type"),
                                       body.value("repository_url", std::string())));
}

json memory_store_named(DoubleWorld& world, const json& body) {
  world.model.name_memory_store(body.at("id"), body.at("name"),
                                body.value("description", std::string()));
  return json::object();
}

json event_added(DoubleWorld& world, const json& body) {
  return to_json(world.model.add_event(body.at("session_id"), body.at("type"),
                                       body.value("fields", json::object()).dump()));
}

/// Every call of the API that the double answers.
json routes_json() {
  json rows = json::array();
  for (const Served& route : served_routes()) {
    rows.push_back({{"method", route.method},
                    {"path", route.pattern},
                    {"operation", to_string(route.operation)}});
  }
  return rows;
}

json read(DoubleWorld& world, const Request& request) {
  const std::string session = parameter(request, "session_id");
  if (request.path == "/_double/held") {
    return held_json(world, session);
  }
  if (request.path == "/_double/requests") {
    return requests_json(world);
  }
  if (request.path == "/_double/uploads") {
    return uploads_json(world);
  }
  if (request.path == "/_double/tokens") {
    return tokens_json(world, session);
  }
  if (request.path == "/_double/repositories") {
    return repositories_json(world, session);
  }
  if (request.path == "/_double/sessions") {
    return sessions_json(world);
  }
  if (request.path == "/_double/switches") {
    return to_json(world.model.switches());
  }
  if (request.path == "/_double/routes") {
    return routes_json();
  }
  throw std::out_of_range("no such control route");
}

json set_status(DoubleWorld& world, const json& body) {
  world.model.set_status(body.at("session_id"), body.at("status"));
  return json::object();
}

json set_switches(DoubleWorld& world, const json& body) {
  apply(body, world.model.switches());
  return to_json(world.model.switches());
}

json set_times(DoubleWorld& world, const json& body) {
  world.latency = ports::Duration(body.value("ms", world.latency.count()));
  world.clock_offset += ports::Duration(body.value("advance_ms", std::int64_t{0}));
  return json::object();
}

json write(DoubleWorld& world, const Request& request) {
  static const std::map<std::string, std::function<json(DoubleWorld&, const json&)>> routes = {
      {"/_double/faults", set_faults},
      {"/_double/switches", set_switches},
      {"/_double/latency", set_times},
      {"/_double/clock", set_times},
      {"/_double/status", set_status},
      {"/_double/outputs", output_added},
      {"/_double/events", event_added},
      {"/_double/session_errors", session_error_added},
      {"/_double/memory_stores", memory_store_named},
      {"/_double/expire",
       [](DoubleWorld& target, const json& body) {
         target.model.expire_file(body.at("file_id"));
         return json::object();
       }},
      {"/_double/requests/reset", [](DoubleWorld& target, const json&) {
         target.calls.clear();
         return json::object();
       }}};
  return routes.at(request.path)(world, json::parse(request.body.empty() ? "{}" : request.body));
}

json use(DoubleWorld& world, const Request& request) {
  if (request.method == "GET") {
    return read(world, request);
  }
  if (request.method == "DELETE" && request.path == "/_double/faults") {
    world.faults.clear();
    return json::object();
  }
  return write(world, request);
}

}  // namespace

Reply control(Core& core, const Request& request) {
  Reply reply;
  core.with([&](DoubleWorld& world) {
    try {
      reply.body = text_of(use(world, request));
    } catch (const std::exception& error) {
      reply.status = 400;
      reply.body = text_of({{"error", error.what()}});
    }
  });
  return reply;
}

}  // namespace sessync::skin
