#include "daemon/http/client/http_client.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <curl/curl.h>

#include "daemon/http/client/transfer.h"
#include "daemon/http/client/wiping_memory.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/thread.h"

namespace sessync::http {
namespace {

constexpr ports::Duration kLongestLook = std::chrono::seconds(1);
constexpr ports::Duration kDeafLook = std::chrono::milliseconds(50);

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never set by us
  return value == nullptr ? "" : value;
}

/// The tool reads these; the library does not.
Transfer::Certificates certificates_from_environment() {
  Transfer::Certificates certificates;
  certificates.file = from_environment("CURL_CA_BUNDLE");
  if (!certificates.file.empty()) return certificates;
  certificates.directory = from_environment("SSL_CERT_DIR");
  certificates.file = from_environment("SSL_CERT_FILE");
  return certificates;
}

[[noreturn]] void refuse_curl(const std::string& why) {
  throw std::runtime_error("libcurl, which sends the requests, cannot be used: " + why);
}

void initialise_curl() {
  static std::once_flag once;
  static CURLcode code = CURLE_OK;
  std::call_once(once, [] {
    code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, wiping_free, wiping_realloc,
                                ::strdup, std::calloc);
  });
  if (code != CURLE_OK) refuse_curl(os::foreign_text(curl_easy_strerror(code)));
}

CURLM* make_multi(int most) {
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) refuse_curl("out of memory");
  const long connections = most;
  for (const auto option :
       {CURLMOPT_MAXCONNECTS, CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLMOPT_MAX_HOST_CONNECTIONS}) {
    if (const auto code = curl_multi_setopt(multi, option, connections); code != CURLM_OK) {
      curl_multi_cleanup(multi);
      refuse_curl(os::foreign_text(curl_multi_strerror(code)));
    }
  }
  return multi;
}

}  // namespace

struct HttpClient::State {
  struct Running {
    std::uint64_t id;
    std::unique_ptr<Transfer> transfer;
    Done done;
  };
  struct Finished {
    HttpOutcome outcome;
    Done done;
  };

  Limits limits;
  Transfer::Certificates certificates;
  CURLM* multi = nullptr;
  std::uint64_t last_id = 0;
  std::vector<Running> running;
  std::vector<Finished> finished;
  bool deaf = false;  ///< there was no descriptor to be woken up with

  /// What keeps it from being sent; "" if it is on its way.
  std::string begin(const Transfer& transfer) {
    if (auto problem = transfer.problem(); !problem.empty()) return problem;
    const CURLMcode code = curl_multi_add_handle(multi, transfer.easy());
    return code == CURLM_OK
               ? ""
               : "the request could not be begun: " + os::foreign_text(curl_multi_strerror(code));
  }

  Running take(std::vector<Running>::iterator which) {
    Running taken = std::move(*which);
    running.erase(which);
    curl_multi_remove_handle(multi, taken.transfer->easy());
    return taken;
  }

  void perform();
  void collect();
  void give_up_on_stuck();
  void deliver();
};

void HttpClient::State::perform() {
  int still_running = 0;
  curl_multi_perform(multi, &still_running);
  collect();
}

void HttpClient::State::collect() {
  int left = 0;
  while (CURLMsg* const message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Read before the handle is removed: the message dies with it.
    const CURLcode code = message->data.result;
    const auto found = std::ranges::find_if(running, [&](const Running& candidate) {
      return candidate.transfer->easy() == message->easy_handle;
    });
    if (found == running.end()) continue;
    Running ended = take(found);
    finished.push_back({ended.transfer->finish(code), std::move(ended.done)});
  }
}

void HttpClient::State::give_up_on_stuck() {
  const ports::TimePoint now = os::now_anchored();
  for (std::size_t i = running.size(); i-- > 0;) {
    if (!running[i].transfer->is_stuck(now)) continue;
    Running stuck = take(running.begin() + static_cast<std::ptrdiff_t>(i));
    finished.push_back({stuck.transfer->stop(HttpFailure::Kind::kNoAnswer, "the request timed out"),
                        std::move(stuck.done)});
  }
}

void HttpClient::State::deliver() {
  for (Finished& one : std::exchange(finished, {})) {
    os::guarded("an answer of the API", [&] { one.done(std::move(one.outcome)); });
    os::beat();
  }
}

HttpClient::HttpClient(const Limits& limits) : state_(std::make_unique<State>()) {
  initialise_curl();
  state_->limits = limits;
  state_->certificates = certificates_from_environment();
  state_->multi = make_multi(limits.connections);
  // Without words for it: all that follows is to look more often.
  state_->deaf = curl_multi_wakeup(state_->multi) != CURLM_OK;
}

HttpClient::~HttpClient() {
  while (!state_->running.empty()) state_->take(state_->running.begin());
  curl_multi_cleanup(state_->multi);
}

std::uint64_t HttpClient::start(HttpRequest request, Done done) {
  auto transfer =
      std::make_unique<Transfer>(std::move(request), state_->limits, state_->certificates);
  // Nothing may be thrown once libcurl has it.
  if (state_->running.size() == state_->running.capacity()) {
    state_->running.reserve(2 * state_->running.size() + 1);
  }
  if (auto problem = state_->begin(*transfer); !problem.empty()) {
    HttpOutcome unsent;
    unsent.failure = HttpFailure{HttpFailure::Kind::kNotSent, std::move(problem)};
    state_->finished.push_back({std::move(unsent), std::move(done)});
    return ++state_->last_id;
  }
  state_->running.push_back({++state_->last_id, std::move(transfer), std::move(done)});
  return state_->last_id;
}

void HttpClient::abort(std::uint64_t id) {
  const auto found = std::ranges::find_if(
      state_->running, [id](const State::Running& candidate) { return candidate.id == id; });
  if (found == state_->running.end()) return;
  State::Running aborted = state_->take(found);
  state_->finished.push_back(
      {aborted.transfer->stop(HttpFailure::Kind::kAborted, "stopped before it was finished"),
       std::move(aborted.done)});
}

void HttpClient::run(ports::Duration max_wait) {
  State& state = *state_;
  state.perform();
  if (state.finished.empty()) {
    const ports::Duration look = std::min(state.limits.no_progress / 4, kLongestLook);
    const ports::Duration awake = state.running.empty() ? max_wait : std::min(max_wait, look);
    const ports::Duration wait = state.deaf ? std::min(awake, kDeafLook) : awake;
    curl_multi_poll(state.multi, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    state.perform();
  }
  state.give_up_on_stuck();
  state.deliver();
  os::beat();
}

void HttpClient::wake() { curl_multi_wakeup(state_->multi); }

}  // namespace sessync::http
