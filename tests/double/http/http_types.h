#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/double/model/call_log.h"
#include "tests/double/model/model_types.h"

/// The HTTP skin of the double, without sockets.
namespace sessync::skin {

struct FilePart {
  std::string filename;
  std::string content_type;
  model::Content content;
};

struct Request {
  std::string method;
  std::string path;  ///< decoded, without the query
  std::multimap<std::string, std::string> query;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::optional<FilePart> file;  ///< of a multipart body
  std::optional<std::string> expires_in_seconds;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
};

/// A call of the API, as its method and path say.
struct Route {
  Operation operation = Operation::kUnknown;
  std::string session_id;
  std::string id;  ///< of the file or resource
};

/// Thrown where a request is read, caught where it is answered.
class Refused : public std::runtime_error {
 public:
  explicit Refused(model::Error reason) : runtime_error(reason.message), error(std::move(reason)) {}
  model::Error error;
};

}  // namespace sessync::skin
