#pragma once

#include <vector>

#include "manifest/load.h"
#include "reconciler/policy/boundaries.h"

namespace sessync::policy {

/// `manifest` with what is not allowed in it denied: entries, outputs and sessions (see
/// manifest::Permission); secrets that may not be named are not among them. The problems of the
/// policy are added as those of one more file. Each file is judged by itself: what one declares
/// changes nothing for another. Pure.
manifest::Manifest judge(manifest::Manifest manifest, const Boundaries& boundaries);

/// What of it the files may claim. Where no policy counts everything: nothing is written anyway,
/// and nobody is to lose what it had.
manifest::MayHave claim_rights(const Boundaries& boundaries);

/// What was denied in `judged`, as errors where it is declared; sorted, each once.
std::vector<manifest::Problem> violations(const manifest::Manifest& judged);

}  // namespace sessync::policy
