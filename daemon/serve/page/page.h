#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/status/status.h"

/// The status page. Pure functions, any thread.
namespace sessync::page {

/// How much of the page is asked for. A part has the verdict and the facts of the whole, but only
/// some of the rows, and neither style nor script: the script takes it apart.
struct PagePart {
  std::string id;                      ///< of the revision that the status has, see Documents::id
  std::optional<std::uint64_t> since;  ///< only sessions that changed after this revision
  std::optional<std::string> session;  ///< only this one

  [[nodiscard]] bool is_whole() const { return !since && !session; }
};

/// One self-contained HTML document that shows `status` (with all of its sessions) as of `now`
/// without any script, and with one goes on showing what is. The first 200 rows have their details
/// in them, in a part too. Everything that comes from files, the API or the manifest is hostile,
/// and escaped.
std::string render_page(const status::StatusSnapshot& status, const PagePart& part,
                        ports::TimePoint now);

/// The Content-Security-Policy under which the whole works: nothing but its own style and script,
/// named by their digests, requests to where it came from, and no markup made of text.
std::string page_policy();

}  // namespace sessync::page
