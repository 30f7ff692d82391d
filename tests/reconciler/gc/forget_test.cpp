#include <catch2/catch.hpp>

#include "reconciler/gc/forget_sessions.h"
#include "reconciler/observe/find_session.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/double/memory/memory_state_store.h"
#include "tests/double/memory/test_loop.h"

using namespace sessync;
using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

namespace {

manifest::SessionSpec existing(const std::string& name, const std::string& id) {
  manifest::SessionSpec spec;
  spec.name = name;
  spec.session_id = id;
  return spec;
}

manifest::SessionSpec created(const std::string& name) {
  manifest::SessionSpec spec;
  spec.name = name;
  spec.create.emplace();
  return spec;
}

/// A store that remembers something of four sessions, one of which was created, and of a create
/// that was refused.
struct Rig {
  Rig() {
    for (const auto* id : {"sesn_1", "sesn_2", "sesn_made"}) {
      commit(ports::change::PutTombstone{id, {"sesrsc_1", loop.now()}});
    }
    commit(ports::change::PutRefusal{observe::synthetic_id("prod", "refused"),
                                     {"", "c", "400", "no", loop.now()}});
    commit(ports::change::PutCreation{{"prod", "made", "sesn_made", "", std::nullopt}});
    commit(ports::change::PutCreation{{"prod", "refused", "", "", loop.now()}});
  }

  void commit(ports::Change change) {
    store.commit({std::move(change)}, [](const tl::expected<ports::Done, ports::StoreError>&) {});
    loop.run_all();
  }

  void look(const std::vector<manifest::SessionSpec>& declared) {
    ports::Ports ports{api, store, loop};
    gc::forget_left_sessions("prod", declared, ports);
    loop.run_all();
  }

  SessionModel model;
  TestLoop loop;
  MemorySessionApi api{model, loop};
  MemoryStateStore store{loop};
};

}  // namespace

TEST_CASE("a session that left the manifest is forgotten after a day") {
  Rig rig;
  const std::vector<manifest::SessionSpec> rest{existing("one", "sesn_1")};
  rig.look(rest);
  rig.loop.advance(23h);
  rig.look(rest);
  CHECK(rig.store.sessions().size() == 4);
  CHECK(rig.store.creations().size() == 2);
  rig.loop.advance(1h);
  rig.look(rest);
  CHECK(rig.store.sessions() == Ids{"sesn_1"});
  CHECK(rig.store.creations().empty());
  CHECK(rig.api.calls.entries().empty());
}

TEST_CASE("one that comes back within the day keeps what it had, and has a day again") {
  Rig rig;
  const std::vector<manifest::SessionSpec> all{existing("one", "sesn_1"), existing("two", "sesn_2"),
                                               created("made"), created("refused")};
  rig.look({});
  rig.loop.advance(23h);
  rig.look(all);
  rig.loop.advance(48h);
  rig.look(all);
  CHECK(rig.store.sessions().size() == 4);
  CHECK(rig.store.creations().size() == 2);
  CHECK_FALSE(rig.store.load("sesn_2").left_at);
  rig.look({});
  rig.loop.advance(23h);
  rig.look({});
  CHECK(rig.store.sessions().size() == 4);
}
