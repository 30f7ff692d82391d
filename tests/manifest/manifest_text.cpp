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

manifest::ManifestText text(const std::string& path, const Strings& sessions,
                            const std::string& owner) {
  std::string all = "version: 1\nowner: " + owner + "\nsessions:\n";
  for (const auto& session : sessions) all += "  - {" + session + "}\n";
  if (sessions.empty()) all += "  []\n";
  return {path, all, ""};
}

manifest::ManifestText bad(const std::string& path) { return {path, "version: 1\nowner: [", ""}; }

Strings in_force(const manifest::Manifest& manifest) {
  Strings all;
  for (const auto& file : manifest.files) {
    for (const auto& session : file.sessions) {
      all.push_back(file.path + ":" + session.name + "=" + session.session_id.value_or("") + "/" +
                    std::to_string(session.max_files));
    }
  }
  return all;
}

}  // namespace sessync::test
