#pragma once

#include <string_view>

#include "reconciler/ports/api_error.h"

namespace sessync::api {

enum class WasSent {
  kNo,   ///< surely not
  kYes,  ///< or nobody knows
};

/// The error of a call that came to its end by an exception. Throws nothing: when there is no
/// memory for a message, there is none.
ports::ApiError lost_call(std::string_view operation, WasSent was_sent) noexcept;

}  // namespace sessync::api
