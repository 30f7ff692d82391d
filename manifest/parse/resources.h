#pragma once

#include <optional>
#include <vector>

#include "manifest/parse/fields.h"

namespace sessync::manifest {

struct ResourceDraft {
  ResourceSpec spec;
  Position mount_at;  ///< where its mount path, or else the resource, stands
};

/// The items of a `resources` list that are in order.
std::vector<ResourceDraft> read_resources(const Field& list, Report& report);

std::optional<ResourceDraft> read_file_resource(const Field& item, Report& report);
std::optional<ResourceDraft> read_repository(const Field& item, Report& report);
std::optional<ResourceDraft> read_memory_store(const Field& item, Report& report);

/// What stands under "secrets", of a session as of a source.
std::optional<SecretsPolicy> read_secrets_policy(const Fields& fields, Report& report);

/// The mount path as it is sent. Precondition: `text` is what stands under "mount_path", or the
/// default; an error points at `at`.
struct MountText {
  std::string text;
  Position at;
  bool is_default = false;
};
std::optional<std::string> accept_mount_path(const MountText& mount, bool may_be_root,
                                             Report& report);

/// What stands under "mount_path", else `fallback`; nothing if it is no text.
std::optional<MountText> read_mount_text(const Fields& fields, std::string fallback,
                                         Report& report);

/// Two entries that want one place in the session, or one a place within the other's; and one
/// memory store twice. What directories expand to is not known here.
void check_collisions(const std::vector<ResourceDraft>& resources, Report& report);

}  // namespace sessync::manifest
