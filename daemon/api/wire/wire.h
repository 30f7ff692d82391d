#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/session_api.h"

/// JSON of the API to domain types and back. Unknown fields are ignored; a field that is absent or
/// null is empty where the domain allows it; a field of the wrong type makes the whole answer
/// unusable, because half-understood lists delete things.
namespace sessync {

/// A value, or why the text is not one.
template <class T>
using Parsed = tl::expected<T, std::string>;

template <class T>
struct Page {
  std::vector<T> rows;
  std::string next;  ///< cursor; "": this was the last page
};

Parsed<Page<ResourceRow>> parse_resource_page(std::string_view body);
Parsed<ResourceRow> parse_resource(std::string_view body);
/// The answer to adding a file: a resource of any other type is an error.
Parsed<FileRow> parse_added_file(std::string_view body);
Parsed<Page<FileMetadata>> parse_file_page(std::string_view body);
Parsed<FileMetadata> parse_file(std::string_view body);
/// `organization_id` is not in the body and stays empty.
Parsed<SessionInfo> parse_session(std::string_view body);
Parsed<Page<SessionInfo>> parse_session_page(std::string_view body);
/// A session together with its embedded resources, which must be there.
Parsed<CreatedSession> parse_created_session(std::string_view body);
/// Events of any type but session.error are left out. A type of error that this version does not
/// know is as good as any, and so is none.
Parsed<Page<SessionFault>> parse_fault_page(std::string_view body);

/// The error envelope; what is missing is "".
struct ErrorBody {
  std::string type;
  std::string error_code;  ///< error.details.error_code
  std::string message;
  std::string request_id;
};
/// Nothing, if the body is not an error envelope (a proxy's HTML page, say).
std::optional<ErrorBody> parse_error_body(std::string_view body);

// The bodies of requests. An error: text that is not UTF-8 cannot be sent.
Parsed<Secret> add_file_body(const AddFile& request);
Parsed<Secret> rotate_token_body(const TokenUpdate& update);
/// Only what is given is sent.
Parsed<Secret> create_session_body(const NewSession& request);
Parsed<Secret> update_session_body(const SessionUpdate& update);

}  // namespace sessync
