#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/serve/page/page.h"
#include "daemon/status/board.h"

namespace sessync::serve {

/// A text as of a revision of the board. Shared with whoever is still being sent it; never changed.
struct Document {
  std::shared_ptr<const std::string> text;
  std::uint64_t revision = 0;
};

/// One text that many ask for: rendered anew when it is asked for and old enough, so that rendering
/// costs little however often that is. One thread at a time.
class CachedText {
 public:
  using Clock = std::chrono::steady_clock;

  /// The text, by `render` unless the last is younger than 200 ms, or than twenty times what
  /// rendering it took.
  const std::shared_ptr<const std::string>& get(const std::function<std::string()>& render);
  /// Whether get() would give the text that is there.
  [[nodiscard]] bool fresh() const { return Clock::now() < until_; }
  /// The next get() renders.
  void expire() { until_ = {}; }

 private:
  std::shared_ptr<const std::string> text_;
  Clock::time_point until_;
};

/// What the server says, rendered as seldom as possible: a session once for each of its revisions,
/// a document when it is asked for and something changed. So nobody costs the daemon more by asking
/// more often, and thousands of sessions are not rendered for each follower. Any thread; two who
/// ask at once wait for one rendering. What is given out may be up to 200 ms old (longer, if
/// rendering takes long), but never older than `at_least`.
class Documents {
 public:
  /// Each is called with a lock held: it must not call back.
  struct Renderers {
    std::function<std::string()> metrics;
    std::function<std::string(const status::StatusSnapshot&, const page::PagePart&)> page;
  };

  /// The board must outlive it.
  Documents(const status::StatusBoard& board, Renderers renderers);

  /// The status; at least of the revision `since`.
  Document status(std::uint64_t since = 0);
  /// In Prometheus' text format.
  std::shared_ptr<const std::string> metrics();

  /// The page; at least of the revision `at_least`.
  std::shared_ptr<const std::string> page(std::uint64_t at_least);
  /// Its verdict, and the rows that changed since the revision that `id` names; all of it if that
  /// is of no revision of this daemon, or of one so old that nobody knows what left since.
  std::shared_ptr<const std::string> page_since(const std::string& id, std::uint64_t at_least);
  /// Its verdict, and the row of this session with everything in it, as they are now.
  std::shared_ptr<const std::string> page_of(const std::string& session);

  /// A document that was given out lately, as gzip; packed once, however many ask.
  std::shared_ptr<const std::string> packed(const std::shared_ptr<const std::string>& text);

  /// What changed since `since`, as server-sent events: `manifest` (all but the sessions),
  /// `session` (one of them), `working` and `left` (names of sessions of which a pass began, and of
  /// such as are there no more). `text` is null if nothing did.
  Document changes(std::uint64_t since);
  /// The events that a stream starts with: all of the status, or what changed since `last_event`,
  /// the id of an event that this daemon sent.
  Document beginning(const std::string& last_event, std::uint64_t at_least);

  /// Whoever asks next sees what is true now.
  void expire();

  /// Names a revision of this daemon, among all daemons: "START-REVISION", in digits. The ids of
  /// events and of the page's data-id; ETag quotes it.
  [[nodiscard]] std::string id(std::uint64_t revision) const;

 private:
  struct Fragment {
    std::uint64_t revision = 0;
    std::string text;
  };

  // With mutex_ held:
  const std::string& fragment(const status::SessionStatus& session);
  Document render_status();
  std::shared_ptr<const std::string> whole_page(std::uint64_t at_least);
  Document current(std::uint64_t since);
  [[nodiscard]] std::string event(const char* kind, const std::string& data,
                                  std::uint64_t revision) const;
  [[nodiscard]] std::string names_event(const char* kind, const std::vector<std::string>& names,
                                        std::uint64_t revision) const;
  /// `manifest`: its document, if that is to be told too.
  std::string events_since(std::uint64_t since, const status::StatusSnapshot& snapshot,
                           const std::string& manifest);
  [[nodiscard]] std::optional<std::uint64_t> parse_id(const std::string& id) const;

  const status::StatusBoard& board_;
  Renderers renderers_;
  std::string started_;

  std::mutex mutex_;                           ///< of what stands below it, up to the next
  std::map<std::string, Fragment> fragments_;  ///< session → its part of the document
  Document status_;
  Document beginning_;  ///< that status as an event
  CachedText::Clock::time_point status_until_;
  CachedText page_;
  std::uint64_t page_revision_ = 0;
  struct Part {
    std::uint64_t since = 0;
    Document page;
    CachedText::Clock::time_point until;
  };
  /// Who follows asks since the revision before, so all ask for the same. When all of these are
  /// fresh, others are shown the whole: rendering costs little, whatever is asked for.
  std::array<Part, 4> parts_;
  std::string manifest_;  ///< as it was last told to those who follow
  using Text = std::shared_ptr<const std::string>;
  std::mutex packed_mutex_;
  std::array<std::pair<Text, Text>, 6> packed_;  ///< plain and packed
  std::size_t next_packed_ = 0;
  std::mutex metrics_mutex_;
  CachedText metrics_;
};

}  // namespace sessync::serve
