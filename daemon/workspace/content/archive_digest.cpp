#include "daemon/workspace/content/archive_digest.h"

#include "daemon/os/sha256.h"

namespace sessync::workspace {
namespace {

const char* name_of(manifest::ArchiveResource::Format format) {
  return format == manifest::ArchiveResource::Format::kZip ? "zip" : "tar.gz";
}

}  // namespace

std::string archive_digest(manifest::ArchiveResource::Format format,
                           std::span<const ports::ScannedFile> members) {
  os::Sha256Stream stream;
  stream.update(std::string("sessync archive 1\n") + name_of(format) + "\n");
  for (const ports::ScannedFile& member : members) {
    stream.update(std::to_string(member.path.size()) + ":" + member.path +
                  (member.executable ? " x " : " - ") + member.sha256 + "\n");
  }
  return os::to_hex(stream.finish());
}

}  // namespace sessync::workspace
