#include "daemon/api/wire/wire.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/os/live_secrets.h"

using namespace sessync;

TEST_CASE("a credential that a server repeats is part of nothing that is read") {
  const std::string key = "a-credential-only-for-this-test";
  os::live_secrets().add(ports::Secret(key), os::LiveSecrets::Life::kProcess);
  const auto session =
      api::parse_session(R"({"id":"sesn_1","status":"idle","title":")" + key +
                         R"(","archived_at":")" + key + R"(","metadata":{"a":")" + key + R"("}})");
  REQUIRE(session);
  CHECK(session->archived_at == "[redacted]");
  CHECK(session->title == "[redacted]");
  CHECK(session->metadata.at("a") == "[redacted]");
  const auto page = api::parse_resource_page(
      R"({"data":[{"id":"r","type":"file","file_id":"f","mount_path":"/mnt/)" + key +
      R"("},{"id":"o","type":")" + key + R"("}],"next_page":null})");
  REQUIRE(page);
  CHECK(std::get<ports::FileRow>(page->rows.at(0)).mount_path == "/mnt/[redacted]");
  CHECK(std::get<ports::OpaqueRow>(page->rows.at(1)).type == "[redacted]");
  // A word that somebody uses as a key is a word.
  os::live_secrets().add(ports::Secret("report"), os::LiveSecrets::Life::kProcess);
  const auto word = api::parse_resource_page(
      R"({"data":[{"id":"r","type":"file","file_id":"f","mount_path":"/mnt/report"}],)"
      R"("next_page":null})");
  CHECK(std::get<ports::FileRow>(word->rows.at(0)).mount_path == "/mnt/report");
}

TEST_CASE("rows of every type are read, unknown fields ignored") {
  const auto page = api::parse_resource_page(R"({"data":[
    {"id":"r1","type":"file","file_id":"f1","mount_path":"/mnt/session/uploads/a","created_at":"t","new":{"x":1}},
    {"id":"r2","type":"github_repository","url":"https://github.com/a/b","mount_path":"/workspace/b",
     "checkout":{"type":"branch","name":"main"}},
    {"id":"r3","type":"github_repository","url":"u","mount_path":"/w","checkout":{"type":"commit","sha":"abc"}},
    {"id":"r4","type":"github_repository","url":"u","mount_path":"/w","checkout":null},
    {"id":"r5","type":"github_repository","url":"u","mount_path":"/w","checkout":{"type":"tag","tag":"v1"}},
    {"type":"memory_store","memory_store_id":"m1","access":"read_only","mount_path":"/mnt/memory/x","instructions":"i"},
    {"type":"memory_store","memory_store_id":"m2","access":"read_write","mount_path":"/mnt/memory/y"},
    {"id":"r6","type":"volume","mount_path":"/v"}, {"type":"ghost"}, {}
  ],"next_page":null,"extra":[]})");
  REQUIRE(page);
  CHECK(page->next.empty());
  const auto& rows = page->rows;
  REQUIRE(rows.size() == 10);
  const auto& file = std::get<ports::FileRow>(rows[0]);
  CHECK((file.resource_id == "r1" && file.file_id == "f1" && file.created_at == "t"));
  CHECK(file.mount_path == "/mnt/session/uploads/a");
  CHECK(std::get<ports::RepositoryRow>(rows[1]).branch == "main");
  CHECK(std::get<ports::RepositoryRow>(rows[2]).commit == "abc");
  CHECK(!std::get<ports::RepositoryRow>(rows[3]).branch);
  CHECK(!std::get<ports::RepositoryRow>(rows[4]).commit);
  const auto& store = std::get<ports::MemoryStoreRow>(rows[5]);
  CHECK((store.memory_store_id == "m1" && store.access == "read_only"));
  CHECK(store.instructions == "i");
  CHECK(!std::get<ports::MemoryStoreRow>(rows[6]).instructions);
  const auto& opaque = std::get<ports::OpaqueRow>(rows[7]);
  CHECK((opaque.type == "volume" && opaque.resource_id == "r6" && opaque.mount_path == "/v"));
  CHECK(std::get<ports::OpaqueRow>(rows[8]).resource_id.empty());
  CHECK(std::get<ports::OpaqueRow>(rows[9]).type.empty());
}

TEST_CASE("the user and the password of a URL are not part of it") {
  for (const std::string url :
       {"https://github.com/a/b", "https://x-access-token:ghs_1@github.com/a/b",
        "https://ghs_1@github.com/a/b", "https://me:p/w@github.com/a/b"}) {
    const auto row = api::parse_resource(
        R"({"id":"r","type":"github_repository","mount_path":"/w","url":")" + url + R"("})");
    REQUIRE(row);
    CHECK(std::get<ports::RepositoryRow>(*row).url == "https://github.com/a/b");
    const auto faults = api::parse_fault_page(
        R"({"data":[{"id":"e","type":"session.error","processed_at":"2026-11-29T00:00:00Z","error":)"
        R"({"type":"t","repository_url":")" +
        url + R"("}}]})");
    REQUIRE(faults);
    CHECK(faults->rows.at(0).repository_url == "https://github.com/a/b");
  }
}

TEST_CASE("the end of a list is an absent, null or empty cursor") {
  for (const char* const end : {"", R"(,"next_page":null)", R"(,"next_page":"")"}) {
    const auto page = api::parse_file_page(std::string(R"({"data":[])") + end + "}");
    REQUIRE(page);
    CHECK(page->next.empty());
  }
  CHECK(api::parse_file_page(R"({"data":[],"next_page":"p"})")->next == "p");
}

TEST_CASE("a memory store whose access is not said may be read and written") {
  for (const char* const access : {"", R"(,"access":null)", R"(,"access":"")"}) {
    const auto row = api::parse_resource(R"({"type":"memory_store","memory_store_id":"m")" +
                                         std::string(access) + "}");
    REQUIRE(row);
    CHECK(std::get<ports::MemoryStoreRow>(*row).access == "read_write");
    CHECK(std::get<ports::MemoryStoreRow>(*row).mount_path.empty());
  }
}

TEST_CASE("a file without a mount path is left alone, and is no answer to an add") {
  for (const char* const mount : {"", R"(,"mount_path":null)", R"(,"mount_path":"")"}) {
    const std::string text = R"({"id":"r","type":"file","file_id":"f")" + std::string(mount) + "}";
    const auto row = api::parse_resource(text);
    REQUIRE(row);
    const auto& opaque = std::get<ports::OpaqueRow>(*row);
    CHECK((opaque.type == "file" && opaque.resource_id == "r" && opaque.mount_path.empty()));
    CHECK(api::parse_added_file(text).error() == "`mount_path` is missing");
  }
}

TEST_CASE("a row of the wrong shape makes the list unusable and is named") {
  for (
      const char* const row :
      {R"({"id":"r","type":"file","mount_path":"/a"})",
       R"({"type":"file","file_id":"f","mount_path":"/a"})",
       R"({"id":7,"type":"file","file_id":"f","mount_path":"/a"})",
       R"({"id":"r","type":"file","file_id":"f","mount_path":["/a"]})",
       R"({"id":"r","type":"file","file_id":"f","mount_path":"/a","created_at":5})",
       R"({"type":5})",
       R"({"id":"r","type":"github_repository","url":"u","mount_path":"/w","checkout":"main"})",
       R"({"id":"r","type":"github_repository","url":"u","mount_path":"/w","checkout":{"type":"branch"}})",
       R"({"type":"memory_store","memory_store_id":[]})", R"("r")", "null", "[]"}) {
    INFO(row);
    const auto page = api::parse_resource_page(R"({"data":[{},)" + std::string(row) + "]}");
    REQUIRE(!page);
    CHECK(page.error().find("`data`[1]") != std::string::npos);
  }
}

TEST_CASE("file metadata is read with scope absent, null or given") {
  const std::string head =
      R"({"id":"f","type":"file","filename":"a.txt","mime_type":"text/plain","size_bytes":12,
    "created_at":"t","downloadable":true,"expires_at":"e")";
  for (const char* const scope :
       {"", R"(,"scope":null)", R"(,"scope":{"type":"session","id":"sesn_1"})"}) {
    const auto file = api::parse_file(head + scope + "}");
    REQUIRE(file);
    CHECK((file->file_id == "f" && file->filename == "a.txt" && file->size_bytes == 12));
    CHECK(file->expires_at == "e");
    CHECK(file->downloadable == true);
  }
  const auto bare = api::parse_file(R"({"id":"f","size_bytes":0,"expires_at":null})");
  REQUIRE(bare);
  CHECK(!bare->expires_at);
  CHECK(!bare->downloadable);
}

TEST_CASE("a size that is not a count is refused") {
  for (const char* const size : {"-1", "1.5", "\"1\"", "null", "1e400", "99999999999999999999"}) {
    INFO(size);
    CHECK(!api::parse_file(R"({"id":"f","size_bytes":)" + std::string(size) + "}"));
  }
}

TEST_CASE("sessions of any status are read") {
  const auto session =
      api::parse_session(R"({"id":"s","status":"dreaming","archived_at":"t","title":null,
    "metadata":{"a":"1","b":2},"resources":[{"odd":true}],"agent":{}})");
  REQUIRE(session);
  CHECK(session->status == "dreaming");
  CHECK(session->archived_at == "t");
  CHECK(!session->title);
  CHECK(session->metadata == std::map<std::string, std::string>{{"a", "1"}});
  CHECK(!api::parse_session("{}"));
}

TEST_CASE("the answer to an add must be a file resource") {
  CHECK(api::parse_added_file(R"({"id":"r","type":"file","file_id":"f","mount_path":"/a"})"));
  CHECK(!api::parse_added_file(R"({"id":"r","type":"memory_store"})"));
  CHECK(!api::parse_added_file(R"({"id":"r"})"));
}

TEST_CASE("error bodies of every shape are survived") {
  const auto full = api::parse_error_body(R"({"type":"error","error":{"type":"t","message":"m",
    "details":{"error_code":"c"}},"request_id":"q"})");
  REQUIRE(full);
  CHECK((full->type == "t" && full->error_code == "c" && full->message == "m"));
  CHECK(full->request_id == "q");
  const auto odd = api::parse_error_body(R"({"error":{"type":5,"message":null,"details":[]}})");
  REQUIRE(odd);
  CHECK((odd->type.empty() && odd->error_code.empty() && odd->message.empty()));
  for (const char* const body : {"", "<html>", R"({"error":"text"})", "[]", "{}", "\xff\xfe"}) {
    CHECK(!api::parse_error_body(body));
  }
}

TEST_CASE("hostile JSON is refused cheaply") {
  CHECK(!api::parse_file_page(std::string(1'000'000, '[')));
  CHECK(!api::parse_file_page(R"({"data":)" + std::string(100'000, '{')));
  const auto quoted =
      R"({"data":[{"id":"f","filename":")" + std::string(200, '[') + R"(\"[[","size_bytes":1}]})";
  CHECK(api::parse_file_page(quoted));
}

TEST_CASE("the body of an add says exactly what is to be added") {
  const auto body = api::add_file_body({"s", "f", "/data/\"r\xc3\xa9sum\xc3\xa9\".txt"});
  REQUIRE(body);
  const auto sent = nlohmann::json::parse(body->reveal());
  CHECK(sent == nlohmann::json{{"type", "file"},
                               {"file_id", "f"},
                               {"mount_path", "/data/\"r\xc3\xa9sum\xc3\xa9\".txt"}});
  CHECK(!api::add_file_body({"s", "f", "/\xff"}));
}

TEST_CASE("an object that has a key twice is refused") {
  const std::string row = R"({"id":"r","type":"file","file_id":"f","mount_path":"/a"})";
  CHECK(api::parse_resource_page(R"({"data":[)" + row + "," + row + "]}"));
  for (const std::string& body :
       {R"({"data":[)" + row + R"(],"data":[]})",
        R"({"data":[],"x":{"y":1,"y":1}})" + std::string(),
        R"({"data":[{"id":"a","id":"b","type":"ghost"}]})" + std::string()}) {
    const auto page = api::parse_resource_page(body);
    REQUIRE_FALSE(page);
    CHECK(page.error() == "it has a key twice");
  }
}

TEST_CASE("a text of more values than any answer has is not parsed") {
  std::string body = R"({"data":[)";
  for (int i = 0; i < 1'000'000; ++i) body += "0,";
  const auto page = api::parse_resource_page(body + "0]}");
  REQUIRE_FALSE(page);
  CHECK(page.error().find("more values") != std::string::npos);
}

TEST_CASE("a long list is read in time linear in its length") {
  std::string body = R"({"data":[)";
  for (int i = 0; i < 400'000; ++i) body += "{},";
  const auto page = api::parse_resource_page(body + "{}]}");
  REQUIRE(page);
  CHECK(page->rows.size() == 400'001);
}
