#include "reconciler/apply/room_gate.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace sessync;

namespace {

/// A gate, and what it said.
struct GateRig {
  explicit GateRig(std::uint64_t rows, std::uint64_t most, std::optional<std::uint64_t> cap = {})
      : gate(rows, most, cap,
             {[this](std::vector<ports::Refusal> refusals) {
                for (const auto& one : refusals) {
                  said.push_back(one.path + (one.rows > 0 ? " room" : " own"));
                }
              },
              [this](const ports::Refusal&) { said.emplace_back("full"); },
              [this] { said.emplace_back("cap was wrong"); }}) {}

  void add(const std::string& name) {
    gate.enter_add([this, name](bool go) { said.push_back((go ? "send " : "turn away ") + name); });
  }
  void swap(const std::string& name) {
    gate.enter_swap([this, name] { said.push_back("swap " + name); });
  }
  void accepted() {
    gate.accepted(true);
    gate.leave_add();
  }
  void refused(const std::string& name) {
    gate.refused({name, "", "400", "no", {}});
    gate.leave_add();
  }
  std::vector<std::string> take() { return std::exchange(said, {}); }

  std::vector<std::string> said;
  apply::RoomGate gate;
};

using GateSaid = std::vector<std::string>;

}  // namespace

TEST_CASE("adds go at once as long as none is refused") {
  GateRig rig(0, 0);
  rig.add("a");
  rig.add("b");
  CHECK(rig.take() == GateSaid{"send a", "send b"});
}

TEST_CASE("after a refusal one more is sent alone: accepted, and the refused one had only itself") {
  GateRig rig(0, 0);
  rig.add("a");
  rig.add("b");
  rig.accepted();
  rig.refused("b");
  rig.add("c");
  rig.add("d");
  CHECK(rig.take() == GateSaid{"send a", "send b", "send c"});
  rig.accepted();
  CHECK(rig.take() == GateSaid{"b own", "send d"});
}

TEST_CASE("after a refusal one more is sent alone: refused, and no other is sent") {
  GateRig rig(0, 0);
  rig.add("a");
  rig.add("b");
  rig.add("c");
  rig.accepted();
  rig.refused("b");
  rig.add("d");
  CHECK(rig.take() == GateSaid{"send a", "send b", "send c"});
  rig.refused("c");
  CHECK(rig.take() == GateSaid{"send d"});
  rig.add("e");
  rig.refused("d");
  CHECK(rig.take() == GateSaid{"b room", "c room", "d room", "full", "turn away e"});
  CHECK(rig.gate.is_shut());
}

TEST_CASE("an empty session, or one that held more before, has room") {
  const auto most = GENERATE(0U, 5U);
  GateRig rig(most == 0 ? 0 : 4, most);
  rig.add("a");
  rig.refused("a");
  CHECK(rig.take() == GateSaid{"send a", "a own"});
}

TEST_CASE("a single refusal in a session as full as ever may be about room, if it holds many") {
  GateRig rig(20, 20);
  rig.add("a");
  rig.refused("a");
  rig.gate.finish();
  CHECK(rig.take() == GateSaid{"send a", "a room"});
  GateRig small(19, 19);
  small.add("a");
  small.refused("a");
  small.gate.finish();
  CHECK(small.take() == GateSaid{"send a", "a own"});
}

TEST_CASE("at a cap that is known adds go one by one") {
  GateRig rig(4, 5, 5);
  rig.add("a");
  rig.add("b");
  CHECK(rig.take() == GateSaid{"send a"});
  rig.accepted();
  CHECK(rig.take() == GateSaid{"send b"});
  rig.accepted();
  CHECK(rig.take() == GateSaid{"cap was wrong"});
}

TEST_CASE("what a swap has freed is left to it") {
  GateRig rig(5, 5);
  rig.swap("a");
  rig.add("b");
  rig.swap("c");
  CHECK(rig.take() == GateSaid{"swap a", "swap c"});
  rig.gate.leave_swap();
  CHECK(rig.take().empty());
  rig.gate.leave_swap();
  CHECK(rig.take() == GateSaid{"send b"});
  rig.swap("d");
  CHECK(rig.take().empty());
  rig.accepted();
  CHECK(rig.take() == GateSaid{"swap d"});
}

TEST_CASE("where there is room for both, adds and swaps go together") {
  GateRig rig(5, 20);
  rig.swap("a");
  rig.add("b");
  rig.swap("c");
  CHECK(rig.take() == GateSaid{"swap a", "send b", "swap c"});
}

TEST_CASE("an add that was put off says nothing about room") {
  GateRig rig(0, 0);
  rig.add("a");
  rig.add("b");
  rig.accepted();
  rig.refused("b");
  rig.add("c");
  rig.add("d");
  rig.gate.leave_add();
  CHECK(rig.take() == GateSaid{"send a", "send b", "send c", "send d"});
  rig.accepted();
  CHECK(rig.take() == GateSaid{"b own"});
}
