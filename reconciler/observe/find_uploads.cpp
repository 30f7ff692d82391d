#include "reconciler/observe/find_uploads.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace sessync::observe {
namespace {

using Ids = std::vector<std::string>;

/// The API takes so many at once.
constexpr std::size_t kIdsAtOnce = 100;

bool is_about_the_credential(const ports::ApiError& error) {
  return error.kind == ports::ApiError::Kind::kAuthentication ||
         error.kind == ports::ApiError::Kind::kBilling;
}

/// Whether the same question about one id may be answered: it was refused, or answered with
/// something else. Without an answer it would not be.
bool is_worth_asking_each(const ports::ApiError& error) {
  using Kind = ports::ApiError::Kind;
  return error.kind == Kind::kInvalid || error.kind == Kind::kPermission ||
         error.kind == Kind::kNotFound || error.kind == Kind::kTooLarge ||
         (error.kind == Kind::kUnusableAnswer && error.http_status / 100 == 2);
}

class UploadSearch {
 public:
  explicit UploadSearch(ports::Ports& ports) : ports_(ports) {}

  ports::Result<FoundUploads> run(const Ids& ids) {
    const std::set<std::string> distinct(ids.begin(), ids.end());
    Ids batch;
    for (const auto& id : distinct) {
      batch.push_back(id);
      if (batch.size() == kIdsAtOnce) ask(std::exchange(batch, {}));
    }
    if (!batch.empty()) ask(batch);
    while (open_ > 0) {
      if (!ports_.loop.run_one()) return given_up();
    }
    if (refusal_) return tl::unexpected(std::move(*refusal_));
    return std::move(out_);
  }

 private:
  void ask(const Ids& batch) {
    ++open_;
    ports_.api.find_files(
        batch, [this, batch](const ports::Result<std::vector<ports::FileMetadata>>& found) {
          --open_;
          if (!found) return on_failed(batch, found.error());
          for (const auto& file : *found) out_.files.emplace(file.file_id, file);
        });
  }

  void on_failed(const Ids& batch, const ports::ApiError& error) {
    if (is_about_the_credential(error)) {
      refusal_ = error;
    } else if (is_worth_asking_each(error)) {
      for (const auto& id : batch) ask_for(id);
    } else {
      for (const auto& id : batch) out_.unanswered.emplace(id, error);
    }
  }

  void ask_for(const std::string& id) {
    ++open_;
    ports_.api.get_file(id, [this, id](const ports::Result<ports::FileMetadata>& found) {
      --open_;
      if (found) {
        out_.files.emplace(id, *found);
      } else if (is_about_the_credential(found.error())) {
        refusal_ = found.error();
      } else if (found.error().kind != ports::ApiError::Kind::kNotFound) {
        out_.unanswered.emplace(id, found.error());
      }
    });
  }

  static ports::Result<FoundUploads> given_up() {
    ports::ApiError error;
    error.kind = ports::ApiError::Kind::kAborted;
    error.message = "the search for uploads was given up before it was answered";
    return tl::unexpected(std::move(error));
  }

  ports::Ports& ports_;
  FoundUploads out_;
  std::optional<ports::ApiError> refusal_;
  std::size_t open_ = 0;
};

}  // namespace

ports::Result<FoundUploads> find_uploads(const Ids& ids, ports::Ports& ports) {
  return UploadSearch(ports).run(ids);
}

}  // namespace sessync::observe
