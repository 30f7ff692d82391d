#pragma once

#include <atomic>
#include <string>

#include "daemon/os/beneath.h"
#include "reconciler/ports/content_source.h"

namespace sessync::workspace {

/// Where an archive is packed to.
struct Spool {
  int fd = -1;
  std::string directory;                       ///< for messages
  const std::atomic<bool>* stopped = nullptr;  ///< true: give up soon, with kAborted
};

/// Packs the members of `content.archive`, which lie below `root` in `content.path`, into the empty
/// file `spool`. Safe to call from many threads; takes the same little memory whatever the members'
/// sizes.
///
/// Every member is hashed while it is packed: one that is gone, has other content, another size or
/// another executable bit than planned is kSourceChanged. A spool that cannot be written is
/// kNotStored. After an error the spool holds nothing of use.
///
/// The same members give the same bytes, whatever the time zone, locale, umask, file times or
/// owners: sorted as planned, times at their format's epoch, uid and gid 0, 0755 or 0644, no
/// entries for directories. A tar is GNU's, which carries names of any length as they are; names in
/// a zip are marked as UTF-8.
ports::Result<ports::Done> pack_archive(const ports::ContentRef& content, const os::Beneath& root,
                                        const Spool& spool);

}  // namespace sessync::workspace
