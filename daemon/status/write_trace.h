#pragma once

#include <functional>
#include <string>

namespace sessync::status {

/// One request that would change something, for those who wonder later.
struct WriteTrace {
  std::string peer;     ///< the address that it came from; unix: the socket of this machine
  std::string user;     ///< who that is, as the kernel says; "" for an address
  std::string by;       ///< who it says that he is
  std::string what;     ///< reconcile, suspend or resume; unknown: nothing that there is
  std::string session;  ///< as it was named; "" if it is unknown what was wanted
  std::string path;     ///< where it went, if that is unknown
  std::string allow_deletes;
  bool allowed = false;        ///< and done, or begun
  bool token_refused = false;  ///< of these there may be very many
  int status = 0;              ///< of the answer
};

using WriteObserver = std::function<void(const WriteTrace&)>;

}  // namespace sessync::status
