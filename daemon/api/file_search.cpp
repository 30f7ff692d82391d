#include "daemon/api/file_search.h"

#include <algorithm>
#include <utility>

#include "daemon/api/url.h"

namespace sessync {
namespace {

constexpr std::size_t kMostIds = 100;

/// A server that does not know `ids[]` would answer with some other list, in which what was asked
/// for seems to be missing.
std::string problem_of_page(const Page<FileMetadata>& page, const std::set<std::string>& asked) {
  if (!page.next.empty()) return "it has more pages than a search by id can have";
  const bool foreign = std::ranges::any_of(
      page.rows, [&](const FileMetadata& file) { return !asked.contains(file.file_id); });
  return foreign ? "it lists files that were not asked for" : "";
}

}  // namespace

FileSearch::FileSearch(std::shared_ptr<ApiCaller> caller,
                       Completion<std::vector<FileMetadata>> done)
    : caller_(std::move(caller)), done_(std::move(done)) {}

void FileSearch::start(const std::vector<std::string>& file_ids) {
  const std::set<std::string> ids(file_ids.begin(), file_ids.end());
  std::vector<std::set<std::string>> batches;
  for (const auto& id : ids) {
    if (batches.empty() || batches.back().size() == kMostIds) batches.emplace_back();
    batches.back().insert(id);
  }
  under_way_ = std::max<std::size_t>(batches.size(), 1);
  if (batches.empty()) caller_->complete_later([self = shared_from_this()] { self->end_one(); });
  for (auto& batch : batches) ask(std::move(batch));
}

void FileSearch::ask(std::set<std::string> ids) {
  ApiCall call;
  call.operation = "find_files";
  call.lane = Lane::kFiles;
  for (const auto& id : ids) {
    call.target += call.target.empty() ? "/v1/files?" : "&";
    call.target += "ids%5B%5D=" + percent_encode(id);
  }
  caller_->submit(
      call, [self = shared_from_this(), ids = std::move(ids), call](Result<HttpAnswer> answer) {
        self->take(ids, call, std::move(answer));
      });
}

void FileSearch::take(const std::set<std::string>& asked, const ApiCall& call,
                      Result<HttpAnswer> answer) {
  if (!answer) {
    error_ = std::move(answer.error());
    return end_one();
  }
  auto page = parse_file_page(answer->body);
  const std::string problem = page ? problem_of_page(*page, asked) : page.error();
  if (problem.empty()) {
    std::ranges::move(page->rows, std::back_inserter(found_));
  } else {
    error_ = unusable_answer(*answer, caller_->context_of(call), problem);
  }
  end_one();
}

void FileSearch::end_one() {
  if (--under_way_ > 0) return;
  if (error_) return done_(tl::unexpected(std::move(*error_)));
  done_(std::move(found_));
}

}  // namespace sessync
