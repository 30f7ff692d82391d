#include "reconciler/describe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

namespace sessync {
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

char sign_of(Action::Kind kind) {
  switch (kind) {
    case Action::Kind::kAdd:
      return '+';
    case Action::Kind::kReplace:
      return '~';
    case Action::Kind::kRotate:
      return 'r';
    case Action::Kind::kAdopt:
      return 'a';
    case Action::Kind::kDelete:
      return '-';
  }
  return '?';
}

struct Line {
  MountPath path;
  std::string text;
};

Line make_line(char sign, const MountPath& path, const std::string& detail) {
  std::string text = "  ";
  text += sign;
  text += " " + printable(path.text());
  if (!detail.empty()) {
    text += "  " + printable(detail);
  }
  return {path, text + "\n"};
}

std::string measure(const std::optional<std::uint64_t>& size, const std::string& sha256) {
  std::string text;
  if (size) {
    text += human_size(*size);
  }
  if (!sha256.empty()) {
    text += (text.empty() ? "" : "  ") + sha256.substr(0, 12);
  }
  return text;
}

std::string join(const std::string& left, const std::string& right) {
  return left.empty() || right.empty() ? left + right : left + "  " + right;
}

std::vector<Line> make_lines(const Plan& plan, bool verbose) {
  std::vector<Line> lines;
  for (const auto& action : plan.actions) {
    lines.push_back(make_line(sign_of(action.kind), action.path,
                              join(measure(action.size, action.sha256), action.reason)));
  }
  for (const auto& blocked : plan.blocked) {
    lines.push_back(
        make_line('!', blocked.path, std::string(to_string(blocked.code)) + ": " + blocked.reason));
  }
  for (const auto& unmanaged : plan.unmanaged) {
    const auto what = unmanaged.type == "file" ? "" : unmanaged.type + ", ";
    lines.push_back(make_line('?', unmanaged.path, what + "not managed by sessync"));
  }
  for (const auto& pending : plan.pending) {
    lines.push_back(make_line('!', pending.path, "pending: " + pending.reason));
  }
  if (verbose) {
    for (const auto& same : plan.unchanged) {
      lines.push_back(make_line('=', same.path, measure(same.size, same.sha256)));
    }
  }
  std::ranges::stable_sort(lines, {}, &Line::path);
  return lines;
}

/// Length of the valid UTF-8 sequence at `at`, 0 if there is none.
std::size_t sequence_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(at);
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xC2 && lead <= 0xDF ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

std::string escape(unsigned char byte) {
  constexpr std::array kHex{'0', '1', '2', '3', '4', '5', '6', '7',
                            '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  return {'\\', 'x', kHex.at(byte >> 4U), kHex.at(byte & 0xFU)};
}

}  // namespace

std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto length = sequence_length(text, at);
    // U+0080..U+009F are control characters too: C2 80..C2 9F.
    const bool high_control =
        length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (length == 0 || byte < 0x20 || byte == 0x7F || high_control) {
      result += escape(byte);
      ++at;
      if (high_control) {
        result += escape(static_cast<unsigned char>(text[at++]));
      }
      continue;
    }
    result.append(text, at, length);
    at += length;
  }
  return result;
}

std::string describe(const PlanHeader& header, const Plan& plan, bool verbose) {
  const auto id = header.session_id.empty() ? std::string("not created yet") : header.session_id;
  std::string text =
      "session " + header.name + " (" + id + "): files are below /mnt/session/uploads\n";
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
  for (const auto& action : plan.actions) {
    switch (action.kind) {
      case Action::Kind::kAdd:
        ++add;
        break;
      case Action::Kind::kReplace:
        ++replace;
        break;
      case Action::Kind::kRotate:
        ++rotate;
        break;
      case Action::Kind::kAdopt:
        ++adopt;
        break;
      case Action::Kind::kDelete:
        ++remove;
        break;
    }
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

}  // namespace sessync
