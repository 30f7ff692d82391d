#include "daemon/serve/page/session_details.h"

#include <algorithm>
#include <string>

#include "daemon/serve/page/time.h"
#include "daemon/status/words.h"

namespace sessync::page {
namespace {

using status::words::counted;
using status::words::number;

constexpr std::size_t kEntries = 20;  ///< of a list; the rest as a number

void open_section(Html& out, const char* kind, std::string_view title) {
  out.open("section", {{"class", kind}}).element("h3", {}, title);
}

void write_rest(Html& out, std::size_t count) {
  if (count > kEntries) {
    out.element("p", {{"class", "rest"}}, "and " + number(count - kEntries) + " more");
  }
}

void write_suspension(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  if (!session.suspended && !session.suspended_by_manifest) {
    return;
  }
  open_section(out, "suspension", "Suspended");
  if (session.suspended) {
    out.open("p").text("By ").element("b", {}, session.suspended->by).text(", ");
    write_time(out, session.suspended->at, now);
    out.text(". To go on:").close("p");
    out.element("code", {{"class", "command"}}, "sessync resume " + session.name);
  }
  if (session.suspended_by_manifest) {
    out.element("p", {}, "By the manifest (suspend: true).");
  }
  out.close("section");
}

void write_held(Html& out, const status::SessionStatus& session) {
  if (!session.held) {
    return;
  }
  open_section(out, "held", "Held back");
  out.element("p", {},
              counted(session.held->resource_ids.size(), "delete is", "deletes are") +
                  " held back. To let exactly these through, once:");
  out.element("code", {{"class", "command"}},
              "sessync reconcile " + session.name + " --allow-deletes=" + session.held->id);
  out.close("section");
}

bool is_same_reason(const desired::Blocked& one, const desired::Blocked& other) {
  return one.code == other.code && one.reason == other.reason;
}

/// Why, once for all that follow with the same reason.
void write_blocked(Html& out, const status::SessionStatus& session) {
  if (session.blocked.empty()) {
    return;
  }
  open_section(out, "blocked-list", "Blocked");
  out.open("ul");
  for (std::size_t i = 0; i < std::min(kEntries, session.blocked.size()); ++i) {
    const auto& blocked = session.blocked[i];
    const bool is_new = i == 0 || !is_same_reason(session.blocked[i - 1], blocked);
    out.open("li", {{"class", is_new ? "why" : "same"}});
    if (is_new) {
      out.open("p").element("span", {{"class", "tag"}}, desired::to_string(blocked.code));
      out.text(blocked.reason).close("p");
    }
    out.element("code", {{"class", "path"}}, desired::place_of(blocked)).close("li");
  }
  out.close("ul");
  write_rest(out, std::max<std::uint64_t>(session.blocked.size(), session.counts.blocked));
  out.close("section");
}

void write_unmanaged(Html& out, const status::SessionStatus& session) {
  if (session.unmanaged.empty()) {
    return;
  }
  open_section(out, "unmanaged", "Unmanaged: in the session, not declared, left alone");
  out.open("ul");
  for (std::size_t i = 0; i < std::min(kEntries, session.unmanaged.size()); ++i) {
    const auto& resource = session.unmanaged[i];
    out.open("li").element("code", {{"class", "path"}}, resource.path.text());
    out.element("span", {{"class", "aside"}}, resource.type + " " + resource.resource_id);
    out.close("li");
  }
  out.close("ul");
  write_rest(out, std::max<std::uint64_t>(session.unmanaged.size(), session.counts.unmanaged));
  out.close("section");
}

void write_recent(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  if (session.recent.empty()) {
    return;
  }
  open_section(out, "recent", "Recent actions");
  out.open("ul");
  for (const auto& action : session.recent) {
    out.open("li", {{"class", action.result == "failed" ? "failed" : "done"}});
    out.element("span", {{"class", "tag"}}, action.action);
    out.element("code", {{"class", "path"}}, action.mount_path);
    out.element("span", {{"class", "result"}}, action.result);
    write_time(out, action.at, now);
    if (!action.error.empty()) {
      out.element("p", {}, action.error);
    }
    out.close("li");
  }
  out.close("ul").close("section");
}

void write_conditions(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  open_section(out, "conditions", "Conditions");
  out.open("ul");
  std::string said;
  for (const auto& condition : session.conditions) {
    out.open("li").element("b", {}, condition.what.type).text(" ");
    out.element("span", {{"class", "tag"}}, condition.what.status ? "True" : "False");
    out.element("span", {{"class", "reason"}}, condition.what.reason);
    write_time(out, condition.since, now);
    if (!condition.what.message.empty() && condition.what.message != said) {
      out.element("p", {}, condition.what.message);
    }
    said = condition.what.message;
    out.close("li");
  }
  out.close("ul").close("section");
}

void write_counts(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  const auto& counts = session.counts;
  open_section(out, "counts", "Counts");
  out.element("p", {},
              number(counts.desired) + " declared: " + number(counts.in_sync) + " in sync, " +
                  number(counts.pending) + " due, " + number(counts.blocked) + " blocked; " +
                  number(counts.unmanaged) + " unmanaged. " + number(counts.files) +
                  " of at most " + counted(counts.max_files, "file", "files") + ".");
  out.open("p").text("Generation " + number(session.generation) +
                     " of the manifest is in force; the last pass was made with " +
                     number(session.observed_generation));
  if (session.last_pass_at) {
    out.text(", ");
    write_time(out, *session.last_pass_at, now);
  }
  out.text(".").close("p").close("section");
}

}  // namespace

void write_details(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  out.open("div", {{"class", "body"}});
  write_suspension(out, session, now);
  write_held(out, session);
  write_blocked(out, session);
  write_recent(out, session, now);
  write_unmanaged(out, session);
  write_conditions(out, session, now);
  write_counts(out, session, now);
  out.close("div");
}

}  // namespace sessync::page
