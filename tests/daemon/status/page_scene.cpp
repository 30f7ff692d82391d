// Prints a scene of the status page, for tests that look at it in a browser.
// Usage: page_scene html|json SCENE | policy
#include <cstdio>
#include <string>
#include <vector>

#include "daemon/serve/page.h"
#include "daemon/serve/status_json.h"
#include "tests/daemon/status/page_fixture.h"

namespace {

std::string fixture_document(const sessync::StatusSnapshot& status) {
  std::vector<std::string> documents;
  std::vector<const std::string*> pointers;
  documents.reserve(status.sessions.size());
  pointers.reserve(status.sessions.size());
  for (const auto& session : status.sessions) {
    documents.push_back(sessync::session_document(*session));
    pointers.push_back(&documents.back());
  }
  return sessync::status_document(status, pointers);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string out;
  if (arguments.size() == 2 && arguments[0] == "html") {
    out = sessync::render_page(sessync::page_fixture::scene(arguments[1]),
                               sessync::page_fixture::noon());
  } else if (arguments.size() == 2 && arguments[0] == "json") {
    out = fixture_document(sessync::page_fixture::scene(arguments[1]));
  } else if (arguments.size() == 1 && arguments[0] == "policy") {
    out = sessync::page_policy();
  } else {
    std::fputs("usage: page_scene html|json SCENE | policy\n", stderr);
    return 64;
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
