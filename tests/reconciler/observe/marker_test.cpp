#include "reconciler/observe/marker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace sessync {
namespace {

const std::string kSha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kPrefix = "sessync.team-a.0123456789abcdef0123456789abcdef.";

std::string encode(const std::string& basename) {
  return observe::encode_marker("team-a", kSha, basename);
}

bool is_refused_by_the_api(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20U || byte == 0x7FU ||
         std::string_view("<>:\"|?*\\/").find(c) != std::string_view::npos;
}

/// Length of the character at the front of `text`, or 0 if it is none: judged by the value of the
/// code point, unlike the encoder, which judges by byte ranges.
std::size_t front_length(std::string_view text) {
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text.front());
  const auto ones = static_cast<std::size_t>(std::countl_one(lead));
  const std::size_t length = ones == 0 ? 1 : ones;
  if (ones == 1 || length > 4 || length > text.size()) {
    return 0;
  }
  std::uint32_t point = lead & (0xFFU >> (ones + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    point = std::countl_one(byte) == 1 ? (point << 6U) | (byte & 0x3FU) : 0xFFFFFFFFU;
  }
  const bool valid =
      point >= kLeast.at(length) && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  return valid ? length : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = front_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

TEST_CASE("A marker is the owner, half the digest and the file's own name") {
  CHECK(encode("report.csv") == kPrefix + "report.csv");
  const auto marker = observe::decode_marker(encode("report.csv"));
  REQUIRE(marker);
  CHECK(*marker == observe::Marker{"team-a", "0123456789abcdef0123456789abcdef", "report.csv"});
}

TEST_CASE("Characters that the API refuses in names become underscores") {
  CHECK(encode("a<b>c:d\"e|f?g*h\\i/j") == kPrefix + "a_b_c_d_e_f_g_h_i_j");
  CHECK(encode(std::string("\0\x01\x1f\x7f z", 6)) == kPrefix + "____ z");
  CHECK(encode("") == kPrefix + "_");
}

TEST_CASE("Bytes that are not UTF-8 become underscores, one each") {
  CHECK(encode("caf\xc3\xa9.txt") == kPrefix + "caf\xc3\xa9.txt");
  CHECK(encode("caf\xe9.txt") == kPrefix + "caf_.txt");
  CHECK(encode("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xff") == kPrefix + "__________");
  CHECK(encode("\xf0\x9f\x98\x80\xf0\x9f\x98") == kPrefix + "\xf0\x9f\x98\x80___");
}

TEST_CASE("A long name is cut at a character and keeps its extension") {
  std::string name;
  for (int i = 0; i < 100; ++i) {
    name += "\xe2\x82\xac";
  }
  const std::string encoded = encode(name + ".csv");
  CHECK(encoded.size() <= 255);
  CHECK(encoded.size() > 255 - 3);
  CHECK(is_utf8(encoded));
  CHECK(encoded.ends_with("\xe2\x82\xac.csv"));

  CHECK(encode(std::string(300, 'x')).size() == 255);
  CHECK(encode("x." + std::string(300, 'y')).size() == 255);
  CHECK(encode("." + std::string(300, 'y')).size() == 255);
}

TEST_CASE("What is no marker decodes to nothing") {
  const std::string digest(32, 'a');
  for (const std::string& name :
       {std::string(), std::string("report.csv"), std::string("sessync."), std::string("sessync.."),
        "sessync.." + digest + ".x", "sessync.a." + digest, "sessync.a." + digest + "a.x",
        "sessync.a." + digest.substr(1) + ".x", "sessync.a." + std::string(32, 'A') + ".x",
        "sessync.A." + digest + ".x", "sessync.a_b." + digest + ".x", "Sessync.a." + digest + ".x",
        "sessync." + std::string(21, 'a') + "." + digest + ".x", "sessync-a-" + digest + "-x"}) {
    CAPTURE(name);
    CHECK_FALSE(observe::decode_marker(name));
  }
  CHECK(observe::decode_marker("sessync." + std::string(20, 'a') + "." + digest + ".x"));
  CHECK(observe::decode_marker("sessync.a." + digest + ".")->basename.empty());
}

TEST_CASE("A marker matches the digest that it was made of, and no other") {
  const observe::Marker marker = *observe::decode_marker(encode("x"));
  CHECK(observe::marker_matches(marker, kSha));
  CHECK_FALSE(observe::marker_matches(marker, std::string(64, '0')));
  CHECK_FALSE(observe::marker_matches(marker, ""));
  CHECK_FALSE(observe::marker_matches(observe::Marker{}, kSha));
}

TEST_CASE("Every name survives as a valid marker") {
  rc::prop("of owner and digest", [](const std::string& random) {
    const auto padding = *rc::gen::inRange(0, 260);
    const auto byte = *rc::gen::arbitrary<char>();
    const auto owner = *rc::gen::element<std::string>("a", "team-a", "0123456789-abcdefghi");
    const std::string basename =
        random + std::string(static_cast<std::size_t>(padding), byte) + random;
    const std::string encoded = observe::encode_marker(owner, kSha, basename);
    RC_ASSERT(encoded.size() <= 255U);
    RC_ASSERT(is_utf8(encoded));
    RC_ASSERT(std::none_of(encoded.begin(), encoded.end(), is_refused_by_the_api));
    const auto marker = observe::decode_marker(encoded);
    RC_ASSERT(marker.has_value());
    RC_ASSERT(marker->owner == owner);
    RC_ASSERT(observe::marker_matches(*marker, kSha));
    RC_ASSERT(!marker->basename.empty());
  });
  rc::prop("or is none", [](const std::string& noise) {
    auto name = encode("x.csv");
    const auto at = *rc::gen::inRange<std::size_t>(0, name.size() + 1);
    name.replace(at, *rc::gen::inRange<std::size_t>(0, 8), noise);
    if (const auto marker = observe::decode_marker(name)) {
      const auto claim = marker->seal.empty() ? marker->digest_prefix : "k" + marker->seal;
      RC_ASSERT(name == "sessync." + marker->owner + "." + claim + "." + marker->basename);
    }
  });
}

}  // namespace
}  // namespace sessync
