#pragma once

#include "reconciler/desired/desired.h"
#include "reconciler/plan/plan.h"

namespace sessync::plan {

/// A rename is a delete and an add of one content. A file whose new place is blocked keeps its old
/// row: every delete whose content is declared at a blocked path is blocked with that path's code.
/// Deletes that a declared path needs, because the row lies on it, above or below it, go on. To be
/// called again after whatever blocks adds.
void hold_renames(Plan& plan, const desired::DesiredState& desired);

/// Where a full session has no room for a file beside its old row, the delete of that row is made
/// part of the add: it goes first, and is undone if the add is refused. No more than are needed.
void pair_renames(Plan& plan);

}  // namespace sessync::plan
