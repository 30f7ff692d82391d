#pragma once

#include <string>

#include "reconciler/policy/boundaries.h"

namespace sessync::runner {

/// Reads what the operator gives beside the manifest.
class PolicySource {
 public:
  /// Nothing: every file of a manifest may ask for everything.
  PolicySource() = default;
  /// `path` is absolute; "": there is no policy.
  PolicySource(std::string path, bool isolate) : path_(std::move(path)), isolate_(isolate) {}

  /// As it is now.
  [[nodiscard]] policy::Given read() const;

  [[nodiscard]] bool has_file() const { return !path_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool isolate_ = false;
};

}  // namespace sessync::runner
