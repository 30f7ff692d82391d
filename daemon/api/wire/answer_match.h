#pragma once

#include <string>

#include "reconciler/ports/session_api.h"

/// Whether an answer is about what was asked for. A proxy that mixes up answers, or a connection
/// out of step, hands over what is well-formed and somebody else's.
namespace sessync::api {

/// Why the answer cannot be that of the resource, file or session with this id; "" if it can.
std::string problem_of(const ports::ResourceRow& row, const std::string& id);
std::string problem_of(const ports::FileMetadata& file, const std::string& id);
/// "session_x" and "sesn_x" are one session; id "": any.
std::string problem_of(const ports::SessionInfo& session, const std::string& id);

/// Why the row is not the one that the request asked to add.
std::string problem_of(const ports::FileRow& row, const ports::AddFile& request);

/// Why the file is not the one that was uploaded under this name with so many bytes.
std::string problem_of_upload(const ports::FileMetadata& file, const std::string& filename,
                              std::uint64_t size);

}  // namespace sessync::api
