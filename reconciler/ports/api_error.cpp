#include "reconciler/ports/api_error.h"

namespace sessync::ports {

std::string describe(const ApiError& error) {
  std::string text = error.message.empty() ? std::string("no message") : error.message;
  if (error.http_status != 0) {
    text = "HTTP " + std::to_string(error.http_status) + ": " + text;
  }
  if (!error.request_id.empty()) {
    text += " (request " + error.request_id + ")";
  }
  return text;
}

}  // namespace sessync::ports
