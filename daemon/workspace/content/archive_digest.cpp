#include "daemon/workspace/content/archive_digest.h"

#include "daemon/os/sha256.h"

namespace sessync {
namespace {

const char* name_of(ArchiveResource::Format format) {
  return format == ArchiveResource::Format::kZip ? "zip" : "tar.gz";
}

}  // namespace

std::string archive_digest(ArchiveResource::Format format, std::span<const ScannedFile> members) {
  Sha256Stream stream;
  stream.update(std::string("sessync archive 1\n") + name_of(format) + "\n");
  for (const ScannedFile& member : members) {
    stream.update(std::to_string(member.path.size()) + ":" + member.path +
                  (member.executable ? " x " : " - ") + member.sha256 + "\n");
  }
  return to_hex(stream.finish());
}

}  // namespace sessync
