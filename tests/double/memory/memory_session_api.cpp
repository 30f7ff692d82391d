#include "tests/double/memory/memory_session_api.h"

#include <algorithm>

#include "tests/double/memory/memory_answers.h"
#include "tests/double/memory/memory_send.h"

namespace sessync {

void MemorySessionApi::record(const Call& call, int status) {
  calls.add({call.operation, call.session_id, call.target, status});
}

ports::Duration MemorySessionApi::wait_for(Budget budget) const {
  const auto now = loop_.now();
  return budgets_.at(static_cast<std::size_t>(budget)).ready_at(now, 0) - now;
}

bool MemorySessionApi::is_withheld(const Call& call) const {
  const bool begins =
      is_write(call.operation) && call.operation != Operation::kDeleteFile && !call.completes;
  return begins && (is_stopping ? is_stopping(call.session_id) : loop_.stopping());
}

void MemorySessionApi::list_resources(std::string session_id,
                                      ports::Completion<std::vector<ports::ResourceRow>> done) {
  const Call call{Operation::kListResources, Budget::kReads, session_id, ""};
  send<std::vector<ports::ResourceRow>>(
      call,
      [this, session_id] {
        return port_answer(model_.list_resources(session_id, {}), [this](const auto& page) {
          std::vector<ports::ResourceRow> rows;
          rows.reserve(page.data.size());
          for (const auto& row : page.data) {
            rows.push_back(model::to_row(row, model_.switches()));
          }
          return rows;
        });
      },
      std::move(done));
}

void MemorySessionApi::get_resource(std::string session_id, std::string resource_id,
                                    ports::Completion<ports::ResourceRow> done) {
  const Call call{Operation::kGetResource, Budget::kReads, session_id, resource_id};
  send<ports::ResourceRow>(
      call,
      [this, session_id, resource_id] {
        return port_answer(model_.get_resource(session_id, resource_id), [this](const auto& row) {
          return model::to_row(row, model_.switches());
        });
      },
      std::move(done));
}

void MemorySessionApi::get_session(std::string session_id,
                                   ports::Completion<ports::SessionInfo> done) {
  const Call call{Operation::kGetSession, Budget::kReads, session_id, ""};
  send<ports::SessionInfo>(
      call,
      [this, session_id] { return port_answer(model_.get_session(session_id), model::to_info); },
      std::move(done));
}

/// A date has no fractions of a second.
std::function<ports::FileMetadata(const model::File&)> MemorySessionApi::metadata_of() const {
  return [this, now = model_.time()](const model::File& file) {
    auto metadata = model::to_metadata(file, model_.switches());
    metadata.answered_at = std::chrono::floor<std::chrono::seconds>(now);
    return metadata;
  };
}

ports::Result<std::vector<ports::FileMetadata>> MemorySessionApi::all_files(
    const std::string& session_id) {
  model::FileQuery query;
  query.scope_id = session_id;
  return all_pages(
      query, [this](const auto& page) { return model_.list_files(page); }, metadata_of());
}

void MemorySessionApi::list_session_files(
    std::string session_id, ports::Completion<std::vector<ports::FileMetadata>> done) {
  const Call call{Operation::kListSessionFiles, Budget::kFiles, session_id, ""};
  send<std::vector<ports::FileMetadata>>(
      call, [this, session_id] { return all_files(session_id); }, std::move(done));
}

void MemorySessionApi::get_file(std::string file_id, ports::Completion<ports::FileMetadata> done) {
  const Call call{Operation::kGetFile, Budget::kFiles, "", file_id};
  send<ports::FileMetadata>(
      call, [this, file_id] { return port_answer(model_.get_file(file_id), metadata_of()); },
      std::move(done));
}

ports::Result<std::vector<ports::FileMetadata>> MemorySessionApi::some_files(
    const std::vector<std::string>& ids) {
  std::vector<ports::FileMetadata> files;
  if (ids.empty()) {
    return files;
  }
  model::FileQuery query;
  query.ids = ids;
  const auto page = model_.list_files(query);
  if (!page) {
    return tl::unexpected(model::to_api_error(page.error()));
  }
  const bool foreign = std::any_of(page->data.begin(), page->data.end(), [&](const auto& file) {
    return std::find(ids.begin(), ids.end(), file.id) == ids.end();
  });
  if (foreign || page->next_page) {
    return tl::unexpected(ports::ApiError{.kind = ports::ApiError::Kind::kUnusableAnswer,
                                          .http_status = 200,
                                          .request_id = {},
                                          .code = {},
                                          .message = "the answer is not what was asked for",
                                          .retry_after = {},
                                          .organization_id = {}});
  }
  std::transform(page->data.begin(), page->data.end(), std::back_inserter(files), metadata_of());
  return files;
}

void MemorySessionApi::find_files(std::vector<std::string> file_ids,
                                  ports::Completion<std::vector<ports::FileMetadata>> done) {
  const Call call{Operation::kFindFiles, Budget::kFiles, "", ""};
  send<std::vector<ports::FileMetadata>>(
      call, [this, ids = std::move(file_ids)] { return some_files(ids); }, std::move(done));
}

ports::Result<model::Content> MemorySessionApi::read_content(
    const ports::ContentRef& content) const {
  if (content_ == nullptr) {
    return model::Content{nullptr, content.sha256, content.size};
  }
  auto reader = content_->open(content);
  if (!reader) {
    return tl::unexpected(reader.error());
  }
  // A server has all of an upload as soon as it has the announced number of bytes.
  const auto announced = (*reader)->size();
  std::string bytes;
  bytes.reserve(announced);
  std::array<char, 4096> block{};
  do {
    const auto count = (*reader)->read(block);
    if (!count) {
      return tl::unexpected(count.error());
    }
    bytes.append(block.data(), *count);
  } while (bytes.size() < announced);
  return model::Content::of(std::move(bytes));
}

void MemorySessionApi::upload(ports::UploadRequest request,
                              ports::Completion<ports::FileMetadata> done) {
  auto& waiting = uploading_[{request.owner, request.content.sha256}];
  waiting.push_back({std::move(request), std::move(done)});
  if (waiting.size() == 1) {
    send_upload(waiting.front().request);
  }
}

void MemorySessionApi::send_upload(const ports::UploadRequest& request) {
  const Call call{Operation::kUpload, Budget::kFiles, "", request.filename};
  send<ports::FileMetadata>(
      call,
      [this, request]() -> ports::Result<ports::FileMetadata> {
        auto content = read_content(request.content);
        if (!content) {
          return tl::unexpected(content.error());
        }
        return port_answer(
            model_.upload({request.filename, "application/octet-stream", *content, std::nullopt}),
            metadata_of());
      },
      [this, request](const ports::Result<ports::FileMetadata>& result) {
        end_upload(request, result);
      });
}

void MemorySessionApi::end_upload(const ports::UploadRequest& request,
                                  const ports::Result<ports::FileMetadata>& result) {
  const UploadKey key{request.owner, request.content.sha256};
  auto waiting = std::move(uploading_[key]);
  uploading_.erase(key);
  if (result) {
    for (const Waiting& one : waiting) {
      one.done(result);
    }
    return;
  }
  const auto leader = std::move(waiting.front());
  waiting.erase(waiting.begin());
  if (!waiting.empty()) {
    const ports::UploadRequest next = waiting.front().request;
    uploading_[key] = std::move(waiting);
    send_upload(next);
  }
  leader.done(result);
}

void MemorySessionApi::delete_file(std::string file_id, ports::Completion<ports::Done> done) {
  const Call call{Operation::kDeleteFile, Budget::kFiles, "", file_id};
  send<ports::Done>(
      call,
      [this, file_id] {
        return port_answer(model_.delete_file(file_id), [](const auto&) { return ports::Done{}; });
      },
      std::move(done));
}

void MemorySessionApi::reserve_writes(int /*permits*/, std::function<void()> ready) {
  loop_.after(std::max(wait_for(Budget::kWrites), ports::Duration{0}), std::move(ready));
}

void MemorySessionApi::add_file(ports::AddFile request, ports::Turn turn,
                                ports::Completion<ports::FileRow> done) {
  const Call call{Operation::kAddResource, Budget::kWrites, request.session_id, request.mount_path,
                  turn.completes};
  send<ports::FileRow>(
      call,
      [this, request] {
        model::NewResource wanted;
        wanted.file_id = request.file_id;
        wanted.mount_path = request.mount_path;
        return port_answer(
            model_.add_resource(request.session_id, wanted),
            [this](const auto& row) { return model::to_file_row(row, model_.switches()); });
      },
      std::move(done));
}

void MemorySessionApi::delete_resource(std::string session_id, std::string resource_id,
                                       ports::Turn turn, ports::Completion<ports::Done> done) {
  const Call call{Operation::kDeleteResource, Budget::kWrites, session_id, resource_id,
                  turn.completes};
  send<ports::Done>(
      call,
      [this, session_id, resource_id] {
        return port_answer(model_.delete_resource(session_id, resource_id),
                           [](const auto&) { return ports::Done{}; });
      },
      std::move(done));
}

}  // namespace sessync
