// Scripts of requests to the API double: it refuses what it does not take and breaks on nothing,
// and our decoders read every answer that it gives.

#include <charconv>
#include <map>

#include <nlohmann/json.hpp>

#include "daemon/api/wire/wire.h"
#include "tests/double/http/http_core.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

using Json = nlohmann::json;
using skin::Core;
using skin::Reply;
using skin::Request;

/// The ids that the double handed out last: scripts say $s, $f and $r for them.
struct Ids {
  std::map<char, std::string> last{{'s', "sesn_x"}, {'f', "file_x"}, {'r', "sesrsc_x"}};

  [[nodiscard]] std::string resolve(std::string_view text) const {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto id = text[i] == '$' && i + 1 < text.size() ? last.find(text[i + 1]) : last.end();
      if (id == last.end()) {
        result += text[i];
      } else {
        result += id->second;
        ++i;
      }
    }
    return result;
  }

  void note(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("id") || !json["id"].is_string()) return;
    const auto id = json["id"].get<std::string>();
    if (id.starts_with("sesn_")) last['s'] = id;
    if (id.starts_with("file_")) last['f'] = id;
    if (id.starts_with("sesrsc_")) last['r'] = id;
  }
};

void add_query(std::string_view text, Request& request) {
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    request.query.emplace(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
}

/// "METHOD path?query", and what follows a blank is the body, or the name of the uploaded file.
Request request_of(const std::string& line) {
  Request request;
  const auto first = std::min(line.find(' '), line.size());
  const auto second = std::min(line.find(' ', first + 1), line.size());
  request.method = line.substr(0, first);
  const std::string target = line.substr(std::min(first + 1, line.size()), second - first - 1);
  const auto question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  add_query(std::string_view(target).substr(std::min(question + 1, target.size())), request);
  request.body = line.substr(std::min(second + 1, line.size()));
  request.headers = {{"x-api-key", "k"},
                     {"anthropic-version", "2023-06-01"},
                     {"anthropic-beta", "managed-agents-2026-04-01"}};
  if (request.method == "UPLOAD") {
    request.method = "POST";
    request.headers["content-type"] = "multipart/form-data; boundary=x";
    request.file = {request.body, "text/plain", model::Content::of(request.body)};
    request.body.clear();
  }
  return request;
}

template <class T>
bool reads(api::Parsed<T> (*parse)(std::string_view), const std::string& body) {
  const auto value = parse(body);
  if (!value) std::fprintf(stderr, "%s: %s\n", value.error().c_str(), body.c_str());
  return value.has_value();
}

bool is_read(Operation operation, const std::string& body) {
  switch (operation) {
    case Operation::kUpload:
    case Operation::kGetFile:
      return reads(&api::parse_file, body);
    case Operation::kListFiles:
    case Operation::kFindFiles:
    case Operation::kListSessionFiles:
      return reads(&api::parse_file_page, body);
    case Operation::kCreateSession:
      return reads(&api::parse_created_session, body);
    case Operation::kGetSession:
    case Operation::kUpdateSession:
    case Operation::kArchiveSession:
      return reads(&api::parse_session, body);
    case Operation::kListSessions:
      return reads(&api::parse_session_page, body);
    case Operation::kListEvents:
      return reads(&api::parse_fault_page, body);
    case Operation::kAddResource:
      return reads(&api::parse_added_file, body);
    case Operation::kListResources:
      return reads(&api::parse_resource_page, body);
    case Operation::kGetResource:
    case Operation::kRotateToken:
      return reads(&api::parse_resource, body);
    default:
      return true;
  }
}

void check_reply(const skin::Call& call, const Reply& reply) {
  const bool known = reply.status == 200 || (reply.status >= 400 && reply.status < 500);
  require(known, "the double answers or refuses");
  if (reply.status != 200) {
    const auto error = api::parse_error_body(reply.body);
    require(error && !error->type.empty() && !error->message.empty(), "a refusal is an envelope");
    return;
  }
  require(is_read(call.route.operation, reply.body), "our decoders read every answer");
}

void run(Core& core, const std::string& line, Ids& ids) {
  const Request request = request_of(ids.resolve(line));
  if (request.path.starts_with("/_double/")) {
    control(core, request);
    return;
  }
  const skin::Call call = core.open(request);
  const bool fault = call.fault.has_value();
  const Reply reply = core.finish(call, request);
  if (fault || call.route.operation == Operation::kStreamEvents) return;
  check_reply(call, reply);
  ids.note(reply.body);
}

}  // namespace
}  // namespace sessync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync::fuzz;
  constexpr int kMostLines = 40;
  Input input(data, size);
  // What it does follows from its input alone.
  sessync::ports::TimePoint now = sessync::ports::TimePoint{} + std::chrono::hours(24 * 365 * 50);
  Core core(1, "", [&now] { return now += std::chrono::milliseconds(1); });
  Ids ids;
  for (int i = 0; i < kMostLines && !input.empty(); ++i) run(core, std::string(input.line()), ids);
  return 0;
}
