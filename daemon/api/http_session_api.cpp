#include "daemon/api/http_session_api.h"

#include <utility>
#include <variant>

#include "daemon/api/api_caller.h"
#include "daemon/api/file_search.h"
#include "daemon/api/listing.h"
#include "daemon/api/url.h"
#include "daemon/api/wire.h"

namespace sessync {
namespace {

using Method = HttpRequest::Method;

constexpr std::size_t kLongAnswer = std::size_t{64} << 20;

ApiCall make_call(std::string_view operation, Method method, Lane lane, std::string target) {
  ApiCall call;
  call.operation = operation;
  call.method = method;
  call.lane = lane;
  call.target = std::move(target);
  return call;
}

std::string session_path(const std::string& session_id) {
  return "/v1/sessions/" + percent_encode(session_id);
}

std::string resource_path(const std::string& session_id, const std::string& resource_id) {
  return session_path(session_id) + "/resources/" + percent_encode(resource_id);
}

std::string file_path(const std::string& file_id) { return "/v1/files/" + percent_encode(file_id); }

Lane lane_of(Permit permit) {
  return permit == Permit::kReserved ? Lane::kReservedWrites : Lane::kWrites;
}

ApiError invalid(std::string message) {
  ApiError error;
  error.kind = ApiError::Kind::kInvalid;
  error.message = std::move(message);
  return error;
}

ApiError bad_id(const std::string& id) {
  return invalid("not sent: \"" + excerpt(id) + "\" is not an id");
}

/// Any 2xx says that it is gone, whatever the body says.
Completion<HttpAnswer> ignoring_body(Completion<Done> done) {
  return [done = std::move(done)](Result<HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    done(Done{});
  };
}

}  // namespace

std::string key_of(const FileMetadata& file) { return file.file_id; }

std::string key_of(const ResourceRow& row) {
  // A prefix, so that ids of different kinds never meet.
  const auto tagged = [](char tag, const std::string& id) { return id.empty() ? id : tag + id; };
  if (const auto* const store = std::get_if<MemoryStoreRow>(&row)) {
    return tagged('m', store->memory_store_id);
  }
  if (const auto* const file = std::get_if<FileRow>(&row)) return tagged('r', file->resource_id);
  if (const auto* const repository = std::get_if<RepositoryRow>(&row)) {
    return tagged('r', repository->resource_id);
  }
  return tagged('r', std::get<OpaqueRow>(row).resource_id);
}

HttpSessionApi::HttpSessionApi(ApiThread& api, CompletionQueue& queue)
    : caller_(std::make_shared<ApiCaller>(api, queue)) {}

HttpSessionApi::~HttpSessionApi() { caller_->close(); }

void HttpSessionApi::list_resources(std::string session_id,
                                    Completion<std::vector<ResourceRow>> done) {
  if (!is_path_segment(session_id)) return caller_->refuse(std::move(done), bad_id(session_id));
  // No limit: then the API answers with all resources, and no cursor can go stale.
  ApiCall call = make_call("list_resources", Method::kGet, Lane::kReads,
                           session_path(session_id) + "/resources");
  call.max_answer_bytes = kLongAnswer;
  std::make_shared<Listing<ResourceRow>>(caller_, std::move(call), &parse_resource_page,
                                         std::move(done))
      ->start();
}

void HttpSessionApi::get_resource(std::string session_id, std::string resource_id,
                                  Completion<ResourceRow> done) {
  if (!is_path_segment(session_id)) return caller_->refuse(std::move(done), bad_id(session_id));
  if (!is_path_segment(resource_id)) return caller_->refuse(std::move(done), bad_id(resource_id));
  caller_->ask(
      make_call("get_resource", Method::kGet, Lane::kReads, resource_path(session_id, resource_id)),
      &parse_resource, std::move(done));
}

void HttpSessionApi::get_session(std::string session_id, Completion<SessionInfo> done) {
  if (!is_path_segment(session_id)) return caller_->refuse(std::move(done), bad_id(session_id));
  ApiCall call = make_call("get_session", Method::kGet, Lane::kReads, session_path(session_id));
  call.max_answer_bytes = kLongAnswer;  // all resources and the agent are embedded
  const CallContext context = caller_->context_of(call);
  caller_->submit(std::move(call), [context, done = std::move(done)](Result<HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    auto session = parse_session(answer->body);
    if (!session) {
      return done(tl::unexpected(unusable_answer(*answer, context, session.error())));
    }
    session->organization_id = answer->headers["anthropic-organization-id"];
    done(std::move(*session));
  });
}

void HttpSessionApi::list_session_files(std::string session_id,
                                        Completion<std::vector<FileMetadata>> done) {
  if (!is_path_segment(session_id)) return caller_->refuse(std::move(done), bad_id(session_id));
  ApiCall call = make_call("list_files", Method::kGet, Lane::kFiles,
                           "/v1/files?scope_id=" + percent_encode(session_id) + "&limit=1000");
  call.max_answer_bytes = kLongAnswer;
  std::make_shared<Listing<FileMetadata>>(caller_, std::move(call), &parse_file_page,
                                          std::move(done))
      ->start();
}

void HttpSessionApi::get_file(std::string file_id, Completion<FileMetadata> done) {
  if (!is_path_segment(file_id)) return caller_->refuse(std::move(done), bad_id(file_id));
  caller_->ask(make_call("get_file", Method::kGet, Lane::kFiles, file_path(file_id)), &parse_file,
               std::move(done));
}

void HttpSessionApi::find_files(std::vector<std::string> file_ids,
                                Completion<std::vector<FileMetadata>> done) {
  std::make_shared<FileSearch>(caller_, std::move(done))->start(file_ids);
}

void HttpSessionApi::upload(UploadRequest request, Completion<FileMetadata> done) {
  caller_->hand_over([request = std::move(request), done = std::move(done)](
                         ApiEngine& engine, ApiCaller::Deliver deliver) {
    engine.upload(request, ApiCaller::delivering(std::move(deliver), done));
  });
}

void HttpSessionApi::delete_file(std::string file_id, Completion<Done> done) {
  if (!is_path_segment(file_id)) return caller_->refuse(std::move(done), bad_id(file_id));
  caller_->submit(make_call("delete_file", Method::kDelete, Lane::kFiles, file_path(file_id)),
                  ignoring_body(std::move(done)));
}

void HttpSessionApi::reserve_writes(int permits, std::function<void()> ready) {
  caller_->hand_over(
      [permits, ready = std::move(ready)](ApiEngine& engine, const ApiCaller::Deliver& deliver) {
        engine.reserve_writes(permits, [ready, deliver] { deliver(ready); });
      });
}

void HttpSessionApi::add_file(AddFile request, Permit permit, Completion<FileRow> done) {
  if (!is_path_segment(request.session_id)) {
    return caller_->refuse(std::move(done), bad_id(request.session_id));
  }
  auto body = add_file_body(request);
  if (!body) return caller_->refuse(std::move(done), invalid("not sent: " + body.error()));
  ApiCall call = make_call("add_resource", Method::kPost, lane_of(permit),
                           session_path(request.session_id) + "/resources");
  call.body = std::move(*body);
  caller_->ask(std::move(call), &parse_added_file, std::move(done));
}

void HttpSessionApi::delete_resource(std::string session_id, std::string resource_id, Permit permit,
                                     Completion<Done> done) {
  if (!is_path_segment(session_id)) return caller_->refuse(std::move(done), bad_id(session_id));
  if (!is_path_segment(resource_id)) return caller_->refuse(std::move(done), bad_id(resource_id));
  caller_->submit(make_call("delete_resource", Method::kDelete, lane_of(permit),
                            resource_path(session_id, resource_id)),
                  ignoring_body(std::move(done)));
}

void HttpSessionApi::list_uploads(Completion<std::vector<FileMetadata>> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::list_sessions(Completion<std::vector<SessionInfo>> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::list_faults(std::string /*session_id*/, std::string /*since*/,
                                 Completion<std::vector<SessionFault>> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::download(std::string /*file_id*/, std::shared_ptr<ContentSink> /*sink*/,
                              Completion<Done> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::rotate_token(TokenUpdate /*update*/, Completion<Done> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::create_session(NewSession /*request*/, Completion<CreatedSession> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

void HttpSessionApi::update_session(SessionUpdate /*update*/, Completion<SessionInfo> done) {
  caller_->refuse(std::move(done), invalid("not there yet"));
}

}  // namespace sessync
