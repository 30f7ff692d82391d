#pragma once

#include "tests/double/http/http_types.h"
#include "tests/double/model/session_model.h"

namespace sessync::skin {

/// Carries the call out and answers it. Throws Refused.
Reply answer(SessionModel& world, const Route& route, const Request& request);

/// The API's error envelope, with its headers.
Reply refuse(const model::Error& error, const std::string& request_id);

}  // namespace sessync::skin
