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
namespace sessync::api {

/// A value, or why the text is not one.
template <class T>
using Parsed = tl::expected<T, std::string>;

template <class T>
struct Page {
  std::vector<T> rows;
  std::string next;  ///< cursor; "": this was the last page
};

Parsed<Page<ports::ResourceRow>> parse_resource_page(std::string_view body);
Parsed<ports::ResourceRow> parse_resource(std::string_view body);
/// The answer to adding a file: a resource of any other type is an error.
Parsed<ports::FileRow> parse_added_file(std::string_view body);
Parsed<Page<ports::FileMetadata>> parse_file_page(std::string_view body);
Parsed<ports::FileMetadata> parse_file(std::string_view body);
/// `organization_id` is not in the body and stays empty.
Parsed<ports::SessionInfo> parse_session(std::string_view body);
Parsed<Page<ports::SessionInfo>> parse_session_page(std::string_view body);
/// A session together with its embedded resources, which must be there.
Parsed<ports::CreatedSession> parse_created_session(std::string_view body);
/// Events of any type but session.error are left out. A type of error that this version does not
/// know is as good as any, and so is none.
Parsed<Page<ports::SessionFault>> parse_fault_page(std::string_view body);

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
Parsed<ports::Secret> add_file_body(const ports::AddFile& request);
Parsed<ports::Secret> rotate_token_body(const ports::TokenUpdate& update);
/// Only what is given is sent.
Parsed<ports::Secret> create_session_body(const ports::NewSession& request);
Parsed<ports::Secret> update_session_body(const ports::SessionUpdate& update);

}  // namespace sessync::api
