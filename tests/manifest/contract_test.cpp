// The example of the documentation, key by key.

#include <catch2/catch.hpp>

#include "golden.h"
#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;
using std::chrono_literals::operator""min;

namespace {

template <class Resource>
const Resource& resource(const manifest::SessionSpec& session, std::size_t index, int line) {
  const auto& spec = session.resources.at(index);
  CHECK(spec.at.file == "m.yaml");
  CHECK(spec.at.line == line);
  CHECK(spec.at.column == 9);
  return std::get<Resource>(spec.what);
}

}  // namespace

TEST_CASE("The documented example is read in full") {
  const auto file = load(read_golden("contract.yaml"));
  REQUIRE(places(file.problems).empty());
  CHECK(file.path == "m.yaml");
  CHECK(file.owner == "data-prod");
  REQUIRE(file.sessions.size() == 1);
  const auto& session = file.sessions.front();
  CHECK(session.at.line == 9);
  CHECK(session.name == "research");
  CHECK(session.session_id == "sesn_011CZ...");
  CHECK_FALSE(session.create.has_value());
  CHECK(session.prune == manifest::Prune::kOwned);
  CHECK(session.on_conflict == manifest::OnConflict::kBlock);
  CHECK_FALSE(session.suspend);
  CHECK_FALSE(session.recreate);
  CHECK(session.interval == 5min);
  CHECK(session.max_deletes.is_percentage);
  CHECK(session.max_deletes.value == 25);
  CHECK(session.max_files == 100);
  CHECK(session.max_file_size == 500'000'000);
  REQUIRE(session.outputs.has_value());
  CHECK(session.outputs->destination == "research");
  CHECK(session.outputs->include.selects("a.csv", false));
  CHECK_FALSE(session.outputs->include.selects("a.txt", false));
  REQUIRE(session.resources.size() == 6);

  const auto& single = resource<manifest::FileResource>(session, 0, 21);
  CHECK(single.source == "data/orders.csv");
  CHECK(single.mount_path == "/data/orders.csv");

  const auto& directory = resource<manifest::DirectoryResource>(session, 1, 25);
  CHECK(directory.source == "src");
  CHECK(directory.mount_path == "/src");
  CHECK(directory.include.selects("a/b.py", false));
  CHECK(directory.exclude.selects("a/test_b.py", false));

  const auto& archive = resource<manifest::ArchiveResource>(session, 2, 31);
  CHECK(archive.source == "corpus");
  CHECK(archive.format == manifest::ArchiveResource::Format::kTarGz);
  CHECK(archive.mount_path == "/corpus.tar.gz");
  CHECK(archive.include.empty());

  const auto& uploaded = resource<manifest::UploadedFileResource>(session, 3, 36);
  CHECK(uploaded.file_id == "file_011CN...");
  CHECK(uploaded.mount_path == "/reference.pdf");

  const auto& repository = resource<manifest::RepositoryResource>(session, 4, 40);
  CHECK(repository.url == "https://github.com/example-org/example-repo");
  CHECK(repository.mount_path == "/workspace/example-repo");
  CHECK(repository.checkout == manifest::Checkout(manifest::BranchCheckout{"main"}));
  CHECK(std::get<manifest::TokenFile>(repository.authorization_token.value()).path ==
        "github-token");
  CHECK(repository.rotate_every == 45min);

  const auto& store = resource<manifest::MemoryStoreResource>(session, 5, 48);
  CHECK(store.memory_store_id == "memstore_011...");
  CHECK(store.access == "read_only");
  CHECK(store.instructions == "Prefer the glossary in this store.");
}

TEST_CASE("A manifest full of mistakes tells all of them, in order") {
  std::string told;
  for (const auto& problem : load(read_golden("many_problems.yaml")).problems) {
    told += manifest::format_problem(problem) + "\n";
  }
  CHECK(told == read_golden("many_problems.txt"));
}
