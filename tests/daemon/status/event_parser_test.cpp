#include "daemon/remote/event_parser.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sessync {

TEST_CASE("events are taken apart in whatever pieces they come") {
  const std::string stream =
      ": hi\n\nevent: a\nid: 1\ndata: {\"x\":1}\n\nevent: b\ndata: 1\ndata: 2\n\n: still\n\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    std::vector<std::string> seen;
    EventParser parser([&](const std::string& kind, const std::string& data) {
      seen.push_back(kind);
      seen.back().append("=").append(data);
      return true;
    });
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      CHECK(parser.take(std::string_view(stream).substr(at, piece)));
    }
    CHECK(seen == std::vector<std::string>{"a={\"x\":1}", "b=1\n2"});
  }
}

}  // namespace sessync
