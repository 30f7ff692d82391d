#include "reconciler/observe/fetch_session.h"

#include <utility>

namespace sessync::observe {
namespace {

/// Why there is no value in what was awaited.
template <class T>
ports::ApiError error_in(const std::optional<ports::Result<T>>& answer) {
  if (answer) {
    return answer->error();
  }
  ports::ApiError lost;
  lost.kind = ports::ApiError::Kind::kAborted;
  lost.message = "the call was given up before it was answered";
  return lost;
}

}  // namespace

tl::expected<FetchedSession, errors::SessionFailure> fetch_session(
    const std::string& session_id, std::optional<ports::SessionInfo> known, bool refresh,
    ports::Ports& ports) {
  std::optional<ports::Result<ports::SessionInfo>> info;
  std::optional<ports::Result<std::vector<ports::ResourceRow>>> rows;
  const bool refreshes = refresh && !known;
  if (refreshes) {
    ports.api.get_session(session_id,
                          [&](ports::Result<ports::SessionInfo> got) { info = std::move(got); });
  }
  ports.api.list_resources(session_id, [&](auto got) { rows = std::move(got); });
  while ((!rows || (refreshes && !info)) && ports.loop.run_one()) {
  }
  if (refreshes && (!info || !*info)) {
    return tl::unexpected(errors::failure_of(error_in(info), session_id, "looking at the session"));
  }
  if (refreshes) {
    known = std::move(**info);
  }
  if (known && known->archived_at) {
    return tl::unexpected(errors::archived_failure(
        session_id, *known->archived_at, "remove it from the manifest or name another session"));
  }
  if (!rows || !*rows) {
    return tl::unexpected(
        errors::failure_of(error_in(rows), session_id, "listing the session's resources"));
  }
  return FetchedSession{std::move(known), std::move(**rows)};
}

}  // namespace sessync::observe
