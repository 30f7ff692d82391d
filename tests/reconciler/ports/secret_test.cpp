#include "reconciler/ports/secret.h"

#include <sstream>
#include <type_traits>

#include <catch2/catch.hpp>

using namespace sessync;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

}  // namespace

TEST_CASE("a secret compares, moves and cannot be printed") {
  STATIC_REQUIRE(!Streamable<ports::Secret>);
  STATIC_REQUIRE(!std::is_convertible_v<ports::Secret, std::string>);
  STATIC_REQUIRE(!std::is_convertible_v<ports::Secret, std::string_view>);
  STATIC_REQUIRE(!std::is_convertible_v<std::string, ports::Secret>);
  ports::Secret first("short");
  ports::Secret second(first);
  CHECK(first == second);
  CHECK(!(first == ports::Secret("shirt")));
  CHECK(!(first == ports::Secret("shorter")));
  const ports::Secret third(std::move(first));
  CHECK(third.reveal() == "short");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  second = ports::Secret("other");
  CHECK(second.reveal() == "other");
}

TEST_CASE("wiping leaves nothing in the memory of a text") {
  std::string text(100, 's');
  const char* const memory = text.data();
  ports::wipe(text);
  CHECK(text.empty());
  CHECK(std::string_view(memory, 100) == std::string(100, '\0'));
}

TEST_CASE("secrets are cut out of texts") {
  const ports::Secret secret("hunter2");
  CHECK(ports::redact("a hunter2 b hunter2", secret) == "a [redacted] b [redacted]");
  CHECK(ports::redact("nothing", secret) == "nothing");
  CHECK(ports::redact("anything", ports::Secret()) == "anything");
}
