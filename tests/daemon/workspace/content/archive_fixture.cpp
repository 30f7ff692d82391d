#include "tests/daemon/workspace/content/archive_fixture.h"

#include <clocale>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <catch2/catch.hpp>

namespace sessync::test {
namespace {

struct FreeReader {
  void operator()(archive* each) const { ::archive_read_free(each); }
};

/// A reader in a locale of ASCII warns of names that are UTF-8.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    REQUIRE(locale_ != nullptr);
    before_ = ::uselocale(locale_);
  }
  ~Utf8Locale() {
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

std::string data_of(archive* reader) {
  std::string bytes;
  std::vector<char> block(10'000);
  la_ssize_t count = 0;
  while ((count = ::archive_read_data(reader, block.data(), block.size())) > 0) {
    bytes.append(block.data(), static_cast<std::size_t>(count));
  }
  REQUIRE(count == 0);
  return bytes;
}

}  // namespace

manifest::ArchiveResource archive_source(std::string source, Format format) {
  manifest::ArchiveResource entry;
  entry.source = std::move(source);
  entry.format = format;
  entry.mount_path = "/mounted";
  return entry;
}

ports::ContentRef archive_content(Workspace& ws, const manifest::ArchiveResource& entry) {
  const ports::SourceFiles found = ws.files(entry);
  REQUIRE(found.issues.empty());
  return {
      ws.workspace, entry.source, found.archive_sha256.value(), 0,
      std::make_shared<ports::ArchiveContent>(ports::ArchiveContent{entry.format, found.files})};
}

std::string pack(const ports::ContentRef& content, workspace::WorkspaceContent source) {
  const auto reader = source.open(content);
  if (!reader) FAIL(reader.error().message);
  std::string bytes;
  std::vector<char> block(70'000);
  while (true) {
    const auto got = (*reader)->read(block);
    REQUIRE(got);
    if (*got == 0) break;
    bytes.append(block.data(), *got);
  }
  CHECK(bytes.size() == (*reader)->size());
  return bytes;
}

ports::ApiError refusal(const ports::ContentRef& content, workspace::WorkspaceContent source) {
  const auto reader = source.open(content);
  REQUIRE_FALSE(reader);
  return reader.error();
}

UnpackedTree unpack(const std::string& bytes) {
  UnpackedTree tree;
  const Utf8Locale locale;
  const std::unique_ptr<archive, FreeReader> reader(::archive_read_new());
  ::archive_read_support_filter_gzip(reader.get());
  ::archive_read_support_format_tar(reader.get());
  ::archive_read_support_format_zip(reader.get());
  REQUIRE(::archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = ::archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    CHECK(::archive_entry_filetype(entry) == AE_IFREG);
    CHECK(::archive_entry_uid(entry) == 0);
    CHECK(::archive_entry_gid(entry) == 0);
    const std::string name = ::archive_entry_pathname(entry);
    CHECK_FALSE(tree.contains(name));
    const unsigned mode = ::archive_entry_perm(entry);
    tree[name] = {data_of(reader.get()), mode};
  }
  REQUIRE(status == ARCHIVE_EOF);
  return tree;
}

}  // namespace sessync::test
