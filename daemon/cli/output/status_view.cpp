#include "daemon/cli/output/status_view.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/status/words.h"
#include "manifest/text/utf8.h"
#include "reconciler/observe/server_time.h"

namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::array<std::string, 7>;

Json parse(const std::string& document) {
  auto json = Json::parse(document, nullptr, false);
  if (!json.is_object()) {
    throw std::runtime_error("the daemon's answer is no status document");
  }
  return json;
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? manifest::printable(found->get<std::string>())
                                                   : "";
}

std::uint64_t number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool is_true(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

const Json& part_of(const Json& json, const char* key) {
  static const Json nothing;
  const auto found = json.find(key);
  return found == json.end() ? nothing : *found;
}

std::string ago(const std::string& at, ports::TimePoint now) {
  const auto when = observe::parse_rfc3339(at);
  return when ? status::words::relative(std::min(std::chrono::floor<ports::Duration>(*when), now),
                                        now)
              : "never";
}

/// "in sync"
std::string state_in(const Json& session) {
  auto state = text_of(session, "state");
  std::ranges::replace(state, '_', ' ');
  return state;
}

std::string of(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + "/" + std::to_string(all);
}

Row row_of(const Json& session, ports::TimePoint now) {
  const auto& counts = part_of(session, "counts");
  return {text_of(session, "name"),
          state_in(session),
          of(number_of(counts, "in_sync"), number_of(counts, "desired")),
          std::to_string(number_of(counts, "blocked")),
          of(number_of(counts, "files"), number_of(counts, "max_files")),
          ago(text_of(session, "last_converged_at"), now),
          text_of(session, "headline")};
}

std::string aligned(const std::vector<Row>& rows) {
  std::array<std::size_t, 7> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.append(row[i]).append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line).append("\n");
  }
  return text;
}

std::string suspension(const Json& session, ports::TimePoint now) {
  const auto& suspended = part_of(session, "suspended");
  std::string text;
  if (!text_of(suspended, "by").empty()) {
    text.append("  suspended by ").append(text_of(suspended, "by")).append(", ");
    text.append(ago(text_of(suspended, "at"), now)).append("; to go on: sessync resume ");
    text.append(text_of(session, "name")).append("\n");
  }
  if (is_true(suspended, "manifest")) {
    text += "  suspended by the manifest (suspend: true)\n";
  }
  return text;
}

std::string held_back(const Json& session) {
  const auto& held = part_of(session, "held");
  if (!held.is_object()) {
    return {};
  }
  return "  " + std::to_string(number_of(held, "deletes")) +
         " deletes are held back; to let exactly these through: sessync reconcile " +
         text_of(session, "name") + " --allow-deletes=" + text_of(held, "id") + "\n";
}

std::string details_of(const Json& session, ports::TimePoint now) {
  std::string text = suspension(session, now) + held_back(session);
  for (const auto& blocked : part_of(session, "blocked")) {
    auto place = text_of(blocked, "mount_path");
    if (place.empty()) {
      place = text_of(blocked, "type");
      std::ranges::replace(place, '_', ' ');
    }
    text.append("  ! ").append(place).append("  ");
    text.append(text_of(blocked, "code")).append(": ");
    text.append(text_of(blocked, "reason")).append("\n");
  }
  const auto all = number_of(part_of(session, "counts"), "blocked");
  if (const auto listed = part_of(session, "blocked").size(); all > listed) {
    text += "  ! and " + std::to_string(all - listed) + " more\n";
  }
  return text.empty() ? text : "\n" + text_of(session, "name") + "\n" + text;
}

std::string manifest_lines(const Json& document) {
  const auto& manifest = part_of(document, "manifest");
  std::string text;
  for (const auto& error : part_of(manifest, "errors")) {
    text +=
        "manifest: " + (error.is_string() ? manifest::printable(error.get<std::string>()) : "") +
        "\n";
  }
  const auto all = number_of(manifest, "error_count");
  if (const auto listed = part_of(manifest, "errors").size(); all > listed) {
    text += "manifest: and " + std::to_string(all - listed) + " more errors\n";
  }
  if (!is_true(manifest, "valid") && is_true(manifest, "in_force")) {
    text += "manifest: the last good version stays in force\n";
  }
  for (const auto& note : part_of(document, "notes")) {
    text +=
        "note: " + (note.is_string() ? manifest::printable(note.get<std::string>()) : "") + "\n";
  }
  return text;
}

bool is_wanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

std::string table_of(const Json& document, const StatusView& view) {
  std::vector<Row> rows{
      {"SESSION", "STATE", "IN SYNC", "BLOCKED", "FILES", "CONVERGED", "MESSAGE"}};
  std::string details;
  for (const auto& session : part_of(document, "sessions")) {
    if (is_wanted(view.sessions, text_of(session, "name"))) {
      rows.push_back(row_of(session, view.now));
      details += details_of(session, view.now);
    }
  }
  const auto body = rows.size() > 1 ? aligned(rows) : std::string("no session\n");
  return manifest_lines(document) + body + details;
}

/// A pass is under way and has found nothing to do: most passes begin and end so.
bool is_looked_at(const Json& session) {
  return is_true(session, "working") && text_of(session, "state") == "syncing" &&
         number_of(part_of(session, "counts"), "pending") == 0;
}

/// All of it on one line, without what changes all the time.
std::string line_of(const Json& session) {
  const auto row = row_of(session, {});
  return row[0] + ": " + row[1] + ", " + row[2] + " resources, " + row[3] + " blocked: " + row[6];
}

std::string line_of_event(const char* kind, const Json& data) {
  const Json event{{"event", kind}, {"data", data}};
  return event.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string status_table(const std::string& document, const StatusView& view) {
  return table_of(parse(document), view);
}

std::string FollowedStatus::lines_of_sessions(const nlohmann::ordered_json& document) {
  std::string lines;
  std::map<std::string, std::string> said;
  for (const auto& session : part_of(document, "sessions")) {
    const auto name = text_of(session, "name");
    const auto before = said_.find(name);
    if (!is_wanted(sessions_, name)) {
      continue;
    }
    const bool is_news = before == said_.end() || !is_looked_at(session);
    said[name] = is_news ? line_of(session) : before->second;
    if (before == said_.end() || before->second != said[name]) {
      lines += said[name] + "\n";
    }
  }
  for (const auto& [name, line] : said_) {
    lines += said.contains(name) ? "" : name + ": left the manifest\n";
  }
  said_ = std::move(said);
  return lines;
}

std::string FollowedStatus::take(const std::string& text) {
  const auto document = parse(text);
  document_ = text;
  if (number_of(part_of(document, "manifest"), "generation") == 0) {
    return {};  // it has just begun: nothing left because it has not read its manifest yet
  }
  const auto before = std::exchange(manifest_, manifest_lines(document));
  return (manifest_ == before ? "" : manifest_) + lines_of_sessions(document);
}

std::string FollowedStatus::table(ports::TimePoint now) const {
  return document_.empty() ? std::string() : table_of(parse(document_), {now, sessions_});
}

std::string StatusEvents::take(const std::string& text) {
  auto document = parse(text);
  const auto started = text_of(document, "started_at");
  const bool is_another = std::exchange(started_, started) != started;
  auto lines = is_another ? line_of_event("status", document) : std::string();
  std::map<std::string, std::string> sessions;
  for (const auto& session : part_of(document, "sessions")) {
    auto& latest = sessions[session.value("name", "")];
    latest = session.dump();
    const auto before = sessions_.find(session.value("name", ""));
    if (!is_another && (before == sessions_.end() || before->second != latest)) {
      lines += line_of_event("session", session);
    }
  }
  auto left = Json::array();
  for (const auto& [name, latest] : std::exchange(sessions_, sessions)) {
    if (!sessions.contains(name)) left.push_back(name);
  }
  document.erase("sessions");
  const auto facts = document.dump();
  if (std::exchange(facts_, facts) != facts && !is_another) {
    lines += line_of_event("manifest", document);
  }
  return is_another || left.empty() ? lines : lines + line_of_event("left", left);
}

}  // namespace sessync::cli
