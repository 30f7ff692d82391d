#include "tests/double/model/session_model.h"

#include <set>

#include <catch2/catch.hpp>

namespace sessync {

namespace {

using model::Switches;

const ports::TimePoint kStart{std::chrono::seconds(1'790'000'000)};

/// A model with one session and helpers that must succeed.
struct World {
  SessionModel api;
  std::string session;

  explicit World(const std::string& agent = "agent_default",
                 const std::string& environment = "env_default") {
    api.set_time(kStart);
    model::NewSession request;
    request.agent_id = agent;
    request.environment_id = environment;
    session = api.create_session(request).value().id;
  }

  std::string upload(const std::string& name, const std::string& bytes) {
    return api.upload({name, "text/plain", model::Content::of(bytes), std::nullopt}).value().id;
  }
  model::Answer<model::Resource> add(const std::string& file, const std::string& path) {
    model::NewResource request;
    request.file_id = file;
    request.mount_path = path;
    return api.add_resource(session, request);
  }
  std::vector<std::string> listed() {
    std::vector<std::string> paths;
    const auto page = api.list_resources(session, {}).value();
    paths.reserve(page.data.size());
    for (const auto& row : page.data) {
      paths.push_back(row.mount_path);
    }
    return paths;
  }
  std::size_t scoped_files() {
    model::FileQuery query;
    query.scope_id = session;
    return api.list_files(query).value().data.size();
  }
};

model::NewResource repository(const std::string& url, const std::string& mount = {}) {
  model::NewResource request;
  request.type = "github_repository";
  request.url = url;
  request.mount_path = mount;
  return request;
}

model::NewResource memory_store(const std::string& id) {
  model::NewResource request;
  request.type = "memory_store";
  request.memory_store_id = id;
  return request;
}

/// The refusal of a create request with these resources.
model::Error create_error(World& world, const std::vector<model::NewResource>& resources,
                          const std::string& environment = "env_default") {
  model::NewSession request;
  request.environment_id = environment;
  request.resources = resources;
  const auto answer = world.api.create_session(request);
  REQUIRE_FALSE(answer.has_value());
  return answer.error();
}

}  // namespace

TEST_CASE("an added file is a copy with a new id and the upload's name") {
  World world;
  const auto upload = world.upload("a.csv", "1,2");
  const auto row = world.add(upload, "/data/a.csv").value();
  CHECK(row.file_id != upload);
  CHECK(row.mount_path == "/mnt/session/uploads/data/a.csv");
  const auto copy = world.api.get_file(row.file_id).value();
  CHECK(copy.filename == "a.csv");
  CHECK(copy.content.size == 3);
  CHECK(copy.session_id == world.session);
  CHECK(world.api.list_files({}).value().data.size() == 1);
  CHECK(world.scoped_files() == 1);
  CHECK(*world.api.held(world.session).at(row.mount_path).content.bytes == "1,2");
}

TEST_CASE("mount paths are resolved as the API does it") {
  World world;
  const auto upload = world.upload("a", "x");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/data.csv", "/mnt/session/uploads/data.csv"},
      {"/tmp//b/./c", "/mnt/session/uploads/tmp/b/c"},
      {"/mnt/session/uploads/d", "/mnt/session/uploads/d"},
      {"/uploads/e", "/mnt/session/uploads/e"},
      {"", "/mnt/session/uploads/" + upload}};
  for (const auto& [sent, resolved] : cases) {
    CHECK(world.add(upload, sent).value().mount_path == resolved);
  }
  for (const char* bad : {"/a/../b", "/dir/", "/"}) {
    CHECK(world.add(upload, bad).error().status == 400);
  }
}

TEST_CASE("mounts that meet are refused or shadow each other") {
  World world;
  const auto old_upload = world.upload("a", "old");
  const auto new_upload = world.upload("a", "new");
  REQUIRE(world.add(old_upload, "/dir/a").has_value());
  for (const char* path : {"/dir/a", "/dir", "/dir/a/below"}) {
    world.api.switches().duplicate_mount = Switches::DuplicateMount::kReject;
    CHECK(world.add(new_upload, path).error().status == 400);
  }
  CHECK(world.add(new_upload, "/dir/ab").has_value());
  world.api.switches().duplicate_mount = Switches::DuplicateMount::kShadow;
  const auto shadow = world.add(new_upload, "/dir/a").value();
  CHECK(*world.api.held(world.session).at(shadow.mount_path).content.bytes == "new");
  REQUIRE(world.api.delete_resource(world.session, shadow.id).has_value());
  CHECK(*world.api.held(world.session).at(shadow.mount_path).content.bytes == "old");
}

TEST_CASE("a deleted resource leaves its copy or takes it along") {
  World world;
  const auto row = world.add(world.upload("a", "x"), "/a").value();
  const bool kept = GENERATE(true, false);
  world.api.switches().copy_on_delete =
      kept ? Switches::CopyOnDelete::kKept : Switches::CopyOnDelete::kRemoved;
  REQUIRE(world.api.delete_resource(world.session, row.id).has_value());
  CHECK(world.scoped_files() == (kept ? 1 : 0));
  CHECK(world.api.held(world.session).empty());
  CHECK(world.api.delete_resource(world.session, row.id).error().message ==
        "Resource not found: " + row.id);
}

TEST_CASE("deleting an original leaves what was mounted from it") {
  World world;
  const auto upload = world.upload("a", "x");
  REQUIRE(world.add(upload, "/a").has_value());
  REQUIRE(world.api.delete_file(upload).has_value());
  CHECK(world.api.held(world.session).size() == 1);
  CHECK(world.add(upload, "/b").error().status == 404);
  const auto gone = world.api.get_file(upload).error();
  CHECK(gone.message == "File `" + upload + "` not found.");
  CHECK(gone.should_retry == false);
}

TEST_CASE("writes to running and archived sessions follow the switches") {
  World world;
  const auto upload = world.upload("a", "x");
  world.api.set_status(world.session, "running");
  CHECK(world.add(upload, "/ok").has_value());
  world.api.switches().mutate_while_running = Switches::WhileRunning::kRefused409;
  CHECK(world.add(upload, "/a").error().status == 409);
  world.api.switches().mutate_while_running = Switches::WhileRunning::kRefused400;
  CHECK(world.add(upload, "/a").error().status == 400);
  CHECK(world.api.archive_session(world.session).error().status == 400);
  world.api.set_status(world.session, "idle");
  CHECK(world.api.archive_session(world.session).value().status == "terminated");
  CHECK(world.add(upload, "/a").error().status == 400);
  world.api.switches().archived = Switches::Archived::kRefused409;
  CHECK(world.add(upload, "/a").error().status == 409);
  CHECK(world.api.held(world.session).size() == 1);
}

TEST_CASE("the file cap counts file rows") {
  World world;
  world.api.switches().file_cap = 2;
  const auto upload = world.upload("a", "x");
  const auto first = world.add(upload, "/1").value();
  REQUIRE(world.add(upload, "/2").has_value());
  CHECK(world.add(upload, "/3").error().status == 400);
  REQUIRE(world.api.delete_resource(world.session, first.id).has_value());
  CHECK(world.add(upload, "/3").has_value());
}

TEST_CASE("lists that lag show the past, and only lists") {
  World world;
  const auto row = world.add(world.upload("a", "x"), "/a").value();
  world.api.switches().resource_list_lag = std::chrono::seconds(5);
  world.api.switches().file_list_lag = std::chrono::seconds(5);
  CHECK(world.listed().size() == 1);  // as old as the session
  world.api.set_time(kStart + std::chrono::seconds(10));
  const auto late = world.add(world.upload("b", "y"), "/b").value();
  REQUIRE(world.api.delete_resource(world.session, row.id).has_value());
  CHECK(world.listed() == std::vector<std::string>{row.mount_path});
  CHECK(world.scoped_files() == 1);
  CHECK(world.api.get_resource(world.session, late.id).has_value());
  CHECK_FALSE(world.api.get_resource(world.session, row.id).has_value());
  world.api.set_time(kStart + std::chrono::seconds(15));
  CHECK(world.listed() == std::vector<std::string>{late.mount_path});
  CHECK(world.scoped_files() == 2);
}

TEST_CASE("files are listed newest first and by pages") {
  World world;
  std::vector<std::string> made;
  made.reserve(5);
  for (int number = 0; number < 5; ++number) {
    made.push_back(world.upload("f" + std::to_string(number), "x"));
  }
  model::FileQuery query;
  query.page.limit = 2;
  std::vector<std::string> seen;
  for (bool more = true; more;) {
    const auto page = world.api.list_files(query).value();
    for (const auto& file : page.data) {
      seen.push_back(file.id);
    }
    more = page.next_page.has_value();
    query.page.page = page.next_page.value_or("");
  }
  CHECK(seen == std::vector<std::string>(made.rbegin(), made.rend()));
  query = {};
  query.ids = {made[1], "file_unknown", made[3]};
  CHECK(world.api.list_files(query).value().data.size() == 2);
  query.page.limit = 5;
  CHECK(world.api.list_files(query).error().status == 400);
}

TEST_CASE("create errors are worded as recorded") {
  World world;
  model::NewResource file;
  file.file_id = "file_gone";
  CHECK(create_error(world, {file}).message ==
        "One or more files not found. Check that each `file_id` exists and is accessible: "
        "file_gone");
  file.file_id = "nonsense";
  CHECK(create_error(world, {file}).message ==
        "Invalid file resource: invalid file_id: \"nonsense\"");
  CHECK(create_error(world, {memory_store("memstore_missing1")}).message ==
        "Memory store `memstore_missing1` not found.");
  CHECK(create_error(world, {memory_store("memstore_1"), memory_store("memstore_1")}).message ==
        "resources contains duplicate memory_store_id: memstore_1");
  auto store = memory_store("memstore_1");
  store.access = "admin";
  CHECK(create_error(world, {store}).message ==
        "Failed to parse request: resources[0].access: \"admin\" is not a valid value; expected "
        "one of read_only, read_write");
  store = memory_store("memstore_1");
  store.instructions = std::string(4097, 'x');
  CHECK(create_error(world, {store}).message ==
        "resources.0.memory_store.instructions: must be at most 4096 characters");
  CHECK(create_error(world, {repository("https://github.com/a/b")}, "env_selfhosted1").message ==
        "`resources` are not supported with self-hosted environments.");
}

TEST_CASE("repositories are checked as recorded") {
  World world;
  for (const char* url :
       {"http://github.com/a/b", "https://github.com/a/b.git", "https://github.com/a",
        "https://x@github.com/a/b", "https://github.com:443/a/b", "https://github.com/a/b?c"}) {
    CHECK(create_error(world, {repository(url)}).message ==
          "Invalid `github_repository` resource: invalid github_repository url: must be "
          "https://github.com/{owner}/{repo} with no .git suffix");
  }
  CHECK(create_error(world, {repository("https://github.com/a/b", "/workspace/x"),
                             repository("https://github.com/a/c", "/workspace/x/y")})
            .message ==
        "Invalid `github_repository` resource: `mount_path` overlaps another resource: "
        "/workspace/x/y and /workspace/x; set distinct `mount_path` values");
  auto empty_token = repository("https://github.com/a/b");
  empty_token.authorization_token = "";
  CHECK(create_error(world, {empty_token}).message ==
        "resources.0.github_repository.authorization_token: value is required");
}

TEST_CASE("a refused create leaves nothing behind") {
  World world;
  model::NewResource good;
  good.file_id = world.upload("a", "x");
  (void)create_error(world, {good, repository("nonsense")});
  CHECK(world.api.uploads().size() == 1);
  CHECK(world.api.list_sessions({}).value().data.size() == 1);
}

TEST_CASE("repositories and memory stores are fixed, tokens are not") {
  World world;
  model::NewSession request;
  request.resources = {repository("https://github.com/a/b"), memory_store("memstore_1")};
  const auto session = world.api.create_session(request).value();
  const auto& repo = session.resources[0];
  CHECK(repo.mount_path == "/workspace/b");
  CHECK(world.api.rotate_token(session.id, repo.id, "fresh").has_value());
  CHECK(world.api.session(session.id).resources[0].token == "fresh");
  CHECK(world.api.delete_resource(session.id, repo.id).error().status == 400);
  CHECK(world.api.delete_resource(session.id, "memstore_1").error().message ==
        "Resource not found: memstore_1");
  const auto file = world.add(world.upload("a", "x"), "/a").value();
  CHECK(world.api.rotate_token(world.session, file.id, "x").error().message ==
        "Only github_repository resources support token updates");
}

TEST_CASE("files need the read tool") {
  World world("agent_noread1");
  CHECK(world.add(world.upload("a", "x"), "/a").error().message ==
        "Missing required tool: file resources require the read tool to be usable (enabled and "
        "not always_deny) on the session's `agent_toolset`");
}

TEST_CASE("deleting a session removes its copies and outputs, not the originals") {
  World world;
  REQUIRE(world.add(world.upload("a", "x"), "/a").has_value());
  const auto output = world.api.add_output(world.session, "report.md", "done");
  CHECK(*world.api.download(output.id).value().content.bytes == "done");
  REQUIRE(world.api.delete_session("session_" + world.session.substr(5)).has_value());
  CHECK(world.api.uploads().size() == 1);
  CHECK_FALSE(world.api.get_file(output.id).has_value());
}

TEST_CASE("only outputs can be downloaded") {
  World world;
  const auto upload = world.upload("a", "x");
  CHECK(world.api.download(upload).error().code == "file_not_downloadable");
}

TEST_CASE("metadata is merged and a null deletes") {
  World world;
  model::SessionUpdate update;
  update.metadata = {{"a", "1"}, {"b", "2"}};
  REQUIRE(world.api.update_session(world.session, update).has_value());
  update.metadata = {{"a", std::nullopt}};
  const auto session = world.api.update_session(world.session, update).value();
  CHECK(session.metadata == std::map<std::string, std::string>{{"b", "2"}});
}

TEST_CASE("ids depend on the seed alone and never repeat") {
  World world;
  World again;
  std::set<std::string> ids;
  for (int number = 0; number < 1000; ++number) {
    const auto id = world.upload("a", "x");
    CHECK(id == again.upload("a", "x"));
    ids.insert(id);
  }
  CHECK(ids.size() == 1000);
}

TEST_CASE("times survive the way to text and back") {
  const ports::TimePoint time = kStart + ports::Duration(123);
  for (int millisecond = 0; millisecond < 60'000; ++millisecond) {
    const auto then = time + ports::Duration(millisecond);
    REQUIRE(model::to_time(model::to_text(then)) == then);
  }
  CHECK_FALSE(model::to_time("yesterday").has_value());
}

}  // namespace sessync
