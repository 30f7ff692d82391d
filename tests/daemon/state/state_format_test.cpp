#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/daemon/state/old_formats.h"
#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

/// What the tables of a database are, as SQLite understood it.
std::vector<std::string> tables_of(const std::string& path) {
  return ask_sql(path,
                 "SELECT list.name, list.strict, list.wr, info.name, info.type, info.\"notnull\", "
                 "info.dflt_value, info.pk "
                 "FROM pragma_table_list AS list JOIN pragma_table_xinfo(list.name) AS info "
                 "WHERE list.name NOT LIKE 'sqlite%' ORDER BY list.name, info.cid");
}

/// What is in them, as statements that put it there, values by position.
std::vector<std::string> content_of(const std::string& path) {
  std::vector<std::string> all;
  for (const auto& select :
       ask_sql(path,
               "SELECT 'SELECT ''INSERT INTO ' || list.name || ' VALUES('' || ' || "
               "(SELECT group_concat('quote(' || name || ')', ' || '','' || ') "
               "FROM pragma_table_info(list.name)) || ' || '');'' FROM ' || list.name "
               "FROM pragma_table_list AS list WHERE list.name NOT LIKE 'sqlite%' "
               "ORDER BY list.name")) {
    for (const auto& row : ask_sql(path, select.c_str())) {
      all.push_back(row);
    }
  }
  return all;
}

TEST_CASE("A new state has the very tables that an old one is brought to") {
  const TempDirectory fresh;
  {
    const auto state = open_state(fresh.path());
  }
  const auto wanted = tables_of(fresh / "state.db");
  CHECK(wanted.size() > 50);
  for (const char* const format : {kFormat1, kFormat2}) {
    const TempDirectory directory;
    run_sql(directory / "state.db", format);
    {
      const auto state = open_state(directory.path());
    }
    CHECK(tables_of(directory / "state.db") == wanted);
  }
}

std::vector<ports::Change> everything() {
  return {
      ports::change::SetTakenOver{"sesn_1", "prod"},
      ports::change::SetLookedAt{"sesn_1", at(1)},
      ports::change::SetMostFiles{"sesn_1", 2},
      ports::change::SetLeft{"sesn_1", at(3)},
      ports::change::PutRow{"sesn_1", {"r", "copy", "name", 4, true, "up", "/m", at(5), true}},
      ports::change::PutRow{"sesn_1", {"s", "", "", 0, false, "", "", {}, false}},
      ports::change::PutIntent{"sesn_1", {"/a", {"x", ""}, "f", "n", 6, {{"/b", "o", "p", 7}}, {}}},
      ports::change::PutTombstone{"sesn_1", {"t", at(8)}},
      ports::change::PutRefusal{"sesn_1", {"/r", "sha", "400", "it's no", at(9), 10}},
      ports::change::PutToken{"sesn_1", {"r", "print", at(11), at(12), "13"}},
      ports::change::PutOutput{"sesn_1", {"o", "out", 14, at(15), "d1"}},
      ports::change::PutOutput{"sesn_1", {"p", "kept", 16, {}}},
      ports::change::SetStatus{"sesn_1", {"idle", at(17)}},
      ports::change::PutCreation{{"me", "new", "sesn_2", "org", at(18)}},
      ports::change::PutUpload{{"me", "sha", "file", "name", 19, at(20), at(21)}},
  };
}

/// As the first program with format 5 wrote it, and reads it: not to be changed.
const std::vector<std::string> kContent5 = {
    "INSERT INTO creation VALUES('me','new','sesn_2','org',18);",
    "INSERT INTO digest "
    "VALUES('a/b',22,23,24,25,26,'dddddddddddddddddddddddddddddddd',27,1,29,4,30);",
    "INSERT INTO gone_output VALUES('sesn_1','o',15);",
    "INSERT INTO gone_session VALUES('sesn_1',3);",
    "INSERT INTO held VALUES('destination','out','b.yaml');",
    "INSERT INTO held VALUES('name','research','b.yaml');",
    "INSERT INTO held VALUES('owner','me','');",
    "INSERT INTO held VALUES('refused_name','c.yaml/research','c.yaml');",
    "INSERT INTO held VALUES('secret','a.yaml/a/token','a.yaml');",
    "INSERT INTO held VALUES('secret','b.yaml/a/token','b.yaml');",
    "INSERT INTO held VALUES('session_id','sesn_1','a.yaml');",
    "INSERT INTO intent VALUES('sesn_1','/a','1:x0:','f','n',6,NULL);",
    "INSERT INTO output VALUES('sesn_1','o','out',14,'d1');",
    "INSERT INTO output VALUES('sesn_1','p','kept',16,'');",
    "INSERT INTO previous VALUES('sesn_1','/a',0,'/b','o','p',7);",
    "INSERT INTO refusal VALUES('sesn_1','/r','sha','400','it''s no',9,10);",
    "INSERT INTO row VALUES('sesn_1','r','copy','name',4,1,'up','/m',5,1);",
    "INSERT INTO row VALUES('sesn_1','s','','',0,0,'','',NULL,0);",
    "INSERT INTO session VALUES('sesn_1',1,1,'prod',2);",
    "INSERT INTO status VALUES('sesn_1','idle',17);",
    "INSERT INTO suspension VALUES('research','ada',28);",
    "INSERT INTO token VALUES('sesn_1','r','print',11,12,'13');",
    "INSERT INTO tombstone VALUES('sesn_1','t',8);",
    "INSERT INTO upload VALUES('me','file','sha','name',19,20,21);",
};

/// As the first program with format 4 wrote it, and reads it: not to be changed.
const std::vector<std::string> kContent4 = {
    "INSERT INTO creation VALUES('me','new','sesn_2','org',18);",
    "INSERT INTO digest VALUES('a/b',22,23,24,25,26,'dddddddddddddddddddddddddddddddd',27,1);",
    "INSERT INTO gone_output VALUES('sesn_1','o',15);",
    "INSERT INTO gone_session VALUES('sesn_1',3);",
    "INSERT INTO intent VALUES('sesn_1','/a','1:x0:','f','n',6,NULL);",
    "INSERT INTO output VALUES('sesn_1','o','out',14);",
    "INSERT INTO output VALUES('sesn_1','p','kept',16);",
    "INSERT INTO previous VALUES('sesn_1','/a',0,'/b','o','p',7);",
    "INSERT INTO refusal VALUES('sesn_1','/r','sha','400','it''s no',9,10);",
    "INSERT INTO row VALUES('sesn_1','r','copy','name',4,1,'up','/m',5,1);",
    "INSERT INTO row VALUES('sesn_1','s','','',0,0,'','',NULL,0);",
    "INSERT INTO session VALUES('sesn_1',1,1,'prod',2);",
    "INSERT INTO status VALUES('sesn_1','idle',17);",
    "INSERT INTO suspension VALUES('research','ada',28);",
    "INSERT INTO token VALUES('sesn_1','r','print',11,12,'13');",
    "INSERT INTO tombstone VALUES('sesn_1','t',8);",
    "INSERT INTO upload VALUES('me','file','sha','name',19,20,21);",
};

workspace::DigestEntry some_digest() {
  workspace::DigestEntry entry{"a/b", {22, 23, 24, 25, 26}, {}, 27, true, 29, 4, 30};
  entry.digest.fill('d');
  return entry;
}

manifest::Holdings some_holdings() {
  using manifest::ClaimKind;
  return {"me",
          {{ClaimKind::kName, "research", "b.yaml"},
           {ClaimKind::kSessionId, "sesn_1", "a.yaml"},
           {ClaimKind::kDestination, "out", "b.yaml"}},
          {{"a/token", "a.yaml"}, {"a/token", "b.yaml"}},
          {{ClaimKind::kName, "research", "c.yaml"}}};
}

TEST_CASE("What a program of this format writes another one of it can read") {
  const TempDirectory written;
  ports::Inventory inventory;
  {
    const auto state = open_state(written.path());
    REQUIRE(commit(*state.database, everything()));
    REQUIRE(state.database->set_suspension("research", state::Suspension{"ada", at(28)}));
    state.database->remember(some_holdings(), [](const auto& /*outcome*/) {});
    state.database->save_digests({.put = {some_digest()}, .removed = {}});
    state.database->flush();
    inventory = state.database->load("sesn_1");
  }
  CHECK(content_of(written / "state.db") == kContent5);

  const TempDirectory found;
  {
    const auto state = open_state(found.path());
  }
  for (const auto& row : kContent5) {
    run_sql(found / "state.db", row.c_str());
  }
  const auto state = open_state(found.path(), at(50));
  CHECK(state.database->load("sesn_1") == inventory);
  CHECK(state.database->uploads("me") ==
        std::vector<ports::Upload>{{"me", "sha", "file", "name", 19, at(20), at(21)}});
  CHECK(state.database->find_creation("me", "new") ==
        ports::CreationRecord{"me", "new", "sesn_2", "org", at(18)});
  CHECK(state.database->suspensions().at("research") == state::Suspension{"ada", at(28)});
  CHECK(state.database->load_digests() == std::vector{some_digest()});
  CHECK(state.database->holdings() == some_holdings());
  CHECK(state::StateDatabase::peek_holdings(found.path()) == some_holdings());
}

TEST_CASE("What a program of the format before wrote is read as it was meant") {
  const TempDirectory found;
  {
    const auto state = open_state(found.path());
  }
  run_sql(found / "state.db",
          "ALTER TABLE output DROP COLUMN directory; DROP TABLE held;"
          "ALTER TABLE digest DROP COLUMN patterns; ALTER TABLE digest DROP COLUMN secret_kind;"
          "ALTER TABLE digest DROP COLUMN secret_line; PRAGMA user_version = 4;");
  for (const auto& row : kContent4) {
    run_sql(found / "state.db", row.c_str());
  }
  const auto state = open_state(found.path(), at(50));
  CHECK(state.database->load("sesn_1").outputs ==
        std::vector<ports::OutputRecord>{{"o", "out", 14, at(15), ""}, {"p", "kept", 16, {}, ""}});
  CHECK(state.database->holdings() == manifest::Holdings{"prod", {}});
  auto digest = some_digest();
  digest.patterns = digest.secret_kind = digest.secret_line = 0;
  CHECK(state.database->load_digests() == std::vector{digest});
}

TEST_CASE("Nothing of an older state is lost, to a reader or a writer") {
  const TempDirectory directory;
  run_sql(directory / "state.db", kFormat2);
  run_sql(directory / "state.db",
          GENERATE("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"));
  ports::Inventory wanted;
  wanted.taken_over = true;
  wanted.owner = "prod";
  wanted.looked_at = at(7);
  wanted.rows = {{"sesrsc_1", "file_c", "name", 3, true, "file_u", "/m", at(5)}};
  wanted.intents = {{"/a", {}, "file_n", "new", 4, {{"/a", "file_o", "old", 2}}, at(9)},
                    {"/b", {}, "file_n", "new", 4, {}, {}}};
  wanted.refusals = {{"/r", "sha", "400", "no", at(8)}};
  {
    const auto reader = state::StateDatabase::open_read_only(directory.path(), at(9));
    REQUIRE(reader);
    CHECK((*reader)->load("sesn_1") == wanted);
    CHECK(directory.names() == std::vector<std::string>{"state.db"});
  }
  for (int openings = 0; openings < 2; ++openings) {
    const auto state = open_state(directory.path(), at(9));
    CHECK(state.database->warnings().empty());
    CHECK(state.database->load("sesn_1") == wanted);
  }
  REQUIRE(
      commit(*open_state(directory.path()).database, {ports::change::DropIntent{"sesn_1", "/a"}}));
  CHECK(open_state(directory.path()).database->load("sesn_1").intents.size() == 1);
}

TEST_CASE("The owner in force of an older state is that of the session that was looked at last") {
  const TempDirectory directory;
  run_sql(directory / "state.db", kFormat2);
  run_sql(directory / "state.db",
          "INSERT INTO session VALUES ('sesn_2', 1, 9, 'later'), ('sesn_3', 1, NULL, 'never'), "
          "('sesn_4', 0, 10, '')");
  CHECK(state::StateDatabase::peek_holdings(directory.path()) == manifest::Holdings{"later", {}});
  CHECK(open_state(directory.path()).database->holdings() == manifest::Holdings{"later", {}});
}

TEST_CASE("What was in force of the manifest is replaced as a whole, or not at all") {
  using manifest::ClaimKind;
  const TempDirectory directory;
  const auto remember = [&](const manifest::Holdings& holdings) {
    const auto state = open_state(directory.path());
    bool is_kept = false;
    state.database->remember(holdings, [&](const auto& outcome) { is_kept = outcome.has_value(); });
    state.database->flush();
    CHECK(is_kept);
    CHECK(state.database->holdings() == holdings);
  };
  CHECK(state::StateDatabase::peek_holdings(directory.path()) == manifest::Holdings());
  CHECK(directory.names().empty());
  remember(some_holdings());
  auto changed = some_holdings();
  changed.owner = "you";
  changed.claims.pop_back();
  changed.claims.back().file = "c.yaml";
  remember(changed);
  CHECK(state::StateDatabase::peek_holdings(directory.path()) == changed);
  CHECK(open_state(directory.path()).database->holdings() == changed);
  remember({});
  CHECK(open_state(directory.path()).database->holdings() == manifest::Holdings());
}

}  // namespace
}  // namespace sessync
