#include <catch2/catch.hpp>

#include "tests/contract/behaviours.h"

namespace sessync::contract {

namespace {

using Kind = ports::ApiError::Kind;

void break_next(Backend& backend, Operation operation, Fault fault) {
  FaultRule rule;
  rule.operation = operation;
  rule.times = 1;
  rule.fault = std::move(fault);
  backend.add_fault(rule);
}

std::size_t held_count(Backend& backend) {
  std::size_t count = 0;
  backend.with_model([&](SessionModel& world) { count = world.held(backend.session).size(); });
  return count;
}

std::size_t uploads(Backend& backend) {
  std::size_t count = 0;
  backend.with_model([&](SessionModel& world) { count = world.uploads().size(); });
  return count;
}

void statuses_have_kinds(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  const std::vector<std::pair<int, Kind>> cases = {
      {400, Kind::kInvalid},       {401, Kind::kAuthentication}, {402, Kind::kBilling},
      {403, Kind::kPermission},    {404, Kind::kNotFound},       {409, Kind::kConflict},
      {413, Kind::kTooLarge},      {500, Kind::kUnknownOutcome}, {504, Kind::kUnknownOutcome},
      {529, Kind::kUnknownOutcome}};
  for (const auto& [status, kind] : cases) {
    break_next(backend, Operation::kAddResource, Fault::of_status(status));
    const auto error = backend.try_add(file, "a").error();
    CHECK(error.kind == kind);
    CHECK(error.http_status == status);
  }
  CHECK(held_count(backend) == 0);
}

void conflicts_come_typed_both_ways(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  for (const char* type : {"conflict_error", "invalid_request_error"}) {
    Fault fault = Fault::of_status(409);
    fault.error_type = type;
    break_next(backend, Operation::kAddResource, fault);
    const auto error = backend.try_add(file, "a").error();
    CHECK(error.kind == Kind::kConflict);
    CHECK(error.code == type);
  }
}

void failed_reads_are_unusable(Backend& backend) {
  for (const int status : {500, 529}) {
    break_next(backend, Operation::kListResources, Fault::of_status(status));
    CHECK(backend.try_list().error().kind == Kind::kUnusableAnswer);
  }
  for (const auto kind :
       {Fault::Kind::kCutBefore, Fault::Kind::kCutAfter, Fault::Kind::kTruncatedBody,
        Fault::Kind::kNotJson, Fault::Kind::kHugeBody, Fault::Kind::kRepeatedCursor}) {
    // Every time: a read that found a dead connection may be repeated, and a cursor must repeat to
    // be noticed.
    FaultRule rule;
    rule.operation = Operation::kListResources;
    rule.fault = Fault::of(kind);
    backend.add_fault(rule);
    const auto rows = backend.try_list();
    CAPTURE(static_cast<int>(kind));
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().kind == Kind::kUnusableAnswer);
    backend.clear_faults();
  }
  CHECK(backend.try_list().has_value());
}

void proxies_speak_html(Backend& backend) {
  Fault fault = Fault::of_status(413);
  fault.html = true;
  break_next(backend, Operation::kUpload, fault);
  CHECK(backend.try_upload("a", "x").error().kind == Kind::kTooLarge);
  CHECK(uploads(backend) == 0);
}

void lost_adds_may_have_happened(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  break_next(backend, Operation::kAddResource, Fault::of(Fault::Kind::kCutBefore));
  CHECK(backend.try_add(file, "a").error().kind == Kind::kUnknownOutcome);
  CHECK(held_count(backend) == 0);
  for (const auto kind : {Fault::Kind::kCutAfter, Fault::Kind::kTruncatedBody,
                          Fault::Kind::kNotJson, Fault::Kind::kStatusAfter}) {
    const std::size_t before = held_count(backend);
    break_next(backend, Operation::kAddResource, Fault::of(kind));
    const auto path = "a" + std::to_string(before);
    CHECK(backend.try_add(file, path).error().kind == Kind::kUnknownOutcome);
    CHECK(held_count(backend) == before + 1);
  }
}

void lost_uploads_are_not_repeated(Backend& backend) {
  break_next(backend, Operation::kUpload, Fault::of(Fault::Kind::kCutAfter));
  CHECK(backend.try_upload("a", "x").error().kind == Kind::kUnknownOutcome);
  CHECK(uploads(backend) == 1);
}

void lost_deletes_are_not_repeated(Backend& backend) {
  const auto row = backend.add(backend.upload("a", "x").file_id, "a");
  break_next(backend, Operation::kDeleteResource, Fault::of(Fault::Kind::kCutAfter));
  CHECK(backend.try_remove(row.resource_id).error().kind == Kind::kUnknownOutcome);
  CHECK(held_count(backend) == 0);
}

void empty_pages_are_no_end(Backend& backend) {
  backend.add(backend.upload("a", "x").file_id, "a");
  break_next(backend, Operation::kListResources, Fault::of(Fault::Kind::kEmptyPage));
  CHECK(backend.file_rows().size() == 1);
  break_next(backend, Operation::kListSessionFiles, Fault::of(Fault::Kind::kEmptyPage));
  const auto files = backend.try_scoped();
  REQUIRE(files.has_value());
  CHECK(files->size() == 1);
}

void refusals_name_the_wait(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  break_next(backend, Operation::kAddResource, Fault::rate_limited(ports::Duration(30)));
  const ports::TimePoint before = backend.loop().now();
  const auto error = backend.try_add(file, "a").error();
  CHECK(error.kind == Kind::kRateLimited);
  CHECK(error.retry_after == ports::Duration(30));
  // The class is closed meanwhile: the next call waits for itself.
  CHECK(backend.try_add(file, "a").has_value());
  CHECK(backend.loop().now() - before >= ports::Duration(30));
}

ports::NewSession new_session() {
  ports::NewSession request;
  request.spec.agent_id = "agent_1";
  request.spec.environment_id = "env_1";
  request.repositories = {
      {"https://github.com/acme/app", "/app", std::nullopt, ports::Secret("first")}};
  return request;
}

/// A session with one repository; its resource id.
std::string create_with_repository(Backend& backend) {
  const auto created = backend.try_create(new_session());
  REQUIRE(created.has_value());
  backend.session = created->info.session_id;
  return std::get<ports::RepositoryRow>(created->rows.at(0)).resource_id;
}

void lost_rotations_may_have_happened(Backend& backend) {
  const auto id = create_with_repository(backend);
  break_next(backend, Operation::kRotateToken, Fault::of(Fault::Kind::kCutBefore));
  CHECK(backend.try_rotate(id, "a").error().kind == Kind::kUnknownOutcome);
  for (const auto kind :
       {Fault::Kind::kCutAfter, Fault::Kind::kTruncatedBody, Fault::Kind::kStatusAfter}) {
    break_next(backend, Operation::kRotateToken, Fault::of(kind));
    CHECK(backend.try_rotate(id, "b").error().kind == Kind::kUnknownOutcome);
  }
  break_next(backend, Operation::kRotateToken, Fault::of_status(403));
  CHECK(backend.try_rotate(id, "c").error().kind == Kind::kPermission);
  backend.with_model([&](SessionModel& world) {
    CHECK(world.repositories(backend.session).at(0).rotated == std::vector<std::string>(3, "b"));
  });
}

void lost_creates_may_have_happened(Backend& backend) {
  const std::size_t before = backend.try_sessions()->size();
  break_next(backend, Operation::kCreateSession, Fault::of(Fault::Kind::kCutBefore));
  CHECK(backend.try_create(new_session()).error().kind == Kind::kUnknownOutcome);
  CHECK(backend.try_sessions()->size() == before);
  std::size_t made = 0;
  for (const auto kind : {Fault::Kind::kCutAfter, Fault::Kind::kTruncatedBody,
                          Fault::Kind::kNotJson, Fault::Kind::kStatusAfter}) {
    break_next(backend, Operation::kCreateSession, Fault::of(kind));
    CHECK(backend.try_create(new_session()).error().kind == Kind::kUnknownOutcome);
    CHECK(backend.try_sessions()->size() == before + ++made);
  }
}

void lost_updates_may_have_happened(Backend& backend) {
  break_next(backend, Operation::kUpdateSession, Fault::of(Fault::Kind::kCutAfter));
  CHECK(backend.try_update({backend.session, "new", {}}).error().kind == Kind::kUnknownOutcome);
  CHECK(backend.try_info()->title == "new");
}

void failed_lists_are_unusable(Backend& backend) {
  backend.upload("a", "x");
  const std::vector<std::pair<Operation, std::function<ports::Result<std::size_t>()>>> lists = {
      {Operation::kListSessions,
       [&] { return backend.try_sessions().map([](const auto& rows) { return rows.size(); }); }},
      {Operation::kListEvents,
       [&] { return backend.try_faults().map([](const auto& rows) { return rows.size(); }); }},
      {Operation::kListFiles,
       [&] { return backend.try_uploads().map([](const auto& rows) { return rows.size(); }); }}};
  for (const auto& [operation, list] : lists) {
    const auto whole = list().value();
    for (const auto kind :
         {Fault::Kind::kStatusAfter, Fault::Kind::kCutAfter, Fault::Kind::kTruncatedBody,
          Fault::Kind::kNotJson, Fault::Kind::kHugeBody, Fault::Kind::kRepeatedCursor}) {
      FaultRule rule;
      rule.operation = operation;
      rule.fault = Fault::of(kind);
      backend.add_fault(rule);
      const auto rows = list();
      CAPTURE(to_string(operation), static_cast<int>(kind));
      REQUIRE_FALSE(rows.has_value());
      CHECK(rows.error().kind == Kind::kUnusableAnswer);
      backend.clear_faults();
    }
    break_next(backend, operation, Fault::of(Fault::Kind::kEmptyPage));
    CHECK(list().value() == whole);
  }
}

void broken_downloads_are_unusable(Backend& backend) {
  const std::string bytes(300'000, 'x');
  std::string id;
  backend.with_model(
      [&](SessionModel& world) { id = world.add_output(backend.session, "a", bytes).id; });
  for (const auto kind : {Fault::Kind::kStatus, Fault::Kind::kCutBefore, Fault::Kind::kCutAfter,
                          Fault::Kind::kTruncatedBody}) {
    FaultRule rule;
    rule.operation = Operation::kDownloadFile;
    rule.fault = Fault::of(kind);
    backend.add_fault(rule);
    const auto result = backend.try_download(id);
    CAPTURE(static_cast<int>(kind));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == Kind::kUnusableAnswer);
    CHECK(backend.arrived.size() < bytes.size());
    backend.clear_faults();
  }
  Fault slow = Fault::of(Fault::Kind::kSlow);
  slow.delay = ports::Duration(50);
  break_next(backend, Operation::kDownloadFile, slow);
  CHECK(backend.try_download(id).value() == bytes);
}

/// Breaks the next call of that kind with a 429 that cannot be understood.
void refuse_strangely(Backend& backend, Operation operation, const char* retry_after) {
  Fault fault = Fault::of_status(429);
  fault.headers["retry-after"] = retry_after;
  break_next(backend, operation, fault);
}

/// One call of each class, because a refused class is closed for a while.
void unreadable_waits_are_no_waits(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  refuse_strangely(backend, Operation::kAddResource, "soon");
  refuse_strangely(backend, Operation::kListResources, "-1");
  refuse_strangely(backend, Operation::kGetFile, "0");
  const auto add = backend.try_add(file, "a").error();
  const auto list = backend.try_list().error();
  const auto get = backend.try_file(file).error();
  for (const auto& error : {add, list, get}) {
    CHECK(error.kind == Kind::kRateLimited);
    CHECK_FALSE(error.retry_after.has_value());
  }
}

void slow_answers_arrive(Backend& backend) {
  backend.add(backend.upload("a", "x").file_id, "a");
  Fault fault = Fault::of(Fault::Kind::kSlow);
  fault.delay = ports::Duration(50);
  break_next(backend, Operation::kListResources, fault);
  CHECK(backend.file_rows().size() == 1);
}

void late_effects_happen_later(Backend& backend) {
  const auto file = backend.upload("a", "x").file_id;
  Fault fault = Fault::of(Fault::Kind::kLateEffect);
  fault.delay = ports::Duration(1);
  break_next(backend, Operation::kAddResource, fault);
  CHECK(backend.try_add(file, "a").error().kind == Kind::kUnknownOutcome);
  bool over = false;
  backend.loop().after(ports::Duration(5), [&] { over = true; });
  while (!over) {
    REQUIRE(backend.loop().run_one());
  }
  CHECK(held_count(backend) == 1);
}

}  // namespace

const std::vector<Behaviour>& fault_behaviours() {
  static const std::vector<Behaviour> all = {
      {"each status has its kind", statuses_have_kinds},
      {"conflicts come typed both ways", conflicts_come_typed_both_ways},
      {"a read without a usable answer says so", failed_reads_are_unusable},
      {"a proxy's HTML is judged by its status", proxies_speak_html},
      {"an add without an answer may have happened", lost_adds_may_have_happened},
      {"an upload without an answer is not repeated", lost_uploads_are_not_repeated},
      {"a delete without an answer is not repeated", lost_deletes_are_not_repeated},
      {"an empty page is not the end of a list", empty_pages_are_no_end},
      {"a 429 closes its class for as long as it says", refusals_name_the_wait},
      {"waits that cannot be read are none", unreadable_waits_are_no_waits},
      {"slow answers arrive", slow_answers_arrive},
      {"a rotation without an answer may have happened", lost_rotations_may_have_happened},
      {"a create without an answer may have happened", lost_creates_may_have_happened},
      {"an update without an answer may have happened", lost_updates_may_have_happened},
      {"a list of sessions, faults or uploads is whole or an error", failed_lists_are_unusable},
      {"a download that breaks off is an error", broken_downloads_are_unusable},
      {"an effect may come after its caller gave up", late_effects_happen_later}};
  return all;
}

}  // namespace sessync::contract
