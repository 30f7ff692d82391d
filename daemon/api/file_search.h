#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/api/api_caller.h"

namespace sessync {

/// Asks which of many files exist, 100 at a time, all at once.
class FileSearch : public std::enable_shared_from_this<FileSearch> {
 public:
  FileSearch(std::shared_ptr<ApiCaller> caller, Completion<std::vector<FileMetadata>> done);

  void start(const std::vector<std::string>& file_ids);

 private:
  void ask(std::set<std::string> ids);
  void take(const std::set<std::string>& asked, const ApiCall& call, Result<HttpAnswer> answer);
  void end_one();

  std::shared_ptr<ApiCaller> caller_;
  Completion<std::vector<FileMetadata>> done_;
  std::vector<FileMetadata> found_;
  std::optional<ApiError> error_;
  std::size_t under_way_ = 0;
};

}  // namespace sessync
