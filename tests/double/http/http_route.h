#pragma once

#include <string>
#include <vector>

#include "tests/double/http/http_types.h"

namespace sessync::skin {

/// A call that is answered: `*` in a pattern stands for one id.
struct Served {
  const char* method;
  const char* pattern;
  Operation operation;
};
const std::vector<Served>& served_routes();

/// What the request asks for. Throws Refused: 404 for a path that the API does not have, 405 for a
/// method that the path does not take.
Route route_of(const Request& request);

/// Throws Refused if a header is missing or has a value that the API does not take.
/// `api_key`: the only one that is accepted; "" accepts any.
void check_headers(const Request& request, const Route& route, const std::string& api_key);

/// The Files API's shape of before its general availability was asked for.
bool wants_old_list(const Request& request);

}  // namespace sessync::skin
