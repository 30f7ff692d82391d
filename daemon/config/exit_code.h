#pragma once

#include <string>

namespace sessync::config {

/// Exit codes of every command.
namespace exit_code {
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kChanges = 2;
inline constexpr int kBadManifest = 3;
inline constexpr int kBlocked = 4;
inline constexpr int kAuthentication = 5;
inline constexpr int kUsage = 64;
inline constexpr int kInterrupted = 130;
}  // namespace exit_code

/// A command cannot be carried out as it was given.
struct UsageError {
  int code = exit_code::kUsage;
  std::string message;
};

}  // namespace sessync::config
