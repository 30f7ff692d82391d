#include "tests/double/http/http_answer.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "tests/double/http/http_parse.h"
#include "tests/double/http/http_route.h"
#include "tests/double/http/http_wire.h"

namespace sessync::skin {

using nlohmann::json;

namespace {

constexpr std::size_t kMostInitialEvents = 50;

Reply as_reply(const json& body) { return {200, text_of(body), "application/json", {}}; }

/// The last page of files names a null cursor; the session family leaves the key out.
template <class T, class Convert>
json page_json(const model::Page<T>& page, bool null_cursor, const Convert& convert) {
  json rows = json::array();
  for (const T& row : page.data) {
    rows.push_back(convert(row));
  }
  json body = {{"data", rows}};
  if (page.next_page) {
    body["next_page"] = *page.next_page;
  } else if (null_cursor) {
    body["next_page"] = nullptr;
  }
  return body;
}

Reply upload(SessionModel& world, const Request& request) {
  if (!request.file) {
    throw Refused({400, "invalid_request_error", "file: value is required", "", false});
  }
  if (wants_old_list(request) && request.file->content_type.empty()) {
    throw Refused({400, "invalid_request_error", "file: Content-Type is required", "", false});
  }
  model::NewFile wanted{request.file->filename, request.file->content_type, request.file->content,
                        std::nullopt};
  if (const auto& text = request.expires_in_seconds) {
    std::int64_t seconds = 0;
    std::from_chars(text->data(), text->data() + text->size(), seconds);
    wanted.expires_in_seconds = seconds;
  }
  return as_reply(to_json(value_of(world.upload(wanted)), world.switches()));
}

/// Every file that the query's scope has, newest first.
std::vector<model::File> all_files(const SessionModel& world, const std::string& scope) {
  model::FileQuery query;
  query.scope_id = scope;
  query.page.limit = 1000;
  std::vector<model::File> files;
  for (bool more = true; more;) {
    auto page = value_of(world.list_files(query));
    std::move(page.data.begin(), page.data.end(), std::back_inserter(files));
    more = page.next_page.has_value();
    query.page.page = page.next_page.value_or("");
  }
  return files;
}

/// The list of before the Files API's general availability.
Reply old_list(const SessionModel& world, const Request& request) {
  only_parameters(request, {"limit", "after_id", "before_id", "scope_id"});
  const std::string limit_text = parameter(request, "limit");
  std::size_t limit = 20;
  std::from_chars(limit_text.data(), limit_text.data() + limit_text.size(), limit);
  auto files = all_files(world, parameter(request, "scope_id"));
  const auto position = [&](const char* name) {
    return std::find_if(files.begin(), files.end(), [&](const model::File& file) {
      return file.id == parameter(request, name);
    });
  };
  if (request.query.contains("before_id")) {
    files.erase(position("before_id"), files.end());
  }
  if (request.query.contains("after_id") && position("after_id") != files.end()) {
    files.erase(files.begin(), position("after_id") + 1);
  }
  const bool more = files.size() > limit;
  files.resize(std::min(files.size(), limit));
  json body = {{"data", json::array()}, {"has_more", more}};
  std::transform(files.begin(), files.end(), std::back_inserter(body["data"]),
                 [&](const model::File& file) { return to_json(file, world.switches()); });
  body["first_id"] = files.empty() ? json(nullptr) : json(files.front().id);
  body["last_id"] = files.empty() ? json(nullptr) : json(files.back().id);
  return as_reply(body);
}

Reply list_files(const SessionModel& world, const Request& request) {
  if (wants_old_list(request)) {
    return old_list(world, request);
  }
  const auto page = value_of(world.list_files(parse_file_query(request)));
  return as_reply(page_json(
      page, true, [&](const model::File& file) { return to_json(file, world.switches()); }));
}

Reply download(const SessionModel& world, const Route& route) {
  const auto file = value_of(world.download(route.id));
  return {200, file.content.bytes ? *file.content.bytes : "", "application/octet-stream", {}};
}

Reply answer_file(SessionModel& world, const Route& route, const Request& request) {
  switch (route.operation) {
    case Operation::kUpload:
      return upload(world, request);
    case Operation::kGetFile:
      return as_reply(to_json(value_of(world.get_file(route.id)), world.switches()));
    case Operation::kDeleteFile:
      return as_reply({{"id", value_of(world.delete_file(route.id))}, {"type", "file_deleted"}});
    case Operation::kDownloadFile:
      return download(world, route);
    default:
      return list_files(world, request);
  }
}

Reply create_session(SessionModel& world, const Request& request) {
  const json body = parse_object(request.body);
  if (body.value("initial_events", json::array()).size() > kMostInitialEvents) {
    throw Refused({400, "invalid_request_error", "initial_events: at most 50 events are allowed",
                   "", std::nullopt});
  }
  const auto session = value_of(world.create_session(parse_new_session(request.body)));
  if (body.contains("initial_events")) {
    for (const json& event : body["initial_events"]) {
      world.add_event(session.id, event.value("type", "user.message"), event.dump());
    }
  }
  return as_reply(to_json(session, world.switches()));
}

Reply send_events(SessionModel& world, const Route& route, const Request& request) {
  const auto session = value_of(world.get_session(route.session_id));
  const json body = parse_object(request.body);
  if (!body.contains("events") || !body["events"].is_array()) {
    throw Refused({400, "invalid_request_error", "events: value is required", "", std::nullopt});
  }
  json sent = json::array();
  for (const json& event : body["events"]) {
    sent.push_back(
        to_json(world.add_event(session.id, event.value("type", "user.message"), event.dump())));
  }
  return as_reply({{"data", sent}});
}

Reply answer_session(SessionModel& world, const Route& route, const Request& request) {
  const auto convert = [&](const model::Session& session) {
    return to_json(session, world.switches());
  };
  switch (route.operation) {
    case Operation::kCreateSession:
      return create_session(world, request);
    case Operation::kGetSession:
      return as_reply(convert(value_of(world.get_session(route.session_id))));
    case Operation::kListSessions:
      return as_reply(
          page_json(value_of(world.list_sessions(parse_session_query(request))), false, convert));
    case Operation::kUpdateSession:
      return as_reply(convert(
          value_of(world.update_session(route.session_id, parse_session_update(request.body)))));
    case Operation::kArchiveSession:
      return as_reply(convert(value_of(world.archive_session(route.session_id))));
    case Operation::kDeleteSession:
      return as_reply(
          {{"id", value_of(world.delete_session(route.session_id))}, {"type", "session_deleted"}});
    case Operation::kSendEvents:
      return send_events(world, route, request);
    default:
      return as_reply(
          page_json(value_of(world.list_events(route.session_id, parse_event_query(request))),
                    false, [](const model::Event& event) { return to_json(event); }));
  }
}

Reply answer_resource(SessionModel& world, const Route& route, const Request& request) {
  const auto convert = [&](const model::Resource& row) { return to_json(row, world.switches()); };
  const std::string& session = route.session_id;
  switch (route.operation) {
    case Operation::kAddResource:
      return as_reply(
          convert(value_of(world.add_resource(session, parse_added_resource(request.body)))));
    case Operation::kGetResource:
      return as_reply(convert(value_of(world.get_resource(session, route.id))));
    case Operation::kRotateToken:
      return as_reply(
          convert(value_of(world.rotate_token(session, route.id, parse_token(request.body)))));
    case Operation::kDeleteResource:
      return as_reply({{"id", value_of(world.delete_resource(session, route.id))},
                       {"type", "session_resource_deleted"}});
    default:
      return as_reply(page_json(
          value_of(world.list_resources(session, parse_resource_query(request))), false, convert));
  }
}

}  // namespace

Reply answer(SessionModel& world, const Route& route, const Request& request) {
  if (request.path.starts_with("/v1/files")) {
    return answer_file(world, route, request);
  }
  switch (route.operation) {
    case Operation::kAddResource:
    case Operation::kGetResource:
    case Operation::kListResources:
    case Operation::kRotateToken:
    case Operation::kDeleteResource:
      return answer_resource(world, route, request);
    default:
      return answer_session(world, route, request);
  }
}

Reply refuse(const model::Error& error, const std::string& request_id) {
  Reply reply{error.status, text_of(error_json(error, request_id)), "application/json", {}};
  if (error.should_retry) {
    reply.headers["x-should-retry"] = *error.should_retry ? "true" : "false";
  }
  return reply;
}

}  // namespace sessync::skin
