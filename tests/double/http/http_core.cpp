#include "tests/double/http/http_core.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tests/double/http/http_answer.h"
#include "tests/double/http/http_route.h"
#include "tests/double/model/model_rules.h"

namespace sessync::skin {

using nlohmann::json;

namespace {

bool is_list(Operation operation) {
  switch (operation) {
    case Operation::kListFiles:
    case Operation::kListSessionFiles:
    case Operation::kListSessions:
    case Operation::kListEvents:
    case Operation::kListResources:
      return true;
    default:
      return false;
  }
}

/// Where the first page of a list begins, as a cursor.
std::string start_cursor(const Route& route) {
  constexpr std::uint64_t kBeyondAll = std::uint64_t{1} << 40U;
  const bool ascending =
      route.operation == Operation::kListResources || route.operation == Operation::kListEvents;
  return model::make_cursor(ascending ? 0 : kBeyondAll, ascending);
}

Reply html_page(int status, const Fault& fault) {
  const std::string title = std::to_string(status) + " from a proxy";
  return {status,
          "<html><head><title>" + title + "</title></head><body>" + title + "</body></html>",
          "text/html", fault.headers};
}

Reply fault_reply(const Fault& fault, const std::string& request_id) {
  if (fault.html) {
    return html_page(fault.status, fault);
  }
  model::Error error;
  error.status = fault.status;
  error.type = fault.error_type.empty() ? usual_error_type(fault.status) : fault.error_type;
  error.message = fault.message.empty() ? "Injected by the double." : fault.message;
  error.code = fault.error_code;
  Reply reply = refuse(error, request_id);
  reply.headers.insert(fault.headers.begin(), fault.headers.end());
  return reply;
}

/// RFC 9110, as every server with a clock sends it.
std::string http_date(ports::TimePoint time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

/// As recorded: the Files API says that its refusals are final.
void mark_final(const Request& request, model::Error& error) {
  const bool is_files = request.path.starts_with("/v1/files");
  if (is_files && (error.status == 400 || error.status == 404)) {
    error.should_retry = false;
  }
}

std::string line_of(const Request& request) {
  std::string line = request.method + " " + request.path;
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    line += separator;
    line += name;
    line += "=";
    line += value;
    separator = '&';
  }
  return line;
}

}  // namespace

ports::TimePoint wall_clock() {
  return std::chrono::time_point_cast<ports::Duration>(std::chrono::system_clock::now());
}

void Core::enter() {
  const ports::TimePoint now = clock_() + world_.clock_offset;
  world_.model.set_time(now);
  const auto is_due = [now](const Late& late) { return late.due <= now; };
  std::vector<Late> due;
  std::ranges::copy_if(late_, std::back_inserter(due), is_due);
  std::erase_if(late_, is_due);
  for (const Late& late : due) {
    Call call;
    call.route = late.route;
    (void)carry_out(call, late.request);  // its answer was lost long ago
  }
}

void Core::with(const std::function<void(DoubleWorld&)>& use) {
  const std::lock_guard lock(mutex_);
  enter();
  use(world_);
}

Call Core::open(const Request& request) {
  const std::lock_guard lock(mutex_);
  enter();
  Call call;
  call.request_id = "req_double" + std::to_string(++requests_);
  try {
    call.route = route_of(request);
    check_headers(request, call.route, api_key_);
    call.fault = world_.faults.next(call.route.operation, call.route.session_id);
  } catch (const Refused& refused) {
    call.refused = refused.error;
  }
  return call;
}

Reply Core::finish(const Call& call, const Request& request) {
  const std::lock_guard lock(mutex_);
  enter();
  Reply reply = call.fault ? suffer(call, request) : carry_out(call, request);
  reply.headers["request-id"] = call.request_id;
  reply.headers["anthropic-organization-id"] = "org_double";
  reply.headers.emplace("date", http_date(world_.model.time()));
  note(call, request, reply.status);
  return reply;
}

Reply Core::carry_out(const Call& call, const Request& request) {
  try {
    if (call.refused) {
      throw Refused(*call.refused);
    }
    return answer(world_.model, call.route, request);
  } catch (const Refused& refused) {
    model::Error error = refused.error;
    mark_final(request, error);
    return refuse(error, call.request_id);
  } catch (const json::exception& error) {
    return refuse(model::invalid(std::string("Failed to parse request body: ") + error.what()),
                  call.request_id);
  }
}

Reply Core::suffer(const Call& call, const Request& request) {
  using Kind = Fault::Kind;
  const Fault& fault = *call.fault;
  if (fault.kind == Kind::kStatus) {
    return fault_reply(fault, call.request_id);
  }
  if (fault.kind == Kind::kCutBefore || fault.kind == Kind::kNotSent) {
    return {0, "", "", {}};
  }
  if (fault.kind == Kind::kLateEffect) {
    late_.push_back({world_.model.time() + fault.delay, call.route, request});
    return {0, "", "", {}};
  }
  Request first_page = request;
  if (fault.kind == Kind::kRepeatedCursor) {
    first_page.query.erase("page");
  }
  Reply reply = carry_out(call, first_page);
  if (fault.kind == Kind::kCutAfter) {
    reply.status = 0;
  } else if (fault.kind == Kind::kStatusAfter) {
    reply = fault_reply(fault, call.request_id);
  } else if (fault.kind == Kind::kNotJson) {
    reply = html_page(200, fault);
  } else if (is_list(call.route.operation) && reply.status == 200) {
    json body = json::parse(reply.body);
    if (fault.kind == Kind::kRepeatedCursor) {
      body["next_page"] = start_cursor(call.route);
    } else if (fault.kind == Kind::kEmptyPage && !request.query.contains("page")) {
      body = {{"data", json::array()}, {"next_page", start_cursor(call.route)}};
    }
    reply.body = body.dump();
  }
  return reply;
}

void Core::note(const Call& call, const Request& request, int status) {
  world_.calls.add({call.route.operation, call.route.session_id, line_of(request), status});
}

}  // namespace sessync::skin
