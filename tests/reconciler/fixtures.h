#pragma once

#include <string>

#include "reconciler/observe/marker.h"
#include "reconciler/plan/make_plan.h"

/// Small values to build plans from: a file's content is one letter, its digest that letter 64
/// times.
namespace sessync::fixtures {

inline const std::string kOwner = "prod";

inline std::string digest(char content) { return std::string(64, content); }

inline manifest::MountPath path(const std::string& text) {
  return manifest::MountPath::of_file(text);
}

inline desired::DesiredFile local(const std::string& mount, char content, std::uint64_t size = 1) {
  return {path(mount), mount, ports::ContentRef{"/w", mount.substr(1), digest(content), size}};
}

inline desired::DesiredFile uploaded(const std::string& mount, const std::string& file_id) {
  return {path(mount), mount, desired::UploadedContent{file_id}};
}

inline desired::DesiredState declared(std::initializer_list<desired::DesiredFile> files) {
  desired::DesiredState state;
  for (const auto& file : files) {
    state.files.emplace(file.path, file);
  }
  return state;
}

/// A row whose copy carries a marker.
inline observe::ObservedFile marked(const std::string& id, const std::string& mount, char content,
                                    const std::string& owner = kOwner) {
  observe::ObservedFile file;
  file.resource_id = id;
  file.copy_file_id = "copy_" + id;
  file.path = path(mount);
  file.created_at = "2026-01-01T00:00:00Z";
  file.ownership = observe::Ownership::kOurs;
  file.filename = observe::encode_marker(owner, digest(content), "f");
  file.size = 1;
  file.marker = observe::decode_marker(file.filename);
  return file;
}

inline observe::ObservedFile with(observe::ObservedFile file, observe::Ownership ownership) {
  file.ownership = ownership;
  return file;
}

/// A row that somebody else put there.
inline observe::ObservedFile foreign(const std::string& id, const std::string& mount) {
  auto file = marked(id, mount, 'a');
  file.ownership = observe::Ownership::kUnmanaged;
  file.filename = "report.pdf";
  file.marker.reset();
  return file;
}

inline plan::Plan make_plan(const desired::DesiredState& desired,
                            const observe::ObservedState& observed,
                            const plan::Policy& policy = {}) {
  plan::PlanInput input{desired, observed};
  input.session_id = "sesn_1";
  return plan::plan(input, policy);
}

/// "add /a", "delete /b row", "blocked conflict /c", ... in the plan's order: easy to compare.
inline std::vector<std::string> lines(const plan::Plan& plan) {
  std::vector<std::string> out;
  out.reserve(plan.actions.size());
  for (const auto& action : plan.actions) {
    const auto* resource_id = plan::resource_id_of(action);
    out.push_back(std::string(plan::verb_of(action)) + " " + plan::path_of(action).text() +
                  (resource_id == nullptr ? "" : " " + *resource_id));
  }
  for (const auto& blocked : plan.blocked) {
    out.push_back(std::string("blocked ") + desired::to_string(blocked.code) + " " +
                  blocked.path.text());
  }
  for (const auto& row : plan.unmanaged) {
    out.push_back("unmanaged " + row.path.text());
  }
  for (const auto& pending : plan.pending) {
    out.push_back("pending " + pending.path.text());
  }
  return out;
}

}  // namespace sessync::fixtures
