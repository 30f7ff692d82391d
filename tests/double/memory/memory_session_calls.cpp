#include <algorithm>

#include "tests/double/memory/memory_answers.h"
#include "tests/double/memory/memory_send.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/model/model_rules.h"

namespace sessync {

namespace {

constexpr std::size_t kBlock = 4096;

ports::ApiError not_stored(std::string message) {
  ports::ApiError error;
  error.kind = ports::ApiError::Kind::kNotStored;
  error.http_status = 200;
  error.message = std::move(message);
  return error;
}

/// A download between its two halves.
struct Arriving {
  std::shared_ptr<const std::string> bytes;
  std::shared_ptr<ports::ContentSink> sink;

  [[nodiscard]] ports::Result<ports::Done> feed(std::size_t from, std::size_t to) const {
    for (std::size_t at = from; at < to; at += kBlock) {
      const auto block = std::string_view(*bytes).substr(at, std::min(kBlock, to - at));
      if (auto stored = sink->write(block); !stored) {
        return tl::unexpected(not_stored(std::move(stored.error())));
      }
    }
    return ports::Done{};
  }
};

}  // namespace

void MemorySessionApi::list_uploads(ports::Completion<std::vector<ports::FileMetadata>> done) {
  const Call call{Operation::kListFiles, Budget::kFiles, "", ""};
  send<std::vector<ports::FileMetadata>>(call, [this] { return all_files(""); }, std::move(done));
}

void MemorySessionApi::list_sessions(ports::Completion<std::vector<ports::SessionInfo>> done) {
  const Call call{Operation::kListSessions, Budget::kReads, "", ""};
  send<std::vector<ports::SessionInfo>>(
      call,
      [this] {
        model::SessionQuery query;
        query.include_archived = true;
        return all_pages(
            query, [this](const auto& page) { return model_.list_sessions(page); }, model::to_info);
      },
      std::move(done));
}

ports::Result<std::vector<ports::SessionFault>> MemorySessionApi::all_faults(
    const std::string& session_id, const std::string& since) const {
  model::EventQuery query;
  query.types = {"session.error"};
  query.page.ascending = true;
  if (!since.empty()) {
    const auto time = model::to_time(since);
    if (!time) {
      return tl::unexpected(model::to_api_error(
          model::invalid("created_at[gt]: \"" + since + "\" is not a valid time")));
    }
    query.created_from = *time + ports::Duration{1};
  }
  return all_pages(
      query, [&](const auto& page) { return model_.list_events(session_id, page); },
      model::to_fault);
}

void MemorySessionApi::list_faults(std::string session_id, std::string since,
                                   ports::Completion<std::vector<ports::SessionFault>> done) {
  const Call call{Operation::kListEvents, Budget::kReads, session_id, since};
  send<std::vector<ports::SessionFault>>(
      call, [this, session_id, since] { return all_faults(session_id, since); }, std::move(done));
}

/// The first half arrives although the answer may then be cut short.
void MemorySessionApi::download(std::string file_id, std::shared_ptr<ports::ContentSink> sink,
                                ports::Completion<ports::Done> done) {
  const Call call{Operation::kDownloadFile, Budget::kFiles, "", file_id};
  send<Arriving>(
      call,
      [this, file_id, sink]() -> ports::Result<Arriving> {
        const auto file = model_.download(file_id);
        if (!file) {
          return tl::unexpected(model::to_api_error(file.error()));
        }
        Arriving arriving{file->content.bytes, sink};
        return arriving.feed(0, arriving.bytes->size() / 2).map([&](ports::Done /*fed*/) {
          return arriving;
        });
      },
      [done = std::move(done)](const ports::Result<Arriving>& half) {
        done(half.and_then([](const Arriving& arriving) {
          return arriving.feed(arriving.bytes->size() / 2, arriving.bytes->size());
        }));
      });
}

void MemorySessionApi::rotate_token(ports::TokenUpdate update,
                                    ports::Completion<ports::Done> done) {
  const Call call{Operation::kRotateToken, Budget::kWrites, update.session_id, update.resource_id};
  send<ports::Done>(
      call,
      [this, update] {
        return port_answer(
            model_.rotate_token(update.session_id, update.resource_id, update.token.reveal()),
            [](const auto&) { return ports::Done{}; });
      },
      std::move(done));
}

void MemorySessionApi::create_session(ports::NewSession request,
                                      ports::Completion<ports::CreatedSession> done) {
  const Call call{Operation::kCreateSession, Budget::kWrites, "", ""};
  send<ports::CreatedSession>(
      call,
      [this, request = std::move(request)] {
        return port_answer(
            model_.create_session(model::to_request(request)),
            [this](const auto& session) { return to_created(session, model_.switches()); });
      },
      std::move(done));
}

void MemorySessionApi::update_session(ports::SessionUpdate update,
                                      ports::Completion<ports::SessionInfo> done) {
  const Call call{Operation::kUpdateSession, Budget::kWrites, update.session_id, ""};
  send<ports::SessionInfo>(
      call,
      [this, update] {
        model::SessionUpdate wanted;
        wanted.has_title = update.title.has_value();
        wanted.title = update.title;
        wanted.metadata.insert(update.metadata.begin(), update.metadata.end());
        return port_answer(model_.update_session(update.session_id, wanted), model::to_info);
      },
      std::move(done));
}

}  // namespace sessync
