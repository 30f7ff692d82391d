#include <utility>

#include "daemon/api/calls/api_caller.h"
#include "daemon/api/calls/calls.h"
#include "daemon/api/calls/listing.h"
#include "daemon/api/http_session_api.h"
#include "daemon/api/wire/answer_match.h"
#include "daemon/api/wire/wire.h"
#include "daemon/http/client/url.h"

// The calls about sessions as a whole, and what an agent leaves behind.
namespace sessync::api {
namespace {

using Method = http::HttpRequest::Method;

constexpr const char* kFaultQuery = "/events?types%5B%5D=session.error&order=asc";

ports::SessionInfo& info_of(ports::SessionInfo& session) { return session; }
ports::SessionInfo& info_of(ports::CreatedSession& created) { return created.info; }

/// A call whose answer is a session, which takes its organization from the headers.
/// `id`: of the session that must answer; "": of any.
template <class T>
void ask_for_session(ApiCaller& caller, ApiCall call, const std::string& id,
                     Parsed<T> (*parse)(std::string_view), ports::Completion<T> done) {
  const CallContext context = caller.context_of(call);
  caller.submit(std::move(call), [context, id, parse,
                                  done = std::move(done)](ports::Result<http::HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    auto session = parse(answer->body);
    const std::string problem = session ? problem_of(info_of(*session), id) : session.error();
    if (!problem.empty()) {
      return done(tl::unexpected(unusable_answer(*answer, context, problem)));
    }
    take_headers(info_of(*session), *answer);
    done(std::move(*session));
  });
}

/// A list of any number of rows.
template <class Row>
void read_list(const std::shared_ptr<ApiCaller>& caller, ApiCall call,
               typename Listing<Row>::Parse parse, ports::Completion<std::vector<Row>> done) {
  call.max_answer_bytes = kLongAnswer;
  std::make_shared<Listing<Row>>(caller, std::move(call), parse, std::move(done))->start();
}

}  // namespace

void HttpSessionApi::get_session(std::string session_id,
                                 ports::Completion<ports::SessionInfo> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call = make_call("get_session", Method::kGet, Lane::kReads, session_path(session_id));
  call.max_answer_bytes = kLongAnswer;  // all resources and the agent are embedded
  ask_for_session(*caller_, std::move(call), session_id, &parse_session, std::move(done));
}

void HttpSessionApi::list_sessions(ports::Completion<std::vector<ports::SessionInfo>> done) {
  read_list(caller_,
            make_call("list_sessions", Method::kGet, Lane::kReads,
                      "/v1/sessions?include_archived=true&limit=100"),
            &parse_session_page, std::move(done));
}

void HttpSessionApi::list_faults(std::string session_id, std::string since,
                                 ports::Completion<std::vector<ports::SessionFault>> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  std::string target = session_path(session_id) + kFaultQuery;
  if (!since.empty()) target += "&created_at%5Bgt%5D=" + http::percent_encode(since);
  read_list(caller_, make_call("list_events", Method::kGet, Lane::kReads, std::move(target)),
            &parse_fault_page, std::move(done));
}

void HttpSessionApi::list_uploads(ports::Completion<std::vector<ports::FileMetadata>> done) {
  read_list(caller_, make_call("list_uploads", Method::kGet, Lane::kFiles, "/v1/files?limit=1000"),
            &parse_file_page, std::move(done));
}

void HttpSessionApi::download(std::string file_id, std::shared_ptr<ports::ContentSink> sink,
                              ports::Completion<ports::Done> done) {
  if (auto bad = check_id(file_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call =
      make_call("download", Method::kGet, Lane::kDownloads, file_path(file_id) + "/content");
  call.sink = std::move(sink);
  const CallContext context = caller_->context_of(call);
  caller_->submit(
      std::move(call), [context, done = std::move(done)](ports::Result<http::HttpAnswer> answer) {
        if (!answer) return done(tl::unexpected(std::move(answer.error())));
        if (answer->status == 200) return done(ports::Done{});
        done(tl::unexpected(unusable_answer(*answer, context, "it is not the whole content")));
      });
}

void HttpSessionApi::rotate_token(ports::TokenUpdate update, ports::Completion<ports::Done> done) {
  auto call = rotate_token_call(update);
  if (!call) return caller_->refuse(std::move(done), std::move(call.error()));
  caller_->submit(std::move(*call), ignoring_body(std::move(done)));
}

void HttpSessionApi::create_session(ports::NewSession request,
                                    ports::Completion<ports::CreatedSession> done) {
  auto call = create_session_call(request);
  if (!call) return caller_->refuse(std::move(done), std::move(call.error()));
  ask_for_session(*caller_, std::move(*call), "", &parse_created_session, std::move(done));
}

void HttpSessionApi::update_session(ports::SessionUpdate update,
                                    ports::Completion<ports::SessionInfo> done) {
  auto call = update_session_call(update);
  if (!call) return caller_->refuse(std::move(done), std::move(call.error()));
  ask_for_session(*caller_, std::move(*call), update.session_id, &parse_session, std::move(done));
}

}  // namespace sessync::api
