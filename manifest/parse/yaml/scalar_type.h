#pragma once

#include "manifest/parse/yaml/yaml_tree.h"

namespace sessync::manifest {

enum class ScalarType { kText, kBool, kInteger, kFloat };

/// What a scalar is by the core schema of YAML 1.2, so that every YAML tool agrees about a
/// manifest. Precondition: node.is_scalar().
ScalarType scalar_type(const YamlNode& node);

}  // namespace sessync::manifest
