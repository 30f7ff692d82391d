#pragma once

#include <optional>
#include <string_view>

#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// The rule by which a path is never mirrored unless somebody asks for it by name: version control,
/// editors' droppings, a ConfigMap volume's generations, and, against accidents, what usually holds
/// secrets. Without regard to case (of ASCII). Nothing: it is mirrored.
///
/// Of `path` (raw bytes) only its name and that of the directory that it lies in are looked at;
/// `above` is the name of the directory that `path` is relative to, if it is known. Asked of every
/// entry of every directory: a name that no rule could fit is told by its first and last character.
std::optional<ports::LeftOut::Rule> default_exclusion(std::string_view path, bool is_directory,
                                                      std::string_view above = {});

}  // namespace sessync::workspace
