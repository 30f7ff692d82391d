#include "daemon/serve/documents.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "daemon/http/server/reply_writer.h"
#include "daemon/serve/json_text.h"
#include "daemon/serve/status_json.h"

namespace sessync::serve {
namespace {

using Clock = CachedText::Clock;

/// Until when a text that was asked for at `start` and is ready now is fresh.
Clock::time_point fresh_until(Clock::time_point start) {
  constexpr int kShare = 20;
  const auto now = Clock::now();
  return now + std::max<Clock::duration>(std::chrono::milliseconds(200), kShare * (now - start));
}

}  // namespace

const std::shared_ptr<const std::string>& CachedText::get(
    const std::function<std::string()>& render) {
  const auto start = Clock::now();
  if (text_ == nullptr || start >= until_) {
    text_ = std::make_shared<const std::string>(render());
    until_ = fresh_until(start);
  }
  return text_;
}

Documents::Documents(const status::StatusBoard& board, Renderers renderers)
    : board_(board),
      renderers_(std::move(renderers)),
      started_(std::to_string(board.snapshot().started_at.time_since_epoch().count())) {}

std::string Documents::id(std::uint64_t revision) const {
  return started_ + "-" + std::to_string(revision);
}

std::optional<std::uint64_t> Documents::parse_id(const std::string& id) const {
  if (!id.starts_with(started_ + "-")) {
    return std::nullopt;
  }
  std::uint64_t revision = 0;
  const auto* last = id.data() + id.size();
  const auto [end, error] = std::from_chars(id.data() + started_.size() + 1, last, revision);
  return error == std::errc() && end == last ? std::optional(revision) : std::nullopt;
}

const std::string& Documents::fragment(const status::SessionStatus& session) {
  auto& found = fragments_[session.name];
  if (found.text.empty() || found.revision != session.revision) {
    found = {session.revision, session_document(session)};
  }
  return found.text;
}

Document Documents::render_status() {
  const auto snapshot = board_.snapshot();
  if (fragments_.size() > snapshot.sessions.size()) {
    fragments_.clear();
  }
  std::vector<const std::string*> sessions;
  sessions.reserve(snapshot.sessions.size());
  for (const auto& session : snapshot.sessions) {
    sessions.push_back(&fragment(*session));
  }
  return {std::make_shared<const std::string>(status_document(snapshot, sessions)),
          snapshot.revision};
}

Document Documents::status(std::uint64_t since) {
  const std::lock_guard lock(mutex_);
  return current(since);
}

Document Documents::current(std::uint64_t since) {
  const auto start = Clock::now();
  if (status_.text != nullptr && status_.revision >= since && start < status_until_) {
    return status_;
  }
  constexpr auto kNoSessions = std::numeric_limits<std::uint64_t>::max();
  if (status_.text == nullptr || board_.snapshot(kNoSessions).revision != status_.revision) {
    status_ = render_status();
  }
  status_until_ = fresh_until(start);
  return status_;
}

std::shared_ptr<const std::string> Documents::whole_page(std::uint64_t at_least) {
  if (page_revision_ < at_least) {
    page_.expire();
  }
  return page_.get([this] {
    const auto status = board_.snapshot();
    page_revision_ = status.revision;
    return renderers_.page(status, {id(status.revision), {}, {}});
  });
}

std::shared_ptr<const std::string> Documents::page(std::uint64_t at_least) {
  const std::lock_guard lock(mutex_);
  return whole_page(at_least);
}

std::shared_ptr<const std::string> Documents::page_since(const std::string& id,
                                                         std::uint64_t at_least) {
  const std::lock_guard lock(mutex_);
  const auto since = parse_id(id);
  const auto start = Clock::now();
  // What is said to somebody who missed more is true for this one as well.
  const auto known = std::ranges::find_if(parts_, [&](const Part& part) {
    return start < part.until && since && part.since <= *since && *since <= part.page.revision &&
           part.page.revision >= at_least;
  });
  if (known != parts_.end()) {
    return known->page.text;
  }
  const auto status = board_.snapshot();
  const bool is_told = since && *since <= status.revision && *since >= status.left_since;
  const auto place = std::ranges::find_if(parts_, [&](const Part& p) { return start >= p.until; });
  if (!is_told || place == parts_.end()) {
    return whole_page(at_least);
  }
  const auto text = renderers_.page(status, {this->id(status.revision), since, {}});
  *place = {
      *since, {std::make_shared<const std::string>(text), status.revision}, fresh_until(start)};
  return place->page.text;
}

std::shared_ptr<const std::string> Documents::page_of(const std::string& session) {
  const auto status = board_.snapshot();
  return std::make_shared<const std::string>(
      renderers_.page(status, {id(status.revision), {}, session}));
}

std::shared_ptr<const std::string> Documents::metrics() {
  const std::lock_guard lock(metrics_mutex_);
  return metrics_.get(renderers_.metrics);
}

std::shared_ptr<const std::string> Documents::packed(const Text& text) {
  const std::lock_guard lock(packed_mutex_);
  const auto found = std::ranges::find(packed_, text, &std::pair<Text, Text>::first);
  if (found != packed_.end()) {
    return found->second;
  }
  auto& place = packed_.at(next_packed_++ % packed_.size());
  place = {text, std::make_shared<const std::string>(http::gzipped(*text))};
  return place.second;
}

void Documents::expire() {
  const std::lock_guard lock(mutex_);
  status_until_ = {};
  page_.expire();
  parts_ = {};
}

/// JSON has no line breaks, so one line of data is all of it.
std::string Documents::event(const char* kind, const std::string& data,
                             std::uint64_t revision) const {
  std::string text = "event: ";
  text.append(kind).append("\nid: ").append(id(revision)).append("\ndata: ").append(data);
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text + "\n\n";
}

std::string Documents::names_event(const char* kind, const std::vector<std::string>& names,
                                   std::uint64_t revision) const {
  if (names.empty()) {
    return {};
  }
  JsonText json;
  json.array();
  std::ranges::for_each(names, [&](const auto& name) { json.text(name); });
  return event(kind, json.end_array().take(), revision);
}

/// Every pass that begins would say all of its session again, so that is told by name alone.
std::string Documents::events_since(std::uint64_t since, const status::StatusSnapshot& snapshot,
                                    const std::string& manifest) {
  std::string text;
  if (!manifest.empty()) {
    text += event("manifest", manifest, snapshot.revision);
  }
  std::vector<std::string> working;
  for (const auto& session : snapshot.sessions) {
    if (session->written > since) {
      text += event("session", fragment(*session), snapshot.revision);
    } else {
      working.push_back(session->name);
    }
  }
  return text + names_event("working", working, snapshot.revision) +
         names_event("left", snapshot.left, snapshot.revision);
}

Document Documents::changes(std::uint64_t since) {
  const std::lock_guard lock(mutex_);
  const auto snapshot = board_.snapshot(since);
  auto manifest = manifest_document(snapshot);
  const bool is_news = manifest != manifest_;
  manifest_ = manifest;
  auto text = events_since(since, snapshot, is_news ? manifest : std::string());
  if (text.empty()) {
    return {nullptr, snapshot.revision};
  }
  return {std::make_shared<const std::string>(std::move(text)), snapshot.revision};
}

Document Documents::beginning(const std::string& last_event, std::uint64_t at_least) {
  const std::lock_guard lock(mutex_);
  if (const auto known = parse_id(last_event)) {
    const auto snapshot = board_.snapshot(*known);
    if (*known <= snapshot.revision && *known >= snapshot.left_since) {
      const auto manifest = manifest_document(snapshot);
      return {std::make_shared<const std::string>(events_since(*known, snapshot, manifest)),
              snapshot.revision};
    }
  }
  const auto whole = current(at_least);
  if (beginning_.text == nullptr || beginning_.revision != whole.revision) {
    beginning_ = {std::make_shared<const std::string>(event("status", *whole.text, whole.revision)),
                  whole.revision};
  }
  return beginning_;
}

}  // namespace sessync::serve
