#include "daemon/serve/page/page.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <openssl/evp.h>

#include "daemon/serve/page/assets.h"
#include "daemon/serve/page/html.h"
#include "daemon/serve/page/session_row.h"
#include "daemon/serve/page/time.h"
#include "daemon/status/verdict.h"
#include "daemon/status/words.h"
#include "reconciler/observe/server_time.h"

namespace sessync::page {
namespace {

constexpr std::size_t kDetailed = 200;  ///< sessions whose details are in the document itself

using Values = std::map<std::string_view, std::string>;

/// The template with each {{name}} replaced by its value, once: a value is not searched.
std::string fill(std::string_view pattern, const Values& values) {
  std::string out;
  for (auto at = pattern.find("{{"); at != std::string_view::npos; at = pattern.find("{{")) {
    const auto end = pattern.find("}}", at);
    out += pattern.substr(0, at);
    out += values.at(pattern.substr(at + 2, end - at - 2));
    pattern.remove_prefix(end + 2);
  }
  return out.append(pattern);
}

/// 'sha256-…' as a Content-Security-Policy names the content of an element.
std::string source_of(std::string_view content) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> base64{};
  const auto length = EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  return "'sha256-" + std::string(base64.begin(), base64.begin() + length) + "'";
}

/// Of content that is ours: it is not escaped.
std::string element_of(const std::string& tag, const std::string& attribute,
                       std::string_view content) {
  return "<" + tag + attribute + ">" + std::string(content) + "</" + tag + ">";
}

std::string facts_of(const status::StatusSnapshot& status, ports::TimePoint now) {
  Html out;
  const auto fact = [&out](const char* name, const std::string& value, const std::string& aside) {
    out.open("div").element("dt", {}, name).open("dd").element("code", {}, value);
    if (!aside.empty()) {
      out.element("span", {{"class", "aside"}}, aside);
    }
    out.close("dd").close("div");
  };
  const auto& resolved = status.workspace_resolved;
  const bool is_linked = !resolved.empty() && resolved != status.workspace;
  fact("Workspace", status.workspace, is_linked ? "→ " + resolved : "");
  fact("Manifest", status.manifest.path,
       "generation " + status::words::number(status.manifest.generation));
  out.open("div").element("dt", {}, "Daemon").open("dd").element("code", {}, status.version);
  out.open("span", {{"class", "aside"}}).text("started ");
  write_time(out, status.started_at, now);
  return out.close("span").close("dd").close("div").str();
}

void write_line(Html& out, const status::Finding::Line& line) {
  out.open("li");
  if (line.session.empty()) {
    out.element("code", {}, line.text);
  } else {
    out.element("a", {{"href", "#s-" + line.session}}, line.session);
    out.element("span", {}, line.text);
  }
  out.close("li");
}

void write_finding(Html& out, const status::Finding& finding, bool is_first) {
  out.open("div", {{"class", std::string("finding ") + status::name_of(finding.tone)}});
  out.element(is_first ? "h1" : "p", {{"class", "claim"}}, finding.text);
  if (!finding.lines.empty()) {
    out.open("ul");
    for (const auto& line : finding.lines) {
      write_line(out, line);
    }
    out.close("ul");
  }
  out.close("div");
}

/// What is worst as a heading, with its lines; the rest below it.
std::string verdict_of(const std::vector<status::Finding>& findings) {
  Html out;
  for (const auto& finding : findings) {
    write_finding(out, finding, &finding == &findings.front());
  }
  return out.str();
}

bool is_in(const page::PagePart& part, const status::SessionStatus& session) {
  return (!part.since || session.revision > *part.since) &&
         (!part.session || session.name == *part.session);
}

/// Problems first, the worst of them on top; then by name.
std::vector<const status::SessionStatus*> in_order(const status::StatusSnapshot& status,
                                                   const page::PagePart& part) {
  std::vector<std::pair<int, const status::SessionStatus*>> ranked;
  for (const auto& session : status.sessions) {
    if (is_in(part, *session)) {
      ranked.emplace_back(rank_of(status::state_of(*session)), session.get());
    }
  }
  std::ranges::sort(ranked, {},
                    [](const auto& entry) { return std::tie(entry.first, entry.second->name); });
  std::vector<const status::SessionStatus*> out;
  out.reserve(ranked.size());
  for (const auto& [rank, session] : ranked) {
    out.push_back(session);
  }
  return out;
}

std::string sessions_of(const status::StatusSnapshot& status, const page::PagePart& part,
                        ports::TimePoint now) {
  Html out;
  std::size_t count = 0;
  for (const auto* session : in_order(status, part)) {
    write_session(out, *session, now, count < kDetailed);
    ++count;
  }
  return out.str();
}

void write_choice(Html& out, const std::string& kind, const std::string& word, std::size_t count) {
  out.open("button", {{"type", "button"},
                      {"id", "state-" + kind},
                      {"data-state", kind},
                      {"data-count", std::to_string(count)}});
  out.text(word).element("b", {}, status::words::number(count)).close("button");
}

/// What the script filters by: each state, how many sessions are in it, and what takes in several.
std::string states_of(const status::StatusSnapshot& status) {
  std::array<std::size_t, status::kSessionStates.size()> counts{};
  std::size_t problems = 0;
  for (const auto& session : status.sessions) {
    const auto state = status::state_of(*session);
    ++counts.at(static_cast<std::size_t>(state));
    problems += status::is_problem(state) ? 1U : 0U;
  }
  Html out;
  write_choice(out, "all", "all", status.sessions.size());
  write_choice(out, "problems", "problems", problems);
  for (const auto state : status::kSessionStates) {
    write_choice(out, status::name_of(state), word_of(state),
                 counts.at(static_cast<std::size_t>(state)));
  }
  return out.str();
}

}  // namespace

std::string render_page(const status::StatusSnapshot& status, const page::PagePart& part,
                        ports::TimePoint now) {
  const auto findings = status::findings_of(status);
  const Values values{
      {"style", part.is_whole() ? element_of("style", "", kStyle) : ""},
      {"script", part.is_whole() ? element_of("script", " type=\"module\"", kScript) : ""},
      {"title", escape_html(findings.front().text + " · sessync")},
      {"tone", status::name_of(findings.front().tone)},
      {"version", escape_html(status.version)},
      {"id", escape_html(part.id)},
      {"part", part.is_whole() ? "whole" : "part"},
      {"now", observe::timestamp_in_seconds(now)},
      {"facts", facts_of(status, now)},
      {"verdict", verdict_of(findings)},
      {"states", states_of(status)},
      {"sessions", sessions_of(status, part, now)},
  };
  return fill(kTemplate, values);
}

std::string page_policy() {
  return "default-src 'none'; style-src " + source_of(kStyle) + "; script-src " +
         source_of(kScript) +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
}

}  // namespace sessync::page
