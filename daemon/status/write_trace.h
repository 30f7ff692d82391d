#pragma once

#include <functional>
#include <string>

namespace sessync::status {

/// One request that would change something, for those who wonder later.
struct WriteTrace {
  std::string peer;     ///< the address that it came from
  std::string by;       ///< who it says that he is
  std::string what;     ///< reconcile, suspend or resume
  std::string session;  ///< as it was named
  std::string allow_deletes;
  bool allowed = false;        ///< to ask for it; whether it was done is another question
  bool token_refused = false;  ///< of these there may be very many
  int status = 0;              ///< of the answer
};

using WriteObserver = std::function<void(const WriteTrace&)>;

}  // namespace sessync::status
