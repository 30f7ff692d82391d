#pragma once

#include <string>

namespace sessync::test {

/// The text of tests/golden/manifest/`name`.
std::string read_golden(const std::string& name);

}  // namespace sessync::test
