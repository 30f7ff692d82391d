#pragma once

#include <string_view>

namespace sessync::serve {

/// Whether the value of an Accept-Encoding header takes gzip (RFC 9110, 12.5.3). A weight that is
/// none, and a header that is not there, take nothing.
bool accepts_gzip(std::string_view accept_encoding);

/// Whether the value of an If-None-Match header names `tag`, compared weakly (RFC 9110, 13.1.2).
/// Tags of ours have no comma in them.
bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace sessync::serve
