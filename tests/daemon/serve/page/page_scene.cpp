// Prints a scene of the status page, for tests that look at it in a browser.
// Usage: page_scene page SCENE [EDIT...] | part SCENE [EDIT...] | session NAME SCENE [EDIT...] |
// policy `part` has the rows that were edited, `session` the one of that name. Edits: NAME=OTHER
// NAME, new or not, is as OTHER is in the scene    NAME~  a pass of NAME begins
//        NAME-       NAME leaves      !TEXT  an error of the manifest  @VERSION  of the daemon
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "daemon/serve/page/page.h"
#include "tests/daemon/serve/page/page_fixture.h"

namespace {

using sessync::status::SessionStatus;
using sessync::status::StatusSnapshot;

constexpr std::uint64_t kBefore = 7;  ///< the revision of all that is not edited

void put(StatusSnapshot& status, SessionStatus session) {
  session.revision = kBefore + 1;
  auto& sessions = status.sessions;
  std::erase_if(sessions, [&](const auto& one) { return one->name == session.name; });
  sessions.push_back(std::make_shared<const SessionStatus>(std::move(session)));
  std::ranges::sort(sessions, {}, [](const auto& one) -> const auto& { return one->name; });
}

SessionStatus find(const StatusSnapshot& status, const std::string& name) {
  for (const auto& session : status.sessions) {
    if (session->name == name) return *session;
  }
  throw std::invalid_argument("no session " + name);
}

void edit(StatusSnapshot& status, const StatusSnapshot& scene, const std::string& how) {
  const auto equals = how.find('=');
  const auto name = how.substr(0, equals == std::string::npos ? how.size() - 1 : equals);
  if (how.starts_with('!')) {
    status.manifest.valid = how.size() == 1;
    status.manifest.errors.assign(how.size() > 1 ? 1 : 0, how.substr(1));
  } else if (how.starts_with('@')) {
    status.version = how.substr(1);
  } else if (equals != std::string::npos) {
    auto session = find(scene, how.substr(equals + 1));
    session.name = name;
    put(status, std::move(session));
  } else if (how.ends_with('~')) {
    auto session = find(status, name);
    session.working = true;
    put(status, std::move(session));
  } else {
    std::erase_if(status.sessions, [&](const auto& one) { return one->name == name; });
  }
}

std::string show(std::vector<std::string> arguments) {
  sessync::page::PagePart part{"1-99", {}, {}};
  if (arguments.at(0) == "part") {
    part.since = kBefore;
  } else if (arguments.at(0) == "session") {
    part.session = arguments.at(1);
    arguments.erase(arguments.begin());
  }
  const auto scene = sessync::page_fixture::scene(arguments.at(1));
  auto status = scene;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    edit(status, scene, arguments[i]);
  }
  return sessync::page::render_page(status, part, sessync::page_fixture::noon());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    std::fputs("usage: page_scene page|part|session|policy ...\n", stderr);
    return 64;
  }
  const auto out = arguments[0] == "policy" ? sessync::page::page_policy() : show(arguments);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
