#pragma once

#include <string_view>

/// The files of this folder that make up the page, as they were when this was built.
namespace sessync::page {

extern const std::string_view kTemplate;  ///< page.html; {{name}} is filled in
extern const std::string_view kStyle;     ///< page.css
extern const std::string_view kScript;    ///< the .js files, one after the other

}  // namespace sessync::page
