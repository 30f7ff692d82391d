#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/calls/api_caller.h"
#include "daemon/http/client/url.h"

namespace sessync::api {

/// What a row is known by; "": nothing, such rows are all kept.
std::string key_of(const ports::ResourceRow& row);
std::string key_of(const ports::FileMetadata& file);

std::string key_of(const ports::SessionInfo& session);
std::string key_of(const ports::SessionFault& fault);

/// Reads all pages of one list. Whatever leaves a doubt whether the list is complete ends it with
/// an error: a short list would look like deletions.
template <class Row>
class Listing : public std::enable_shared_from_this<Listing<Row>> {
 public:
  using Parse = Parsed<Page<Row>> (*)(std::string_view);

  Listing(std::shared_ptr<ApiCaller> caller, ApiCall first_page, Parse parse,
          ports::Completion<std::vector<Row>> done)
      : caller_(std::move(caller)),
        first_page_(std::move(first_page)),
        parse_(parse),
        done_(std::move(done)) {}

  void start() { ask_for(first_page_); }

 private:
  static constexpr std::size_t kMostPages = 1000;
  static constexpr std::size_t kMostRows = 200'000;

  void ask_for(ApiCall call) {
    caller_->submit(std::move(call),
                    [self = this->shared_from_this()](ports::Result<http::HttpAnswer> answer) {
                      self->take(std::move(answer));
                    });
  }

  void take(ports::Result<http::HttpAnswer> answer) {
    if (!answer) return done_(tl::unexpected(std::move(answer.error())));
    auto page = parse_(answer->body);
    if (!page) return fail(*answer, page.error());
    for (Row& row : page->rows) {
      take_headers(row, *answer);
      add(std::move(row));
    }
    if (rows_.size() > kMostRows) return fail(*answer, "it has more rows than any list has");
    if (page->next.empty()) return done_(std::move(rows_));
    if (!cursors_.insert(page->next).second) return fail(*answer, "its cursor repeats");
    if (cursors_.size() >= kMostPages) return fail(*answer, "the list does not end");
    ApiCall call = first_page_;
    call.target += call.target.find('?') == std::string::npos ? '?' : '&';
    call.target += "page=" + http::percent_encode(page->next);
    ask_for(std::move(call));
  }

  void add(Row row) {
    auto key = key_of(row);
    // Rows move between pages while the list is read.
    if (!key.empty() && !seen_.insert(std::move(key)).second) return;
    rows_.push_back(std::move(row));
  }

  void fail(const http::HttpAnswer& answer, std::string_view reason) {
    done_(tl::unexpected(unusable_answer(answer, caller_->context_of(first_page_), reason)));
  }

  std::shared_ptr<ApiCaller> caller_;
  ApiCall first_page_;
  Parse parse_;
  ports::Completion<std::vector<Row>> done_;
  std::vector<Row> rows_;
  std::set<std::string> seen_;
  std::set<std::string> cursors_;
};

}  // namespace sessync::api
