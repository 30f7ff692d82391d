#include "daemon/api/send/lost_call.h"

#include <string>

#include "daemon/os/thread.h"

namespace sessync::api {

ports::ApiError lost_call(std::string_view operation, WasSent was_sent) noexcept {
  const bool sent = was_sent == WasSent::kYes;
  ports::ApiError error;
  error.kind = sent ? ports::ApiError::Kind::kUnknownOutcome : ports::ApiError::Kind::kNotSent;
  os::guarded("a call of the API", [&] {
    error.message =
        std::string(operation) +
        (sent ? ": sent, but its answer was lost to an error inside of sessync, whose "
                "log says more"
              : ": not sent, because of an error inside of sessync, whose log says more");
  });
  return error;
}

}  // namespace sessync::api
