#pragma once

#include <span>
#include <string>

#include "manifest/spec.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// What identifies an archive in plans, markers and the inventory: 64 lower-case hex digits, the
/// same for the same members on every machine, whatever the compressed bytes are.
///
/// It is the SHA-256 of these lines, each ended by one "\n":
///
///     sessync archive 1
///     tar.gz                                    or zip
///     <bytes in the name>:<name> <x or -> <sha256 of the content in hex>
///
/// the last one once per member, in the order of the names' bytes; x if the owner may execute it. A
/// name's length stands before it, so no two lists make the same text. The number in the first line
/// is raised whenever the same list would be packed into something else.
///
/// `members` are sorted by path.
std::string archive_digest(manifest::ArchiveResource::Format format,
                           std::span<const ports::ScannedFile> members);

}  // namespace sessync::workspace
