#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/client/http_message.h"

namespace sessync::http {

/// One request on one libcurl easy handle: sets it up, feeds it, collects the answer. The handles
/// are void so that no curl header is needed to hold a transfer.
class Transfer {
 public:
  struct Certificates {
    std::string file;
    std::string directory;
  };

  Transfer(HttpRequest request, const HttpLimits& limits, const Certificates& certificates);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  [[nodiscard]] void* easy() const { return easy_; }

  /// Why it must not be sent: something of it could not be set, and libcurl would send another
  /// request in its place (without the key, as a GET, through redirects). "" if nothing is wrong.
  [[nodiscard]] std::string problem() const;

  /// Looks at the progress made since the last look. True: too little for too long, give up.
  bool is_stuck(ports::TimePoint now);

  /// The outcome; `code` is libcurl's. Call it once, when the transfer is out of the multi handle.
  HttpOutcome finish(int code);
  /// The outcome when we gave up or were told to.
  HttpOutcome stop(HttpFailure::Kind kind, const std::string& message);

 private:
  struct Callbacks;

  template <class Value>
  void set(int option, Value value);
  void note(int code);
  void add_header(std::string_view name, std::string_view value);
  void set_up_common(const HttpLimits& limits, const Certificates& certificates);
  void set_up_callbacks();
  void set_up_headers();
  void set_up_method();
  void set_up_upload();
  bool take_answer(std::string_view bytes);
  bool feed_sink(std::string_view bytes);
  [[nodiscard]] std::uint64_t progress() const;
  [[nodiscard]] bool is_answer_due() const;
  bool is_dripping(ports::TimePoint now);
  [[nodiscard]] bool is_encoded() const;
  [[nodiscard]] bool is_unfinished() const;
  [[nodiscard]] bool is_answered_early() const;
  [[nodiscard]] bool surely_without_effect() const;
  [[nodiscard]] HttpFailure failure_of(int code) const;
  [[nodiscard]] std::string words_of_curl(int code) const;
  void measure(HttpOutcome& outcome) const;

  HttpRequest request_;
  HttpLimits limits_;
  void* easy_;
  void* header_list_ = nullptr;
  void* mime_ = nullptr;
  int setup_ = 0;  ///< libcurl's first error while it was set up
  std::array<char, 256> error_text_{};

  HttpAnswer answer_;
  std::size_t header_bytes_ = 0;
  std::uint64_t uploaded_ = 0;  ///< content bytes handed to libcurl
  std::uint64_t received_ = 0;  ///< content bytes handed to the sink
  std::optional<ports::ApiError> source_error_;
  std::optional<std::string> sink_error_;
  bool connected_ = false;
  bool replay_refused_ = false;
  bool answer_too_long_ = false;

  ports::TimePoint started_;
  ports::TimePoint answer_due_from_;
  ports::TimePoint progressed_at_;
  std::uint64_t last_progress_ = 0;
  ports::TimePoint span_began_;
  std::uint64_t received_before_span_ = 0;
};

}  // namespace sessync::http
