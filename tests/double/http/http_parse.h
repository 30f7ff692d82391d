#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tests/double/http/http_types.h"

/// Requests to the model's values. Everything throws Refused for what the API would refuse: a field
/// or parameter that it does not know, or a value of the wrong type.
namespace sessync::skin {

model::NewSession parse_new_session(const std::string& body);
model::SessionUpdate parse_session_update(const std::string& body);
model::NewResource parse_added_resource(const std::string& body);
std::string parse_token(const std::string& body);

model::FileQuery parse_file_query(const Request& request);
model::SessionQuery parse_session_query(const Request& request);
model::PageQuery parse_resource_query(const Request& request);
model::EventQuery parse_event_query(const Request& request);

[[noreturn]] void refuse_request(const std::string& message);

/// Refuses parameters that are not in `names`.
void only_parameters(const Request& request, const std::vector<std::string>& names);
std::string parameter(const Request& request, const std::string& name);

/// The body of `text` as a JSON object.
nlohmann::json parse_object(const std::string& text);

template <class T>
T value_of(model::Answer<T> answer) {
  if (!answer) {
    throw Refused(std::move(answer.error()));
  }
  return std::move(*answer);
}

}  // namespace sessync::skin
