#include <catch2/catch.hpp>

#include "tests/contract/behaviours.h"

namespace sessync::contract {

namespace {

using Kind = ports::ApiError::Kind;

const char* const kUrl = "https://github.com/acme/app";

ports::NewSession smallest() {
  ports::NewSession request;
  request.spec.agent_id = "agent_1";
  request.spec.environment_id = "env_1";
  return request;
}

ports::NewRepository repository(const std::string& mount_path,
                                const std::optional<manifest::Checkout>& checkout,
                                const std::string& token = "") {
  const auto secret = token.empty() ? std::nullopt : std::optional(ports::Secret(token));
  return {kUrl, mount_path, checkout, secret};
}

/// Makes it the session that is worked on.
ports::CreatedSession create(Backend& backend, const ports::NewSession& request) {
  const auto created = backend.try_create(request);
  INFO((created ? "" : created.error().message));
  REQUIRE(created.has_value());
  backend.session = created->info.session_id;
  return *created;
}

/// A session with one repository, whose resource id is returned.
std::string create_with_token(Backend& backend, const std::string& token) {
  ports::NewSession request = smallest();
  request.repositories = {repository("/app", std::nullopt, token)};
  return std::get<ports::RepositoryRow>(create(backend, request).rows.at(0)).resource_id;
}

model::Resource held_repository(Backend& backend) {
  model::Resource row;
  backend.with_model([&](SessionModel& world) { row = world.repositories(backend.session).at(0); });
  return row;
}

model::Session held_session(Backend& backend) {
  model::Session session;
  backend.with_model([&](SessionModel& world) { session = world.session(backend.session); });
  return session;
}

void session_is_created_whole(Backend& backend) {
  ports::NewSession request = smallest();
  request.spec.agent_version = 7;
  request.spec.title = "research \"\xE2\x82\xAC\"";
  request.spec.vault_ids = {"vlt_1"};
  request.metadata = {{"sessync", "key"}};
  request.files = {{backend.upload("a", "x").file_id, "/in/a.txt"}};
  request.repositories = {repository("/app", manifest::BranchCheckout{"main"}, "hush"),
                          repository("/old", manifest::CommitCheckout{"c0ffee"})};
  request.memory_stores = {{"memstore_1", "read_only", "Look here."},
                           {"memstore_2", "read_write", std::nullopt}};
  const auto created = create(backend, request);
  CHECK(created.info.title == request.spec.title);
  CHECK(created.info.metadata == request.metadata);
  CHECK(created.info.status == "idle");
  CHECK(created.info.organization_id == "org_double");
  REQUIRE(created.rows.size() == 5);
  CHECK(std::get<ports::FileRow>(created.rows[0]).mount_path == "/mnt/session/uploads/in/a.txt");
  CHECK(std::get<ports::RepositoryRow>(created.rows[1]).branch == "main");
  CHECK(std::get<ports::RepositoryRow>(created.rows[2]).commit == "c0ffee");
  CHECK(std::get<ports::MemoryStoreRow>(created.rows[3]).instructions == "Look here.");
  CHECK_FALSE(std::get<ports::MemoryStoreRow>(created.rows[4]).instructions.has_value());
  CHECK(backend.try_list()->size() == 5);
  const auto session = held_session(backend);
  CHECK(session.agent_version == 7);
  CHECK(session.vault_ids == request.spec.vault_ids);
  CHECK(session.resources.at(1).token == "hush");
  CHECK_FALSE(session.resources.at(2).token.has_value());
}

void least_is_enough(Backend& backend) {
  const auto created = create(backend, smallest());
  CHECK(created.rows.empty());
  CHECK_FALSE(created.info.title.has_value());
  CHECK(held_session(backend).agent_id == "agent_1");
}

std::vector<manifest::MemoryStoreResource> many_stores(int count) {
  std::vector<manifest::MemoryStoreResource> stores;
  stores.reserve(static_cast<std::size_t>(count));
  for (int number = 0; number < count; ++number) {
    stores.push_back({"memstore_" + std::to_string(number), "read_only", std::nullopt});
  }
  return stores;
}

struct Refusal {
  const char* what;
  std::function<void(ports::NewSession&)> spoil;
  Kind kind;
  const char* message;
};

const std::vector<Refusal>& refusals() {
  const auto stores = [](const std::vector<manifest::MemoryStoreResource>& wanted) {
    return [wanted](ports::NewSession& request) { request.memory_stores = wanted; };
  };
  const auto files = [](const std::vector<ports::NewFile>& wanted) {
    return [wanted](ports::NewSession& request) { request.files = wanted; };
  };
  const auto repositories = [](const std::vector<ports::NewRepository>& wanted) {
    return [wanted](ports::NewSession& request) { request.repositories = wanted; };
  };
  static const std::vector<Refusal> all = {
      {"missing files", files({{"file_gone", "/a"}, {"file_lost", "/b"}}), Kind::kNotFound,
       "One or more files not found. Check that each `file_id` exists and is accessible: "
       "file_gone, file_lost"},
      {"a malformed file id", files({{"gone", "/a"}}), Kind::kInvalid,
       "Invalid file resource: invalid file_id: \"gone\""},
      {"an absent store", stores({{"memstore_missing1", "read_only", std::nullopt}}),
       Kind::kNotFound, "Memory store `memstore_missing1` not found."},
      {"an archived store", stores({{"memstore_archived1", "read_only", std::nullopt}}),
       Kind::kInvalid, "Memory store `memstore_archived1` is archived."},
      {"a store twice",
       stores({{"memstore_1", "read_only", std::nullopt}, {"memstore_1", "", std::nullopt}}),
       Kind::kInvalid, "resources contains duplicate memory_store_id: memstore_1"},
      {"a strange access", stores({{"memstore_1", "write", std::nullopt}}), Kind::kInvalid,
       "Failed to parse request: resources[0].access: \"write\" is not a valid value; expected one "
       "of read_only, read_write"},
      {"long instructions", stores({{"memstore_1", "read_only", std::string(4097, 'i')}}),
       Kind::kInvalid, "resources.0.memory_store.instructions: must be at most 4096 characters"},
      {"nine stores", stores(many_stores(9)), Kind::kInvalid, "at most 8 memory stores"},
      {"a url with .git",
       repositories({{"https://github.com/acme/app.git", "/a", std::nullopt, std::nullopt}}),
       Kind::kInvalid,
       "Invalid `github_repository` resource: invalid github_repository url: must be "
       "https://github.com/{owner}/{repo} with no .git suffix"},
      {"overlapping mounts",
       repositories({repository("/app", std::nullopt), repository("/app/lib", std::nullopt)}),
       Kind::kInvalid,
       "Invalid `github_repository` resource: `mount_path` overlaps another resource: /app/lib and "
       "/app; set distinct `mount_path` values"},
      {"files in a self-hosted environment",
       [](ports::NewSession& request) {
         request.spec.environment_id = "env_selfhosted1";
         request.repositories = {repository("/app", std::nullopt)};
       },
       Kind::kInvalid, "`resources` are not supported with self-hosted environments."}};
  return all;
}

void refused_creates_say_why(Backend& backend) {
  const std::size_t before = backend.try_sessions()->size();
  for (const Refusal& refusal : refusals()) {
    ports::NewSession request = smallest();
    refusal.spoil(request);
    const auto created = backend.try_create(request);
    INFO(refusal.what);
    REQUIRE_FALSE(created.has_value());
    CHECK(created.error().kind == refusal.kind);
    CHECK_THAT(created.error().message, Catch::Contains(refusal.message));
    CHECK(created.error().organization_id == "org_double");
  }
  CHECK(backend.try_sessions()->size() == before);
}

void refused_creates_leave_nothing(Backend& backend) {
  ports::NewSession request = smallest();
  request.files = {{backend.upload("a", "x").file_id, "/a"}};
  request.memory_stores = {{"memstore_missing", "read_only", std::nullopt}};
  CHECK(backend.try_create(request).error().kind == Kind::kNotFound);
  request.memory_stores.clear();
  request.spec.agent_id = "agent_noread";
  CHECK_THAT(backend.try_create(request).error().message,
             Catch::Contains("Missing required tool: file resources require the read tool"));
  CHECK(backend.try_uploads()->size() == 1);
}

void self_hosted_takes_stores(Backend& backend) {
  ports::NewSession request = smallest();
  request.spec.environment_id = "env_selfhosted1";
  request.memory_stores = {{"memstore_1", "read_only", std::nullopt}};
  CHECK(create(backend, request).rows.size() == 1);
}

void stores_mount_by_name(Backend& backend) {
  backend.with_model([](SessionModel& world) {
    world.name_memory_store("memstore_1", "Team Notes", "");
    world.name_memory_store("memstore_2", "team notes", "");
  });
  ports::NewSession request = smallest();
  request.memory_stores = {{"memstore_1", "read_only", std::nullopt},
                           {"memstore_2", "read_write", std::nullopt}};
  const auto rows = create(backend, request).rows;
  CHECK(std::get<ports::MemoryStoreRow>(rows.at(0)).mount_path == "/mnt/memory/team-notes");
  CHECK(std::get<ports::MemoryStoreRow>(rows.at(1)).mount_path == "/mnt/memory/team-notes-2");
}

void tokens_rotate(Backend& backend) {
  const auto id = create_with_token(backend, "first");
  const std::string odd = "ghp_\"\\/\xC3\xBC+=";
  REQUIRE(backend.try_rotate(id, odd).has_value());
  REQUIRE(backend.try_rotate(id, std::string(4096, 't')).has_value());
  CHECK(held_repository(backend).rotated == std::vector<std::string>{odd, std::string(4096, 't')});
  for (const auto& token : {std::string(), std::string(4097, 't')}) {
    CHECK(backend.try_rotate(id, token).error().kind == Kind::kInvalid);
  }
  CHECK(held_repository(backend).token == std::string(4096, 't'));
}

void running_sessions_rotate_archived_ones_do_not(Backend& backend) {
  const auto id = create_with_token(backend, "first");
  backend.with_model([&](SessionModel& world) { world.set_status(backend.session, "running"); });
  CHECK(backend.try_rotate(id, "second").has_value());
  backend.with_model([&](SessionModel& world) {
    world.set_status(backend.session, "idle");
    REQUIRE(world.archive_session(backend.session).has_value());
  });
  CHECK(backend.try_rotate(id, "third").error().kind == Kind::kInvalid);
  CHECK(held_repository(backend).token == "second");
}

void updates_change_what_is_given(Backend& backend) {
  ports::NewSession request = smallest();
  request.spec.title = "old";
  request.metadata = {{"a", "1"}, {"b", "2"}};
  create(backend, request);
  const auto renamed = backend.try_update({backend.session, "new", {}});
  REQUIRE(renamed.has_value());
  CHECK(renamed->title == "new");
  CHECK(renamed->metadata == request.metadata);
  const auto marked = backend.try_update({backend.session, std::nullopt, {{"b", "3"}, {"c", "4"}}});
  REQUIRE(marked.has_value());
  CHECK(marked->title == "new");
  CHECK(marked->metadata == std::map<std::string, std::string>{{"a", "1"}, {"b", "3"}, {"c", "4"}});
  const std::map<std::string, std::string> too_long = {{"k", std::string(513, 'v')}};
  CHECK(backend.try_update({backend.session, std::nullopt, too_long}).error().kind ==
        Kind::kInvalid);
}

void archived_sessions_are_listed(Backend& backend) {
  constexpr std::size_t kMany = 130;
  for (std::size_t number = 1; number < kMany; ++number) {
    backend.with_model([](SessionModel& world) { REQUIRE(world.create_session({}).has_value()); });
  }
  backend.with_model(
      [&](SessionModel& world) { REQUIRE(world.archive_session(backend.session).has_value()); });
  const auto sessions = backend.try_sessions();
  REQUIRE(sessions.has_value());
  REQUIRE(sessions->size() == kMany);
  CHECK(sessions->back().session_id == backend.session);
  CHECK(sessions->back().archived_at.has_value());
}

void faults_come_in_order(Backend& backend) {
  ports::TimePoint first;
  backend.with_model([&](SessionModel& world) {
    first = world.time();
    world.add_fault(backend.session, "repository_clone_error", kUrl);
    world.add_event(backend.session, "session.status_idle", "{}");
    world.set_time(first + ports::Duration(1));
    world.add_fault(backend.session, "repository_authentication_error", kUrl);
    world.add_fault(backend.session, "repository_melted_error", "");
    world.add_fault(backend.session, "model_overloaded_error", "");
  });
  const auto all = backend.try_faults();
  REQUIRE(all.has_value());
  REQUIRE(all->size() == 4);
  CHECK(all->at(0).error_type == "repository_clone_error");
  CHECK(all->at(0).processed_at == model::to_text(first));
  const auto later = backend.try_faults(all->at(0).processed_at);
  REQUIRE(later.has_value());
  REQUIRE(later->size() == 3);
  CHECK(later->at(0).event_id == all->at(1).event_id);
  CHECK(later->at(0).repository_url == kUrl);
  CHECK(later->at(1).repository_url.empty());
  backend.session = "sesn_gone";
  CHECK(backend.try_faults().error().kind == Kind::kNotFound);
}

void outputs_are_downloaded(Backend& backend) {
  const std::string bytes = std::string(300'000, 'x') + '\0' + "\r\n--end";
  std::vector<std::string> ids;
  backend.with_model([&](SessionModel& world) {
    for (const auto& text : {bytes, std::string()}) {
      ids.push_back(world.add_output(backend.session, "../../etc/passwd\n", text).id);
    }
  });
  CHECK(backend.try_download(ids[0]).value() == bytes);
  CHECK(backend.try_download(ids[1]).value().empty());
  CHECK(backend.try_file(ids[0])->filename == "../../etc/passwd\n");
  backend.with_model([&](SessionModel& world) { world.expire_file(ids[0]); });
  const auto error = backend.try_download(ids[0]).error();
  CHECK(error.kind == Kind::kNotFound);
  CHECK(error.code == "file_expired");
}

/// Takes nothing.
class FullDisk : public ports::ContentSink {
 public:
  tl::expected<ports::Done, std::string> write(std::string_view /*bytes*/) override {
    return tl::unexpected(std::string("out/a cannot be written: the disk is full"));
  }
};

void sinks_may_fail(Backend& backend) {
  std::string id;
  backend.with_model(
      [&](SessionModel& world) { id = world.add_output(backend.session, "a", "bytes").id; });
  const auto result = ports::await<ports::Done>(backend.loop(), [&](auto done) {
    backend.api().download(id, std::make_shared<FullDisk>(), done);
  });
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == Kind::kNotStored);
  CHECK(result.error().message == "out/a cannot be written: the disk is full");
}

}  // namespace

const std::vector<Behaviour>& session_behaviours() {
  static const std::vector<Behaviour> all = {
      {"a session is created with all that is declared", session_is_created_whole},
      {"an agent and an environment are enough", least_is_enough},
      {"a refused create says why, in the API's words", refused_creates_say_why},
      {"a refused create leaves nothing behind", refused_creates_leave_nothing},
      {"a self-hosted environment takes memory stores", self_hosted_takes_stores},
      {"memory stores are mounted by their names", stores_mount_by_name},
      {"a repository holds the token sent last", tokens_rotate},
      {"tokens rotate while running, not once archived",
       running_sessions_rotate_archived_ones_do_not},
      {"an update changes what is given", updates_change_what_is_given},
      {"every session is listed, archived ones included", archived_sessions_are_listed},
      {"faults come oldest first, after a time, of any type", faults_come_in_order},
      {"outputs are downloaded byte by byte", outputs_are_downloaded},
      {"a sink that fails says why", sinks_may_fail}};
  return all;
}

}  // namespace sessync::contract
