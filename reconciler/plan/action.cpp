#include "reconciler/plan/action.h"

#include <type_traits>

namespace sessync::plan {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

template <class Kind>
constexpr bool kPutsFile = std::is_same_v<Kind, Add> || std::is_same_v<Kind, Replace>;

}  // namespace

bool Delete::holds(const std::string& content_key) const {
  return (digest_prefix && content_key.starts_with(*digest_prefix)) ||
         content_key == upload_file_id || content_key == copy_file_id;
}

const char* verb_of(const Action& action) {
  return std::visit(
      Match{[](const Add&) { return "add"; }, [](const AddRepository&) { return "add"; },
            [](const AddMemoryStore&) { return "add"; }, [](const Replace&) { return "replace"; },
            [](const Rotate&) { return "rotate"; }, [](const Adopt&) { return "adopt"; },
            [](const Delete&) { return "delete"; }},
      action);
}

const char* type_of(const Action& action) {
  return std::visit(
      Match{[](const AddRepository&) { return "github_repository"; },
            [](const AddMemoryStore&) { return "memory_store"; },
            [](const Rotate&) { return "github_repository"; }, [](const auto&) { return "file"; }},
      action);
}

const manifest::MountPath& path_of(const Action& action) {
  static const manifest::MountPath nowhere;
  return std::visit(
      [](const auto& one) -> const manifest::MountPath& {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (kPutsFile<Kind>) {
          return one.wanted.path;
        } else if constexpr (std::is_same_v<Kind, AddMemoryStore>) {
          return nowhere;
        } else {
          return one.path;
        }
      },
      action);
}

const std::string& reason_of(const Action& action) {
  return std::visit(
      Match{[](const AddMemoryStore& add) -> const std::string& { return add.memory_store_id; },
            [](const auto& one) -> const std::string& { return one.reason; }},
      action);
}

std::optional<std::uint64_t> size_of(const Action& action) {
  using Size = std::optional<std::uint64_t>;
  return std::visit(
      Match{[](const AddRepository&) { return Size(); },
            [](const AddMemoryStore&) { return Size(); }, [](const Rotate&) { return Size(); },
            [](const auto& one) { return Size(one.size); }},
      action);
}

const std::string* sha256_of(const Action& action) {
  return std::visit(
      [](const auto& one) -> const std::string* {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (kPutsFile<Kind>) {
          const auto* content = one.wanted.local();
          return content == nullptr ? nullptr : &content->sha256;
        } else if constexpr (std::is_same_v<Kind, Adopt>) {
          return &one.sha256;
        } else {
          return nullptr;
        }
      },
      action);
}

const std::string* resource_id_of(const Action& action) {
  using Id = const std::string*;
  return std::visit(
      Match{[](const Add&) { return Id(); }, [](const AddRepository&) { return Id(); },
            [](const AddMemoryStore&) { return Id(); },
            [](const Replace& one) { return &one.resource_id(); },
            [](const auto& one) { return &one.resource_id; }},
      action);
}

bool is_add(const Action& action) {
  return std::holds_alternative<Add>(action) || std::holds_alternative<AddRepository>(action) ||
         std::holds_alternative<AddMemoryStore>(action);
}

}  // namespace sessync::plan
