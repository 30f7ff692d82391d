#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/api/send/request_engine.h"
#include "daemon/api/wire/wire.h"
#include "reconciler/ports/session_api.h"

/// The calls of the API as requests. What cannot be sent has an ApiError of kInvalid instead.
namespace sessync::api {

inline constexpr std::size_t kLongAnswer = std::size_t{64} << 20;

/// The API answers a create only when everything is mounted.
inline constexpr ports::Duration kCreatePatience = std::chrono::minutes(10);

ApiCall make_call(std::string_view operation, http::HttpRequest::Method method, Lane lane,
                  std::string target);

std::string session_path(const std::string& session_id);
std::string resource_path(const std::string& session_id, const std::string& resource_id);
std::string file_path(const std::string& file_id);

ports::ApiError not_sent(std::string_view why);
/// The error, if `id` cannot be a part of a path.
std::optional<ports::ApiError> check_id(const std::string& id);

ports::Result<ApiCall> rotate_token_call(const ports::TokenUpdate& update);
ports::Result<ApiCall> create_session_call(const ports::NewSession& request);
ports::Result<ApiCall> update_session_call(const ports::SessionUpdate& update);

}  // namespace sessync::api
