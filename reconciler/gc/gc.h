#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/apply/apply.h"
#include "reconciler/gc/garbage.h"
#include "reconciler/ports/ports.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::gc {

/// A session of the manifest, and what its sources hold now. `spec` outlives it.
struct GarbageSession {
  const manifest::SessionSpec& spec;
  ports::WorkspaceSnapshot snapshot;
  bool has_copies = true;  ///< its copies are asked for
};

/// Something could not be read or listed. What it concerns is left alone, because a file that
/// nothing seems to need may be needed there.
struct GarbageDoubt {
  std::optional<std::string> session;  ///< its name; nothing: it concerns uploads
  errors::SessionError error;
};

/// What nothing needs, and what could not be told.
struct GarbageFound {
  std::vector<Garbage> uploads;
  std::vector<Garbage> copies;
  std::vector<GarbageDoubt> doubts;
};

/// What of `owner`'s files nothing needs. `sessions` is all of the manifest: an upload is garbage
/// only if none of them needs it. Whatever cannot be read or listed is a doubt, and nothing that it
/// could concern is found. Writes nothing. Never throws.
GarbageFound find_garbage(const std::string& owner, const std::vector<GarbageSession>& sessions,
                          ports::Ports& ports);

/// One deletion: done if the file is gone, whoever deleted it.
struct GarbageDeletion {
  bool done = false;
  std::string error;  ///< "" if it is done, or was not begun
};

/// Deletes `garbage`, and forgets uploads that are gone. One result each, in its order; those not
/// begun before the loop stopped have neither. So many at once as kDeletesAtOnce says; pumps the
/// loop.
std::vector<GarbageDeletion> delete_garbage(const std::string& owner,
                                            const std::vector<Garbage>& garbage,
                                            ports::Ports& ports);

}  // namespace sessync::gc
