#include "daemon/serve/page/page.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <rapidcheck.h>

#include "daemon/serve/page/html.h"
#include "tests/daemon/serve/page/page_fixture.h"

namespace sessync {
namespace {

using namespace std::chrono_literals;
using page_fixture::noon;
using page_fixture::scene;

const page::PagePart kWhole{"1-99", {}, {}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

std::string element(const std::string& page, const std::string& name) {
  const auto begin = page.find('>', page.find("<" + name)) + 1;
  return page.substr(begin, page.find("</" + name + ">", begin) - begin);
}

std::string digest_source(std::string_view content) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  return "'sha256-" + std::string(base64.begin(), base64.end() - 1) + "'";
}

/// What a browser makes of the character references that escape_html writes.
std::string unescape(std::string text) {
  static const std::array<std::pair<std::string, std::string>, 5> references{
      {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}};
  for (const auto& [reference, character] : references) {
    for (auto at = text.find(reference); at != std::string::npos;
         at = text.find(reference, at + character.size())) {
      text.replace(at, reference.size(), character);
    }
  }
  return text;
}

/// The tags of a document, without its style and script.
std::string tags_of(std::string page) {
  for (const auto* name : {"style", "script"}) {
    const auto content = element(page, name);
    page.erase(page.find(content), content.size());
  }
  std::string tags;
  for (auto at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    tags += page.substr(at, page.find_first_of(" >", at) - at) + ">";
  }
  return tags;
}

/// Any bytes, but often those that mean something to HTML, and sequences of them.
rc::Gen<std::string> hostile_strings() {
  static const std::array<std::string, 16> pieces = {
      "<",   ">",   "\"",     "'",     "&",  "</script>", "<img onerror=x>",
      "]]>", "-->", "\u202E", "&amp;", "\0", "{{now}}",   "\xff",
      "\n",  "a"};
  const auto piece = rc::gen::map(rc::gen::inRange<std::size_t>(0, pieces.size()),
                                  [](std::size_t at) { return pieces.at(at); });
  const auto joined =
      rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& all) {
        std::string text;
        for (const auto& one : all) {
          text += one;
        }
        return text;
      });
  return rc::gen::oneOf(joined, rc::gen::string<std::string>());
}

status::StatusSnapshot snapshot_full_of(const std::string& text) {
  auto status = scene("ok");
  auto session = *status.sessions.front();
  session.session_id = text;
  page_fixture::set_reason(session, "Conflict", text);
  session.blocked = {{desired::BlockedType::kFile, manifest::MountPath::of_file(text),
                      desired::BlockCode::kConflict, text}};
  session.unmanaged = {{text, manifest::MountPath::of_file(text), text}};
  session.recent = {{noon(), "add", text, "failed", text}};
  session.suspended = state::Suspension{text, noon()};
  status.sessions.front() = std::make_shared<const status::SessionStatus>(session);
  status.workspace = text;
  status.manifest.path = text;
  status.notes = {text};
  return status;
}

TEST_CASE("escaped text holds nothing that HTML gives a meaning to") {
  CHECK(rc::check([] {
    const auto text = *hostile_strings();
    const auto escaped = page::escape_html(text);
    RC_ASSERT(escaped.find_first_of("<>\"'") == std::string::npos);
    for (const char c : escaped) {
      RC_ASSERT(static_cast<unsigned char>(c) >= 0x20U);
    }
    RC_ASSERT(count(escaped, "&") == count(escaped, "&amp;") + count(escaped, "&lt;") +
                                         count(escaped, "&gt;") + count(escaped, "&quot;") +
                                         count(escaped, "&#39;"));
  }));
}

TEST_CASE("escaped text reads as it was") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
    RC_ASSERT(unescape(page::escape_html(text)) == text);
  }));
}

TEST_CASE("whatever names are, the document has the same elements") {
  const auto harmless = tags_of(page::render_page(snapshot_full_of("harmless"), kWhole, noon()));
  CHECK(rc::check([&] {
    const auto text = *hostile_strings();
    RC_PRE(!text.empty());
    RC_ASSERT(tags_of(page::render_page(snapshot_full_of(text), kWhole, noon())) == harmless);
  }));
}

TEST_CASE("the policy names the style and the script that the document has, and nothing else") {
  for (const auto& name : page_fixture::scene_names()) {
    const auto page = page::render_page(scene(name), kWhole, noon());
    CAPTURE(name);
    CHECK(
        contains(page::page_policy(), "style-src " + digest_source(element(page, "style")) + ";"));
    CHECK(contains(page::page_policy(),
                   "script-src " + digest_source(element(page, "script")) + ";"));
    CHECK(count(page, "<style") == 1);
    CHECK(count(page, "<script") == 1);
  }
  CHECK(contains(page::page_policy(), "default-src 'none';"));
  CHECK_FALSE(contains(page::page_policy(), "unsafe"));
}

TEST_CASE("the document works without its script, and asks nothing of anybody") {
  const auto page = page::render_page(scene("blocked"), kWhole, noon());
  CHECK(contains(page, "2 of 4 sessions are blocked"));
  CHECK(contains(page, "sessync reconcile research --allow-deletes=9f2c41d7a0b3"));
  CHECK(contains(page, "/notes/agent.md"));
  CHECK(contains(page, "61 / 100"));
  CHECK_FALSE(contains(page, "{{"));
  CHECK_FALSE(contains(page, "style=\""));
  for (const auto* word : {"src=\"", "url(", "@import", "https:"}) {
    CAPTURE(word);
    CHECK_FALSE(contains(page, word));
  }
}

TEST_CASE("a part has the verdict of all, and no row but those that were asked for") {
  auto status = scene("blocked");
  auto changed = *status.sessions[3];
  changed.revision = 8;
  status.sessions[3] = std::make_shared<const status::SessionStatus>(changed);
  const auto since = page::render_page(status, {"1-99", 7, {}}, noon());
  const auto one = page::render_page(status, {"1-99", {}, "research"}, noon());
  CHECK(count(since, "<tbody") == 1);
  CHECK(contains(since, "id=\"s-writing\""));
  CHECK(count(one, "<tbody") == 1);
  CHECK(contains(one, "id=\"s-research\""));
  const auto whole = page::render_page(status, kWhole, noon());
  for (const auto& part : {since, one}) {
    CHECK(element(part, "section") == element(whole, "section"));
    CHECK(contains(part, "data-part=\"part\""));
    CHECK_FALSE(contains(part, "<script"));
    CHECK_FALSE(contains(part, "<style"));
  }
}

TEST_CASE("problems stand first, the worst of them on top") {
  const auto page = page::render_page(scene("blocked"), kWhole, noon());
  std::vector<std::size_t> places;
  for (const auto* name : {"research", "support", "analysis", "writing"}) {
    places.push_back(page.find("id=\"s-" + std::string(name)));
  }
  CHECK(places.back() != std::string::npos);
  CHECK(std::ranges::is_sorted(places));
}

}  // namespace
}  // namespace sessync
