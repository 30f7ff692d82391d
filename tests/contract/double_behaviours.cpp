#include <catch2/catch.hpp>

#include "tests/contract/behaviours.h"

namespace sessync::contract {

namespace {

using model::Switches;
using Kind = ports::ApiError::Kind;

void set(Backend& backend, const std::function<void(Switches&)>& change) {
  backend.with_model([&](SessionModel& world) { change(world.switches()); });
}

std::map<std::string, model::Held> held(Backend& backend) {
  std::map<std::string, model::Held> result;
  backend.with_model([&](SessionModel& world) { result = world.held(backend.session); });
  return result;
}

void bytes_arrive(Backend& backend) {
  const std::string bytes = std::string(100'000, 'x') + '\0' + "\r\n--end";
  backend.add(backend.upload("a", bytes).file_id, "a");
  backend.add(backend.upload("empty", "").file_id, "empty");
  const auto paths = held(backend);
  CHECK(*paths.at("/mnt/session/uploads/a").content.bytes == bytes);
  CHECK(paths.at("/mnt/session/uploads/empty").content.size == 0);
}

void names_arrive(Backend& backend) {
  const std::string name = "sessync.o.0.grüße & 100% \xE2\x82\xAC 'q'; = + .txt";
  CHECK(backend.upload(name, "x").filename == name);
}

void paths_arrive(Backend& backend) {
  const std::string path = "dir with space/ünïcode \"q\" & ?#%.txt";
  backend.add(backend.upload("a", "x").file_id, path);
  CHECK(held(backend).contains("/mnt/session/uploads/" + path));
}

void archived_session_refuses(Backend& backend) {
  const auto file = backend.upload("a", "x");
  const auto row = backend.add(file.file_id, "a");
  backend.with_model(
      [&](SessionModel& world) { REQUIRE(world.archive_session(backend.session).has_value()); });
  CHECK(backend.try_add(file.file_id, "b").error().kind == Kind::kInvalid);
  set(backend, [](Switches& s) { s.archived = Switches::Archived::kRefused409; });
  CHECK(backend.try_remove(row.resource_id).error().kind == Kind::kConflict);
  const auto info = backend.try_info();
  REQUIRE(info.has_value());
  CHECK(info->archived_at.has_value());
  CHECK(info->status == "terminated");
  CHECK(held(backend).size() == 1);
}

void running_session_follows_switches(Backend& backend) {
  const auto file = backend.upload("a", "x");
  backend.with_model([&](SessionModel& world) { world.set_status(backend.session, "running"); });
  CHECK(backend.try_add(file.file_id, "a").has_value());
  set(backend, [](Switches& s) { s.mutate_while_running = Switches::WhileRunning::kRefused400; });
  CHECK(backend.try_add(file.file_id, "b").error().kind == Kind::kInvalid);
  set(backend, [](Switches& s) { s.mutate_while_running = Switches::WhileRunning::kRefused409; });
  CHECK(backend.try_add(file.file_id, "b").error().kind == Kind::kConflict);
  CHECK(backend.try_info()->status == "running");
}

void cap_refuses(Backend& backend) {
  set(backend, [](Switches& s) { s.file_cap = 1; });
  const auto file = backend.upload("a", "x");
  const auto row = backend.add(file.file_id, "a");
  CHECK(backend.try_add(file.file_id, "b").error().kind == Kind::kInvalid);
  REQUIRE(backend.try_remove(row.resource_id).has_value());
  CHECK(backend.try_add(file.file_id, "b").has_value());
}

void pages_are_followed(Backend& backend) {
  constexpr int kMany = 1005;
  backend.with_model([&](SessionModel& world) {
    for (int number = 0; number < kMany; ++number) {
      world.add_output(backend.session, "out" + std::to_string(number), "x");
    }
  });
  const auto files = backend.try_scoped();
  REQUIRE(files.has_value());
  CHECK(files->size() == kMany);
  CHECK(files->front().downloadable == true);
}

void many_rows_are_listed(Backend& backend) {
  constexpr int kMany = 500;
  const auto file = backend.upload("a", "x").file_id;
  backend.with_model([&](SessionModel& world) {
    for (int number = 0; number < kMany; ++number) {
      model::NewResource wanted;
      wanted.file_id = file;
      wanted.mount_path = "/" + std::to_string(number);
      REQUIRE(world.add_resource(backend.session, wanted).has_value());
    }
  });
  CHECK(backend.file_rows().size() == kMany);
}

void duplicates_follow_switches(Backend& backend) {
  const auto file = backend.upload("a", "x");
  backend.add(file.file_id, "dir/a");
  for (const char* path : {"dir/a", "dir", "dir/a/b"}) {
    CHECK(backend.try_add(file.file_id, path).error().kind == Kind::kInvalid);
  }
  set(backend, [](Switches& s) { s.duplicate_mount = Switches::DuplicateMount::kShadow; });
  for (const char* path : {"dir/a", "dir", "dir/a/b"}) {
    CHECK(backend.try_add(file.file_id, path).has_value());
  }
  CHECK(backend.file_rows().size() == 4);
}

void echo_follows_switches(Backend& backend) {
  const auto file = backend.upload("a", "x");
  CHECK(backend.add(file.file_id, "a").mount_path == "/mnt/session/uploads/a");
  set(backend, [](Switches& s) { s.mount_echo = Switches::MountEcho::kAsSent; });
  CHECK(backend.add(file.file_id, "b").mount_path == "/b");
}

void other_rows_are_typed(Backend& backend) {
  model::NewResource repository;
  repository.type = "github_repository";
  repository.url = "https://github.com/acme/app";
  repository.checkout = model::Checkout{"main", std::nullopt};
  model::NewResource store;
  store.type = "memory_store";
  store.memory_store_id = "memstore_1";
  store.access = "read_only";
  backend.with_model([&](SessionModel& world) {
    model::NewSession request;
    request.resources = {repository, store};
    backend.session = world.create_session(request).value().id;
  });
  const auto rows = backend.try_list();
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 2);
  const auto& listed_repository = std::get<ports::RepositoryRow>(rows->at(0));
  CHECK(listed_repository.url == repository.url);
  CHECK(listed_repository.mount_path == "/workspace/app");
  CHECK(listed_repository.branch == "main");
  const auto& listed_store = std::get<ports::MemoryStoreRow>(rows->at(1));
  CHECK(listed_store.memory_store_id == "memstore_1");
  CHECK(listed_store.access == "read_only");
  CHECK(backend.try_remove("memstore_1").error().kind == Kind::kNotFound);
  CHECK(backend.try_remove(listed_repository.resource_id).error().kind == Kind::kInvalid);
}

void missing_things_are_not_found(Backend& backend) {
  CHECK(backend.try_add("file_gone", "a").error().kind == Kind::kNotFound);
  CHECK(backend.try_get("sesrsc_gone").error().kind == Kind::kNotFound);
  backend.session = "sesn_gone";
  CHECK(backend.try_list().error().kind == Kind::kNotFound);
  CHECK(backend.try_scoped().error().kind == Kind::kNotFound);
  CHECK(backend.try_info().error().kind == Kind::kNotFound);
}

void expired_uploads_are_listed(Backend& backend) {
  const auto file = backend.upload("a", "x");
  backend.with_model([&](SessionModel& world) { world.expire_file(file.file_id); });
  const auto found = backend.try_find({file.file_id});
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front().expires_at.has_value());
  CHECK(backend.try_add(file.file_id, "a").error().kind == Kind::kNotFound);
}

void searches_follow_switches(Backend& backend) {
  using FileIds = Switches::FileIds;
  const auto file = backend.upload("a", "x");
  backend.upload("b", "y");
  const std::vector<std::string> ids{file.file_id, "file_not-an-id"};
  CHECK(backend.try_find(ids)->size() == 1);
  CHECK(backend.try_file(ids[1]).error().kind == Kind::kNotFound);
  set(backend, [](Switches& switches) { switches.file_ids = FileIds::kIgnored; });
  CHECK(backend.try_find(ids).error().kind == Kind::kUnusableAnswer);
  CHECK(backend.try_find(ids).error().http_status == 200);
  set(backend, [](Switches& switches) { switches.file_ids = FileIds::kUnknown; });
  CHECK(backend.try_find(ids).error().kind == Kind::kInvalid);
  set(backend, [](Switches& switches) {
    switches.file_ids = FileIds::kKnown;
    switches.malformed_id = Switches::MalformedId::kRefused400;
  });
  CHECK(backend.try_find(ids).error().kind == Kind::kInvalid);
  CHECK(backend.try_file(ids[1]).error().kind == Kind::kInvalid);
  CHECK(backend.try_find({file.file_id})->size() == 1);
}

void refusals_say_why(Backend& backend) {
  const auto file = backend.upload("a", "x");
  backend.with_model([&](SessionModel& world) {
    model::NewSession request;
    request.agent_id = "agent_noread1";
    backend.session = world.create_session(request).value().id;
  });
  const auto error = backend.try_add(file.file_id, "a").error();
  CHECK(error.kind == Kind::kInvalid);
  CHECK(error.http_status == 400);
  CHECK(error.code == "invalid_request_error");
  CHECK_THAT(error.message, Catch::Contains("Missing required tool"));
}

}  // namespace

const std::vector<Behaviour>& double_behaviours() {
  static const std::vector<Behaviour> all = {
      {"bytes arrive as they are", bytes_arrive},
      {"file names arrive as they are", names_arrive},
      {"mount paths arrive as they are", paths_arrive},
      {"an archived session refuses writes", archived_session_refuses},
      {"a running session takes writes or refuses them", running_session_follows_switches},
      {"the file cap refuses adds", cap_refuses},
      {"every page of the scoped list is read", pages_are_followed},
      {"a full session is listed whole", many_rows_are_listed},
      {"mounts that meet are refused or shadow each other", duplicates_follow_switches},
      {"the mount path is echoed resolved or as sent", echo_follows_switches},
      {"repositories and memory stores are typed rows", other_rows_are_typed},
      {"what does not exist is not found", missing_things_are_not_found},
      {"expired uploads are found but cannot be added", expired_uploads_are_listed},
      {"a search by id is answered, refused or ignored", searches_follow_switches},
      {"a refusal carries the API's words", refusals_say_why}};
  return all;
}

}  // namespace sessync::contract
