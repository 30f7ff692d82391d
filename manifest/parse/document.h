#pragma once

#include <string_view>

#include "manifest/manifest.h"
#include "manifest/parse/fields.h"

namespace sessync::manifest {

/// What a file is called in messages about the whole of it.
struct DocumentKind {
  std::string_view name;            ///< "a manifest"
  std::string_view when_too_large;  ///< what to do about its size: ends the message
};

/// The root of the only YAML document in `file`; nothing if there is none that can be worked with,
/// which is reported.
YamlPtr open_document(const ManifestText& file, const DocumentKind& kind, Report& report);

/// Reports a `version` other than the one that this program reads.
void check_version(const Fields& fields, Report& report);

}  // namespace sessync::manifest
