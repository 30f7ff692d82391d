#include "reconciler/plan/describe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

#include "manifest/text/utf8.h"

namespace sessync::plan {
namespace {

std::string human_size(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = bytes * 10;
  while (tenths >= 10240 && unit + 1 < kUnits.size()) {
    tenths /= 1024;
    ++unit;
  }
  std::string text = std::to_string(tenths / 10);
  if (unit > 0) {
    text += "." + std::to_string(tenths % 10);
  }
  return text + " " + kUnits.at(unit);
}

char sign_of(const Action& action) {
  struct Signs {
    char operator()(const Replace& /*action*/) const { return '~'; }
    char operator()(const Rotate& /*action*/) const { return 'r'; }
    char operator()(const Adopt& /*action*/) const { return 'a'; }
    char operator()(const Delete& /*action*/) const { return '-'; }
    char operator()(const Add& /*action*/) const { return '+'; }
    char operator()(const AddRepository& /*action*/) const { return '+'; }
    char operator()(const AddMemoryStore& /*action*/) const { return '+'; }
  };
  return std::visit(Signs(), action);
}

struct Line {
  manifest::MountPath path;
  std::string text;
};

/// `place`: what stands for the path where there is none; "" for nothing.
Line make_line(char sign, const manifest::MountPath& path, const std::string& detail,
               const std::string& place = {}) {
  std::string text = manifest::printable(path.text().empty() ? place : path.text());
  if (!detail.empty()) {
    text += (text.empty() ? "" : "  ") + manifest::printable(detail);
  }
  return {path, std::string("  ") + sign + " " + text + "\n"};
}

std::string measure(const std::optional<std::uint64_t>& size, const std::string* sha256) {
  std::string text;
  if (size) {
    text += human_size(*size);
  }
  if (sha256 != nullptr) {
    text += (text.empty() ? "" : "  ") + sha256->substr(0, 12);
  }
  return text;
}

std::string join(const std::string& left, const std::string& right) {
  return left.empty() || right.empty() ? left + right : left + "  " + right;
}

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

/// Files need no mention of their type.
std::string typed(const std::string& type, const std::string& detail) {
  return type == "file" || type == "session" ? detail : join(type, detail);
}

std::vector<Line> make_lines(const Plan& plan, bool verbose) {
  std::vector<Line> lines;
  lines.reserve(plan.actions.size() + plan.blocked.size());
  for (const auto& action : plan.actions) {
    const auto measured = measure(size_of(action), sha256_of(action));
    lines.push_back(make_line(sign_of(action), path_of(action),
                              typed(type_of(action), join(measured, reason_of(action)))));
  }
  for (const auto& blocked : plan.blocked) {
    lines.push_back(make_line('!', blocked.path,
                              std::string(desired::to_string(blocked.code)) + ": " + blocked.reason,
                              desired::place_of(blocked)));
  }
  for (const auto& unmanaged : plan.unmanaged) {
    const auto what = unmanaged.type == "file" ? "" : unmanaged.type + ", ";
    lines.push_back(make_line('?', unmanaged.path, what + "not managed by sessync"));
  }
  for (const auto& pending : plan.pending) {
    lines.push_back(make_line('!', pending.path, "pending: " + pending.reason));
  }
  for (const auto& same : plan.unchanged) {
    if (verbose || same.unchecked) {
      const auto doubt = same.unchecked ? "not checked: " + *same.unchecked : std::string();
      const auto* sha256 = same.sha256 ? &*same.sha256 : nullptr;
      lines.push_back(make_line('=', same.path, join(measure(same.size, sha256), doubt)));
    }
  }
  std::ranges::stable_sort(lines, {}, &Line::path);
  return lines;
}

std::string session_line(const std::string& name, const SessionChange& change) {
  if (const auto* create = std::get_if<CreateSession>(&change)) {
    return "  + session " + name + " (agent " + manifest::printable(create->spec.agent_id) +
           ", environment " + manifest::printable(create->spec.environment_id) + ")\n";
  }
  if (const auto* update = std::get_if<UpdateSession>(&change)) {
    return "  ~ session " + name + " (" + join_words(update->fields) + ")\n";
  }
  return {};
}

}  // namespace

std::string describe(const PlanHeader& header, const Plan& plan, bool verbose) {
  const auto id = header.session_id.empty() ? std::string("not created yet") : header.session_id;
  std::string text =
      "session " + header.name + " (" + id + "): files are below /mnt/session/uploads\n";
  text += session_line(header.name, plan.session);
  for (const auto& line : make_lines(plan, verbose)) {
    text += line.text;
  }
  if (plan.held) {
    text += "  " + std::to_string(plan.held->resource_ids.size()) +
            " deletes are held back; to let them through once: --allow-deletes=" + plan.held->id +
            "\n";
  }
  return text;
}

void PlanSummary::count(const Plan& plan) {
  create_sessions += is_create(plan.session) ? 1U : 0U;
  update_sessions += std::holds_alternative<UpdateSession>(plan.session) ? 1U : 0U;
  for (const auto& action : plan.actions) {
    std::visit([this](const auto& one) { ++count_of(one); }, action);
  }
  blocked += plan.blocked.size();
  unmanaged += plan.unmanaged.size();
  unchanged += plan.unchanged.size();
}

std::string describe(const PlanSummary& summary) {
  const auto n = [](std::size_t count) { return std::to_string(count); };
  std::string text = "Plan: ";
  if (summary.create_sessions > 0) {
    text += n(summary.create_sessions) + " sessions to create, ";
  }
  return text + n(summary.add) + " to add, " + n(summary.replace) + " to replace, " +
         n(summary.rotate) + " to rotate, " + n(summary.remove) + " to delete; " +
         n(summary.blocked) + " blocked, " + n(summary.unmanaged) + " unmanaged, " +
         n(summary.unchanged) + " unchanged.";
}

}  // namespace sessync::plan
