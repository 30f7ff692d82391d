#pragma once

#include "reconciler/ports/session_api.h"
#include "tests/double/model/faults.h"
#include "tests/double/model/model_types.h"

/// The model's answers in the words of the port.
namespace sessync::model {

ports::ApiError to_api_error(const Error& error);
ports::ApiError to_api_error(const Fault& fault, bool is_write);

ports::FileMetadata to_metadata(const File& file, const Switches& switches);
ports::FileRow to_file_row(const Resource& row, const Switches& switches);
ports::ResourceRow to_row(const Resource& row, const Switches& switches);
ports::SessionInfo to_info(const Session& session);
ports::CreatedSession to_created(const Session& session, const Switches& switches);
ports::SessionFault to_fault(const Event& event);

/// The port's request in the words of the model.
NewSession to_request(const sessync::ports::NewSession& wanted);

}  // namespace sessync::model
