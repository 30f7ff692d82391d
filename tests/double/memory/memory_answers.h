#pragma once

#include "reconciler/ports/session_api.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/model_types.h"

/// The model's answers in the words of the port.
namespace sessync::model {

ApiError to_api_error(const Error& error);
ApiError to_api_error(const Fault& fault, bool is_write);

FileMetadata to_metadata(const File& file, const Switches& switches);
FileRow to_file_row(const Resource& row, const Switches& switches);
ResourceRow to_row(const Resource& row, const Switches& switches);
SessionInfo to_info(const Session& session);
CreatedSession to_created(const Session& session, const Switches& switches);
SessionFault to_fault(const Event& event);

/// The port's request in the words of the model.
NewSession to_request(const sessync::NewSession& wanted);

}  // namespace sessync::model
