#include "daemon/serve/page/session_row.h"

#include <algorithm>
#include <array>
#include <string>

#include "daemon/serve/page/session_details.h"
#include "daemon/serve/page/time.h"
#include "daemon/status/verdict.h"
#include "daemon/status/words.h"

namespace sessync::page {
namespace {

using status::words::counted;
using status::words::number;
using status::words::span;

/// One character: the same that `plan` prints, where it has one.
const char* sign_of(status::SessionState state) {
  static constexpr std::array<const char*, 7> kSigns = {"×", "↻", "!", "!", "~", "‖", "="};
  return kSigns.at(static_cast<std::size_t>(state));
}

/// By which a row is filtered.
std::string kinds_of(status::SessionState state) {
  return std::string("all ") + status::name_of(state) +
         (status::is_problem(state) ? " problems" : "");
}

/// How much of a bar of 200 units `part` of `whole` is.
std::uint64_t share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : std::min<std::uint64_t>(part, whole) * 200 / whole;
}

void write_bar(Html& out, const status::ResourceCounts& counts) {
  const auto used = share(counts.files, counts.max_files);
  const auto wanted = share(counts.files + counts.pending, counts.max_files);
  const bool nearly_full = counts.files * 10 >= counts.max_files * 9;
  out.open("svg", {{"class", nearly_full ? "bar full" : "bar"},
                   {"viewBox", "0 0 200 8"},
                   {"preserveAspectRatio", "none"},
                   {"aria-hidden", "true"}});
  out.open("rect", {{"class", "cap"}, {"width", "200"}, {"height", "8"}}).close("rect");
  out.open("rect", {{"class", "due"}, {"width", std::to_string(wanted)}, {"height", "8"}});
  out.close("rect");
  out.open("rect", {{"class", "used"}, {"width", std::to_string(used)}, {"height", "8"}});
  out.close("rect").close("svg");
}

/// "12 due, 1 unmanaged": what is not as it should be, or nobody declared.
std::string asides_of(const status::ResourceCounts& counts) {
  std::string out;
  const auto add = [&out](std::uint64_t count, const char* what) {
    if (count == 0) return;
    if (!out.empty()) out += ", ";
    out += number(count);
    out += what;
  };
  add(counts.pending, " due");
  add(counts.blocked, " blocked");
  add(counts.unmanaged, " unmanaged");
  return out;
}

void write_files(Html& out, const status::ResourceCounts& counts) {
  out.open("td", {{"class", "files"}, {"data-label", "Files"}});
  write_bar(out, counts);
  out.element("span", {{"class", "figure"}},
              number(counts.files) + " / " + number(counts.max_files));
  if (const auto rest = asides_of(counts); !rest.empty()) {
    out.element("span", {{"class", "aside"}}, rest);
  }
  out.close("td");
}

/// The points of a line through `values` in a box of 240 × 48.
std::string points_of(const std::deque<ports::Duration>& values) {
  const auto longest = std::max<std::int64_t>(1, std::ranges::max(values).count());
  const auto steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(values.size()) - 1);
  std::string points;
  std::int64_t at = 0;
  for (const auto& value : values) {
    if (!points.empty()) points += ' ';
    points += std::to_string(at * 240 / steps);
    points += ',';
    points += std::to_string(46 - value.count() * 44 / longest);
    ++at;
  }
  return values.size() > 1 ? points : points + " 240," + points.substr(points.find(',') + 1);
}

void write_latency(Html& out, const std::deque<ports::Duration>& latencies) {
  out.open("td", {{"class", "latency"}, {"data-label", "Change to converged"}});
  if (latencies.empty()) {
    out.element("span", {{"class", "none"}}, "no change yet").close("td");
    return;
  }
  const auto longest = span(std::ranges::max(latencies));
  out.open("svg", {{"class", "spark"},
                   {"viewBox", "0 0 240 48"},
                   {"preserveAspectRatio", "none"},
                   {"role", "img"},
                   {"aria-label", "the last " + counted(latencies.size(), "change", "changes") +
                                      ", longest " + longest}});
  out.open("polyline", {{"points", points_of(latencies)}}).close("polyline").close("svg");
  out.element("span", {{"class", "figure"}}, span(latencies.back()));
  out.element("span", {{"class", "aside"}}, "max " + longest).close("td");
}

void write_times(Html& out, const status::SessionStatus& session, ports::TimePoint now) {
  out.open("td", {{"class", "when"}, {"data-label", "Converged"}});
  if (session.last_converged_at) {
    write_time(out, *session.last_converged_at, now);
  } else {
    out.element("span", {{"class", "none"}}, "never");
  }
  out.close("td").open("td", {{"class", "when"}, {"data-label", "Next pass"}});
  if (session.working) {
    out.text("under way");
  } else if (session.next_pass_at) {
    write_time(out, *session.next_pass_at, now);
  } else {
    out.text("queued");
  }
  out.close("td");
}

}  // namespace

std::string word_of(status::SessionState state) {
  std::string word = status::name_of(state);
  std::ranges::replace(word, '_', ' ');
  return word;
}

int rank_of(status::SessionState state) {
  return static_cast<int>(status::is_problem(state) ? state : status::SessionState::kInSync);
}

void write_session(Html& out, const status::SessionStatus& session, ports::TimePoint now,
                   bool with_details) {
  const auto state = status::state_of(session);
  out.open("tbody", {{"class", std::string("session ") + status::name_of(state)},
                     {"id", "s-" + session.name},
                     {"data-rank", std::to_string(rank_of(state))},
                     {"data-kinds", kinds_of(state)}});
  out.open("tr", {{"class", "row"}}).open("td", {{"class", "state"}, {"data-label", "State"}});
  out.element("span", {{"class", "sign"}, {"aria-hidden", "true"}}, sign_of(state));
  out.element("span", {{"class", "word"}}, word_of(state)).close("td");
  out.open("th", {{"class", "name"}, {"scope", "row"}});
  out.element("span", {{"class", "title"}}, session.name);
  out.element("code", {{"class", "id"}},
              session.session_id.empty() ? "not created yet" : session.session_id);
  out.close("th");
  write_files(out, session.counts);
  write_latency(out, session.latencies);
  write_times(out, session, now);
  out.close("tr").open("tr", {{"class", "more"}}).open("td", {{"colspan", "6"}});
  if (with_details) {
    out.open("details").element("summary", {}, status::headline_of(session));
    write_details(out, session, now);
    out.close("details");
  } else {
    out.element("p", {{"class", "summary"}}, status::headline_of(session));
  }
  out.close("td").close("tr").close("tbody");
}

}  // namespace sessync::page
