#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"

namespace sessync::ports {

/// Takes downloaded bytes, in order and in pieces of any size. Called from the thread that receives
/// them, so a slow one slows that download alone only if the receiver says so; never from two at
/// once. Whether what came is all of it the sender of the request knows, not the sink.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  /// An error (what happened, to which path) ends the download with kNotStored.
  virtual tl::expected<Done, std::string> write(std::string_view bytes) = 0;
};

}  // namespace sessync::ports
