#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"

namespace sessync {

/// Takes downloaded bytes, in order. Called from the thread that receives them.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  /// An error (what happened, to which path) ends the download with kNotStored.
  virtual tl::expected<Done, std::string> write(std::string_view bytes) = 0;
};

}  // namespace sessync
