#pragma once

#include <map>
#include <string>

#include "daemon/workspace/content/workspace_content.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {

using Format = manifest::ArchiveResource::Format;

manifest::ArchiveResource archive_source(std::string source, Format format = Format::kTarGz);

/// The content of an archive as the core makes it from a scan.
ports::ContentRef archive_content(Workspace& ws, const manifest::ArchiveResource& entry);

/// All bytes of `content`; fails the test if they cannot be had.
std::string pack(const ports::ContentRef& content,
                 workspace::WorkspaceContent source = workspace::WorkspaceContent());

/// The error with which `content` is refused.
ports::ApiError refusal(const ports::ContentRef& content,
                        workspace::WorkspaceContent source = workspace::WorkspaceContent());

struct Unpacked {
  std::string bytes;
  unsigned mode = 0;
  friend bool operator==(const Unpacked&, const Unpacked&) = default;
};
using UnpackedTree = std::map<std::string, Unpacked>;

/// What a reader that knows nothing of us makes of an archive in memory; also checks that all
/// entries are regular files of nobody in particular.
UnpackedTree unpack(const std::string& bytes);

}  // namespace sessync::test
