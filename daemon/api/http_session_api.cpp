#include "daemon/api/http_session_api.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "daemon/api/calls/api_caller.h"
#include "daemon/api/calls/calls.h"
#include "daemon/api/calls/listing.h"
#include "daemon/api/wire/answer_match.h"
#include "daemon/api/wire/wire.h"
#include "daemon/http/client/url.h"
#include "daemon/os/foreign_text.h"

namespace sessync::api {
namespace {

using Method = http::HttpRequest::Method;

Lane lane_of(ports::Permit permit) {
  return permit == ports::Permit::kReserved ? Lane::kReservedWrites : Lane::kWrites;
}

constexpr std::size_t kMostIds = 100;

using FilePage = Page<ports::FileMetadata>;

/// A server that does not know `ids[]` answers with some other list, in which what was asked for
/// seems to be missing.
std::string problem_of_search(const FilePage& page, const std::set<std::string>& asked) {
  if (!page.next.empty()) return "it has more pages than a search by id can have";
  const bool foreign = std::ranges::any_of(
      page.rows, [&](const ports::FileMetadata& file) { return !asked.contains(file.file_id); });
  return foreign ? "it lists files that were not asked for" : "";
}

}  // namespace

std::string key_of(const ports::FileMetadata& file) { return file.file_id; }

std::string key_of(const ports::SessionInfo& session) { return session.session_id; }

std::string key_of(const ports::SessionFault& fault) { return fault.event_id; }

void take_headers(ports::SessionInfo& session, const http::HttpAnswer& answer) {
  const auto found = answer.headers.find("anthropic-organization-id");
  if (found != answer.headers.end()) session.organization_id = os::foreign_text(found->second);
}

void take_headers(ports::FileMetadata& file, const http::HttpAnswer& answer) {
  file.answered_at = date_of(answer);
}

std::string key_of(const ports::ResourceRow& row) {
  // A prefix, so that ids of different kinds never meet.
  const auto tagged = [](char tag, const std::string& id) { return id.empty() ? id : tag + id; };
  if (const auto* const store = std::get_if<ports::MemoryStoreRow>(&row)) {
    return tagged('m', store->memory_store_id);
  }
  if (const auto* const file = std::get_if<ports::FileRow>(&row))
    return tagged('r', file->resource_id);
  if (const auto* const repository = std::get_if<ports::RepositoryRow>(&row)) {
    return tagged('r', repository->resource_id);
  }
  return tagged('r', std::get<ports::OpaqueRow>(row).resource_id);
}

HttpSessionApi::HttpSessionApi(ApiThread& api, os::CompletionQueue& queue)
    : caller_(std::make_shared<ApiCaller>(api, queue)) {}

HttpSessionApi::~HttpSessionApi() { caller_->close(); }

void HttpSessionApi::list_resources(std::string session_id,
                                    ports::Completion<std::vector<ports::ResourceRow>> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  // No limit: then the API answers with all resources, and no cursor can go stale.
  ApiCall call = make_call("list_resources", Method::kGet, Lane::kReads,
                           session_path(session_id) + "/resources");
  call.max_answer_bytes = kLongAnswer;
  std::make_shared<Listing<ports::ResourceRow>>(caller_, std::move(call), &parse_resource_page,
                                                std::move(done))
      ->start();
}

void HttpSessionApi::get_resource(std::string session_id, std::string resource_id,
                                  ports::Completion<ports::ResourceRow> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  if (auto bad = check_id(resource_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call =
      make_call("get_resource", Method::kGet, Lane::kReads, resource_path(session_id, resource_id));
  caller_->ask<ports::ResourceRow>(
      std::move(call), &parse_resource,
      [id = std::move(resource_id)](const ports::ResourceRow& row) { return problem_of(row, id); },
      std::move(done));
}

void HttpSessionApi::list_session_files(std::string session_id,
                                        ports::Completion<std::vector<ports::FileMetadata>> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call =
      make_call("list_files", Method::kGet, Lane::kFiles,
                "/v1/files?scope_id=" + http::percent_encode(session_id) + "&limit=1000");
  call.max_answer_bytes = kLongAnswer;
  std::make_shared<Listing<ports::FileMetadata>>(caller_, std::move(call), &parse_file_page,
                                                 std::move(done))
      ->start();
}

void HttpSessionApi::get_file(std::string file_id, ports::Completion<ports::FileMetadata> done) {
  if (auto bad = check_id(file_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call = make_call("get_file", Method::kGet, Lane::kFiles, file_path(file_id));
  caller_->ask<ports::FileMetadata>(
      std::move(call), &parse_file,
      [id = std::move(file_id)](const ports::FileMetadata& file) { return problem_of(file, id); },
      std::move(done));
}

void HttpSessionApi::find_files(std::vector<std::string> file_ids,
                                ports::Completion<std::vector<ports::FileMetadata>> done) {
  const std::set<std::string> ids(file_ids.begin(), file_ids.end());
  if (ids.empty()) {
    return caller_->complete_later(
        [done = std::move(done)] { done(std::vector<ports::FileMetadata>()); });
  }
  if (ids.size() > kMostIds) {
    return caller_->refuse(std::move(done), not_sent("more than 100 files in one search"));
  }
  ApiCall call = make_call("find_files", Method::kGet, Lane::kFiles, "/v1/files");
  char separator = '?';
  for (const auto& id : ids) {
    call.target += separator + ("ids%5B%5D=" + http::percent_encode(id));
    separator = '&';
  }
  caller_->ask<FilePage>(
      std::move(call), &parse_file_page,
      [ids](const FilePage& page) { return problem_of_search(page, ids); },
      [done = std::move(done)](ports::Result<FilePage> page) {
        if (!page) return done(tl::unexpected(std::move(page.error())));
        done(std::move(page->rows));
      });
}

void HttpSessionApi::upload(ports::UploadRequest request,
                            ports::Completion<ports::FileMetadata> done) {
  const auto step = [origin = caller_, request = std::move(request)](
                        RequestEngine& engine, ports::Completion<ports::FileMetadata> uploaded) {
    engine.upload(request, origin, std::move(uploaded));
  };
  caller_->begin<ports::FileMetadata>(schedule::RateClass::kFiles, "upload", std::move(done), step);
}

void HttpSessionApi::delete_file(std::string file_id, ports::Completion<ports::Done> done) {
  if (auto bad = check_id(file_id)) return caller_->refuse(std::move(done), std::move(*bad));
  caller_->submit(make_call("delete_file", Method::kDelete, Lane::kFiles, file_path(file_id)),
                  ignoring_body(std::move(done)));
}

void HttpSessionApi::reserve_writes(int permits, std::function<void()> ready) {
  if (caller_->take_writes(permits)) return caller_->complete_later(std::move(ready));
  const auto reserve = [origin = caller_, permits, ready](RequestEngine& engine,
                                                          const ApiCaller::DeliveryPtr& delivery) {
    engine.reserve_writes(permits, origin, [ready, delivery] { delivery->post(ready); });
  };
  // Permits that were lost on the way only make the writes come a little early.
  caller_->hand_over(schedule::RateClass::kWrites, reserve, ready);
}

void HttpSessionApi::add_file(ports::AddFile request, ports::Turn turn,
                              ports::Completion<ports::FileRow> done) {
  if (auto bad = check_id(request.session_id)) {
    return caller_->refuse(std::move(done), std::move(*bad));
  }
  auto body = add_file_body(request);
  if (!body) return caller_->refuse(std::move(done), not_sent(body.error()));
  ApiCall call = make_call("add_resource", Method::kPost, lane_of(turn.permit),
                           session_path(request.session_id) + "/resources");
  call.completes = turn.completes;
  call.body = std::move(*body);
  caller_->ask<ports::FileRow>(
      std::move(call), &parse_added_file,
      [request = std::move(request)](const ports::FileRow& row) {
        return problem_of(row, request);
      },
      std::move(done));
}

void HttpSessionApi::delete_resource(std::string session_id, std::string resource_id,
                                     ports::Turn turn, ports::Completion<ports::Done> done) {
  if (auto bad = check_id(session_id)) return caller_->refuse(std::move(done), std::move(*bad));
  if (auto bad = check_id(resource_id)) return caller_->refuse(std::move(done), std::move(*bad));
  ApiCall call = make_call("delete_resource", Method::kDelete, lane_of(turn.permit),
                           resource_path(session_id, resource_id));
  call.completes = turn.completes;
  caller_->submit(std::move(call), ignoring_body(std::move(done)));
}

void HttpSessionApi::review() { caller_->review(); }

void HttpSessionApi::hurry() { caller_->hurry(); }

std::optional<ports::TimePoint> HttpSessionApi::limited_until() const {
  return caller_->limited_until();
}

}  // namespace sessync::api
