#include "golden.h"

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

namespace sessync::test {

std::string read_golden(const std::string& name) {
  const std::ifstream file(SESSYNC_GOLDEN_DIR "/" + name, std::ios::binary);
  INFO(name);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sessync::test
