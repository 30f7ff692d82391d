#include <algorithm>
#include <charconv>

#include "tests/double/http/http_parse.h"
#include "tests/double/model/model_rules.h"

namespace sessync::skin {

namespace {

/// `name[]=a&name[]=b`, or `name=a`.
std::vector<std::string> array_parameter(const Request& request, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& key : {name + "[]", name}) {
    const auto [first, last] = request.query.equal_range(key);
    std::transform(first, last, std::back_inserter(values),
                   [](const auto& entry) { return entry.second; });
  }
  return values;
}

template <class T>
std::optional<T> number_parameter(const Request& request, const std::string& name) {
  const std::string text = parameter(request, name);
  if (text.empty()) {
    return std::nullopt;
  }
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse_request(name + ": \"" + text + "\" is not a number");
  }
  return number;
}

model::PageQuery parse_page(const Request& request) {
  model::PageQuery page;
  page.page = parameter(request, "page");
  const std::string order = parameter(request, "order");
  if (!order.empty() && order != "asc" && order != "desc") {
    refuse_request("order: \"" + order + "\" is not a valid value; expected one of asc, desc");
  }
  page.ascending = order == "asc";
  page.limit = number_parameter<std::size_t>(request, "limit");
  return page;
}

std::optional<ports::TimePoint> time_parameter(const Request& request, const std::string& name,
                                               ports::Duration shift) {
  const std::string text = parameter(request, name);
  if (text.empty()) {
    return std::nullopt;
  }
  const auto time = model::to_time(text);
  if (!time) {
    refuse_request(name + ": \"" + text + "\" is not a valid time");
  }
  return *time + shift;
}

template <class Query>
void parse_times(const Request& request, Query& query) {
  constexpr ports::Duration kTick{1};
  query.created_from = time_parameter(request, "created_at[gte]", {});
  if (const auto after = time_parameter(request, "created_at[gt]", kTick)) {
    query.created_from = after;
  }
  query.created_to = time_parameter(request, "created_at[lt]", {});
  if (const auto until = time_parameter(request, "created_at[lte]", kTick)) {
    query.created_to = until;
  }
}

std::vector<std::string> with_times(std::vector<std::string> names) {
  for (const char* bound : {"gt", "gte", "lt", "lte"}) {
    names.push_back(std::string("created_at[") + bound + "]");
  }
  return names;
}

}  // namespace

void refuse_request(const std::string& message) { throw Refused(model::invalid(message)); }

std::string parameter(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

void only_parameters(const Request& request, const std::vector<std::string>& names) {
  std::string valid;
  for (const auto& one : names) {
    valid += valid.empty() ? "" : ", ";
    valid += one;
  }
  for (const auto& [name, value] : request.query) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string message = "Unknown query parameter \"";
      message.append(name).append("\"; valid parameters are: ").append(valid);
      refuse_request(message);
    }
  }
}

model::FileQuery parse_file_query(const Request& request) {
  only_parameters(request, {"limit", "page", "ids[]", "ids", "scope_id"});
  model::FileQuery query;
  query.page = parse_page(request);
  query.ids = array_parameter(request, "ids");
  query.scope_id = parameter(request, "scope_id");
  return query;
}

model::SessionQuery parse_session_query(const Request& request) {
  only_parameters(request,
                  with_times({"agent_id", "agent_version", "deployment_id", "memory_store_id",
                              "include_archived", "statuses[]", "order", "limit", "page"}));
  model::SessionQuery query;
  query.page = parse_page(request);
  query.include_archived = parameter(request, "include_archived") == "true";
  query.agent_id = parameter(request, "agent_id");
  query.agent_version = number_parameter<std::int64_t>(request, "agent_version");
  query.memory_store_id = parameter(request, "memory_store_id");
  query.deployment_id = parameter(request, "deployment_id");
  query.statuses = array_parameter(request, "statuses");
  parse_times(request, query);
  return query;
}

model::PageQuery parse_resource_query(const Request& request) {
  only_parameters(request, {"limit", "page"});
  return parse_page(request);
}

model::EventQuery parse_event_query(const Request& request) {
  only_parameters(request, with_times({"types[]", "order", "limit", "page"}));
  model::EventQuery query;
  query.page = parse_page(request);
  query.page.ascending = parameter(request, "order") != "desc";
  query.types = array_parameter(request, "types");
  parse_times(request, query);
  return query;
}

}  // namespace sessync::skin
