#include "reconciler/outputs/output_name.h"

#include <set>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "manifest/text/utf8.h"

using namespace sessync;
using namespace std::string_literals;

namespace {

ports::FileMetadata output(const std::string& id, const std::string& name,
                           const std::string& created) {
  ports::FileMetadata file;
  file.file_id = id;
  file.filename = name;
  file.created_at = created;
  file.downloadable = true;
  return file;
}

/// Whatever it was made from, such a name can do no harm.
bool harmless(const std::string& name) {
  const bool one_component =
      !name.empty() && name.size() <= 255 && name.find_first_of("/\\"s + '\0') == std::string::npos;
  return one_component && name.front() != '.' && name.front() != '-' && name.back() != '.' &&
         name.back() != ' ' && manifest::printable(name) == name;
}

}  // namespace

TEST_CASE("ordinary names are kept as they are") {
  for (const std::string name : {"report.md", "a b.csv", "Ünï-cödé 日本.txt", "archive.tar.gz",
                                 "x~file_1", "a..b", "_", "é"}) {
    CHECK(outputs::clean_output_name(name, "file_1") == name);
  }
}

TEST_CASE("hostile names become harmless ones") {
  const auto cleaned = [](std::string_view name) {
    return outputs::clean_output_name(name, "file_1");
  };
  CHECK(cleaned("../x") == "_._x");
  CHECK(cleaned("../../etc/passwd") == "_._.._etc_passwd");
  CHECK(cleaned("/etc/passwd") == "_etc_passwd");
  CHECK(cleaned("a\\b") == "a_b");
  CHECK(cleaned(".") == "_");
  CHECK(cleaned("..") == "__");
  CHECK(cleaned("...") == "___");
  CHECK(cleaned("") == "file_1");
  CHECK(outputs::clean_output_name("", "") == "unnamed");
  CHECK(cleaned(".git") == "_git");
  CHECK(cleaned(".sessync-1-2.tmp") == "_sessync-1-2.tmp");
  CHECK(cleaned("-rf") == "_rf");
  CHECK(cleaned("x. .") == "x___");
  CHECK(cleaned("a\nb\x1b[31m\x7f") == "a_b_[31m_");
  CHECK(cleaned("nul\0byte"s) == "nul_byte");
  CHECK(cleaned("gnp.\xE2\x80\xAE txt") == "gnp._ txt");
  CHECK(cleaned("\xEF\xBB\xBFx") == "_x");
  CHECK(cleaned("\xD8\x9Cx") == "_x");
  CHECK(cleaned("c1\xC2\x9B") == "c1_");
  CHECK(cleaned("bad\xFFutf\xC0\x80") == "bad_utf__");
  CHECK(cleaned("cut\xE6\x97") == "cut__");
  CHECK(cleaned("con") == "_con");
  CHECK(cleaned("COM1.txt") == "_COM1.txt");
  CHECK(cleaned("console.txt") == "console.txt");
  CHECK(cleaned("a<b>c:d\"e|f?g*h") == "a_b_c_d_e_f_g_h");
}

TEST_CASE("a name that is too long keeps its extension and whole characters") {
  std::string wide;
  for (int i = 0; i < 200; ++i) {
    wide += "日";
  }
  const auto name = outputs::clean_output_name(wide + ".csv", "file_1");
  CHECK(name.size() <= 255);
  CHECK(name.size() > 245);
  CHECK(name.ends_with("日.csv"));
  CHECK(harmless(name));

  const auto older = outputs::older_output_name(name, "file_1");
  CHECK(older.size() <= 255);
  CHECK(older.ends_with("日.csv~file_1"));
  const auto device = outputs::clean_output_name("con." + std::string(300, 'x'), "file_1");
  CHECK(device.starts_with("_con."));
  CHECK(outputs::clean_output_name(device, "") == device);
  CHECK(harmless(outputs::older_output_name(std::string(255, 'a'), std::string(5000, '/'))));
  const auto cut_at_a_dot =
      std::string(95, 'i') + "." + std::string(100, 'i') + "." + std::string(32, 'i');
  CHECK(harmless(outputs::older_output_name("x", cut_at_a_dot)));
  CHECK(harmless(
      outputs::older_output_name("x", std::string(127, 'i') + "." + std::string(100, 'i'))));
}

TEST_CASE("no bytes make a name that is not harmless") {
  CHECK(rc::check([](const std::string& name, const std::string& id) {
    RC_ASSERT(harmless(outputs::clean_output_name(name, id)));
    RC_ASSERT(harmless(outputs::older_output_name(outputs::clean_output_name(name, id), id)));
    RC_ASSERT(outputs::clean_output_name(name, id) == outputs::clean_output_name(name, id));
  }));
}

TEST_CASE("of several outputs with one name the newest has it") {
  const auto names = outputs::output_names({output("file_1", "a.md", "2026-01-01T00:00:00Z"),
                                            output("file_2", "a.md", "2026-01-01T00:00:00.5Z"),
                                            output("file_3", "a.md", "2025-12-31T23:59:59.999999Z"),
                                            output("file_4", "b.md", "2020-01-01T00:00:00Z")});
  CHECK(names == std::map<std::string, std::string>{{"file_1", "a.md~file_1"},
                                                    {"file_2", "a.md"},
                                                    {"file_3", "a.md~file_3"},
                                                    {"file_4", "b.md"}});
}

TEST_CASE("different names that are one when cleaned count as one") {
  const auto names = outputs::output_names({output("file_1", "x/y", "2026-01-01T00:00:00Z"),
                                            output("file_2", "x:y", "2026-01-02T00:00:00Z")});
  CHECK(names.at("file_1") == "x_y~file_1");
  CHECK(names.at("file_2") == "x_y");
}

TEST_CASE("no two outputs share a name, whatever an agent calls them") {
  const std::string wide(255, 'w');
  std::vector<ports::FileMetadata> outputs;
  for (const std::string name : {"a", "a", "a~file_1", "a~file_1", "a~2~file_1"}) {
    outputs.push_back(output("file_" + std::to_string(outputs.size()), name, "no time"));
  }
  const auto older = outputs::older_output_name(outputs::clean_output_name(wide, ""), "file_5");
  for (const auto& name : {wide, wide, older, older}) {
    outputs.push_back(output("file_" + std::to_string(outputs.size()), name, "no time"));
  }
  std::set<std::string> distinct;
  for (const auto& [id, name] : outputs::output_names(outputs)) {
    CHECK(harmless(name));
    distinct.insert(name);
  }
  CHECK(distinct.size() == outputs.size());
}
