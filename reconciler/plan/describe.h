#pragma once

#include <string>
#include <vector>

#include "reconciler/plan/plan.h"

namespace sessync::plan {

/// How a plan is introduced.
struct PlanHeader {
  std::string name;        ///< of the entry in the manifest
  std::string session_id;  ///< "" for a session that is not created yet
};

/// A session's plan as text: a header, then a line per resource sorted by mount path. With
/// `verbose`, unchanged resources too; those that were not checked are shown in any case. Names
/// from the workspace and the API are made printable, so nothing in them moves a terminal's cursor.
/// Several lines, each with its line feed.
///
/// The signs: + add, ~ replace, - delete, r rotate, a adopt, ! blocked or pending, ? not managed by
/// sessync, = unchanged. People read them; programs have the JSON document.
std::string describe(const PlanHeader& header, const Plan& plan, bool verbose);

/// How many of what the plans of several sessions have, for the last line and for the JSON
/// document. `adopt` is not printed as text.
struct PlanSummary {
  std::size_t create_sessions = 0;
  std::size_t update_sessions = 0;
  std::size_t add = 0;
  std::size_t replace = 0;
  std::size_t rotate = 0;
  std::size_t adopt = 0;
  std::size_t remove = 0;
  std::size_t blocked = 0;
  std::size_t unmanaged = 0;
  std::size_t unchanged = 0;

  /// Adds what `plan` has.
  void count(const Plan& plan);

 private:
  std::size_t& count_of(const Add& /*action*/) { return add; }
  std::size_t& count_of(const AddRepository& /*action*/) { return add; }
  std::size_t& count_of(const AddMemoryStore& /*action*/) { return add; }
  std::size_t& count_of(const Replace& /*action*/) { return replace; }
  std::size_t& count_of(const Rotate& /*action*/) { return rotate; }
  std::size_t& count_of(const Adopt& /*action*/) { return adopt; }
  std::size_t& count_of(const Delete& /*action*/) { return remove; }
};

/// "Plan: A to add, C to replace, ...": one line, without a line feed.
std::string describe(const PlanSummary& summary);

}  // namespace sessync::plan
