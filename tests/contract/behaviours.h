#pragma once

#include <vector>

#include "tests/contract/backend.h"

namespace sessync::contract {

/// Something that the reconciler relies on, whoever implements the port.
struct Behaviour {
  const char* name;
  void (*check)(Backend&);
};

/// What any implementation shows, the real API included.
const std::vector<Behaviour>& common_behaviours();
/// What can only be brought about in a double: states, switches, limits.
const std::vector<Behaviour>& double_behaviours();
/// The same of sessions that are created, their tokens, faults and outputs.
const std::vector<Behaviour>& session_behaviours();
/// What the port makes of calls that go wrong.
const std::vector<Behaviour>& fault_behaviours();

}  // namespace sessync::contract
