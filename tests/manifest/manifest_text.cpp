#include "manifest_text.h"

#include <catch2/catch.hpp>

namespace sessync::test {

manifest::ManifestFile load(const std::string& text) {
  return manifest::load_manifest_file({"m.yaml", text, ""});
}

manifest::SessionSpec load_session(const std::string& text) {
  auto file = load(text);
  for (const auto& problem : file.problems) UNSCOPED_INFO(manifest::format_problem(problem));
  REQUIRE(file.problems.empty());
  REQUIRE(file.sessions.size() == 1);
  return file.sessions.front();
}

std::vector<std::string> places(const std::vector<manifest::Problem>& problems) {
  std::vector<std::string> all;
  all.reserve(problems.size());
  for (const auto& problem : problems) {
    all.push_back(std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + " " +
                  problem.code +
                  (problem.severity == manifest::Problem::Severity::kWarning ? "?" : ""));
  }
  return all;
}

std::string with_session_keys(const std::string& keys) {
  return "version: 1\nowner: me\nsessions:\n  - name: s\n    session_id: sesn_1\n" + keys;
}

std::string with_resource(const std::string& resource) {
  return with_session_keys("    resources:\n      - " + resource);
}

}  // namespace sessync::test
