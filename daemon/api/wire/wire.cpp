#include "daemon/api/wire/wire.h"

#include <algorithm>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/os/foreign_text.h"
#include "reconciler/observe/server_time.h"
#include "reconciler/ports/userinfo.h"

namespace sessync::api {
namespace {

using Json = nlohmann::json;

/// What the API gives when nothing was asked for, and may then leave out of its answers.
constexpr const char* kUsualAccess = "read_write";
constexpr int kDeepest = 64;
constexpr std::size_t kMostValues = 1'000'000;

/// What a text would cost to parse, found without memory: a value takes a multiple of its text.
class Shape {
 public:
  explicit Shape(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (quoted && c == '\\') ++i;
      if (c == '"') quoted = !quoted;
      if (!quoted) count(c);
    }
  }

  /// Why no answer of the API is like this; "" if it may be one.
  [[nodiscard]] std::string problem() const {
    if (deepest_ > kDeepest) return "it is nested too deeply";
    return values_ > kMostValues ? "it has more values than any answer has" : "";
  }

 private:
  void count(char c) {
    const bool opens = c == '[' || c == '{';
    if (opens || c == ',') ++values_;
    if (opens) deepest_ = std::max(deepest_, ++depth_);
    if (c == ']' || c == '}') --depth_;
  }

  int depth_ = 0;
  int deepest_ = 0;
  std::size_t values_ = 0;
};

/// Finds an object that has a key twice: readers disagree on which of the values it then has. A
/// pass of its own, because the library's parser with a callback takes quadratic time.
class KeyWatch : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*elements*/) override {
    open_.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    repeats_ = !open_.back().insert(name).second;
    return !repeats_;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*elements*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const Json::exception& /*problem*/) override {
    return false;
  }

  [[nodiscard]] bool repeats() const { return repeats_; }

 private:
  std::vector<std::set<std::string>> open_;
  bool repeats_ = false;
};

Parsed<Json> parse_object(std::string_view body) {
  if (const auto problem = Shape(body).problem(); !problem.empty()) return tl::unexpected(problem);
  KeyWatch keys;
  const bool valid = Json::sax_parse(body, &keys);
  if (keys.repeats()) return tl::unexpected(std::string("it has a key twice"));
  Json json = valid ? Json::parse(body, nullptr, false) : Json(Json::value_t::discarded);
  if (json.is_discarded()) return tl::unexpected(std::string("it is not JSON"));
  if (!json.is_object()) return tl::unexpected(std::string("it is not a JSON object"));
  return json;
}

/// A server that repeats a credential must not get it shown as an id, a name or a time.
std::string field_text(const Json& value) {
  return os::without_long_secrets(value.get_ref<const std::string&>());
}

/// Reads fields of one object and remembers the first that has the wrong type.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  /// Absent and null: "".
  std::string text(const char* name) { return optional_text(name).value_or(""); }

  /// Absent, null and "" are errors.
  std::string required_text(const char* name) {
    auto value = text(name);
    if (value.empty()) fail(name, "is missing");
    return value;
  }

  std::optional<std::string> optional_text(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return field_text(*value);
    fail(name, "is not a string");
    return std::nullopt;
  }

  std::uint64_t required_count(const char* name) {
    const Json* const value = find(name);
    if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
    fail(name, "is not a count");
    return 0;
  }

  std::optional<bool> flag(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    fail(name, "is neither true nor false");
    return std::nullopt;
  }

  /// Nothing, if it is absent or null.
  const Json* object(const char* name) {
    const Json* const value = find(name);
    if (value == nullptr || value->is_object()) return value;
    fail(name, "is not an object");
    return nullptr;
  }

  const Json* required_array(const char* name) {
    const Json* const value = find(name);
    if (value != nullptr && value->is_array()) return value;
    fail(name, value == nullptr ? "is missing" : "is not an array");
    return nullptr;
  }

  template <class T>
  Parsed<T> result(T value) {
    if (!problem_.empty()) return tl::unexpected(problem_);
    return value;
  }

 private:
  const Json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void fail(const char* name, const char* what) {
    if (problem_.empty()) problem_ = std::string("`") + name + "` " + what;
  }

  const Json& object_;
  std::string problem_;
};

Parsed<ports::FileRow> to_file_row(const Json& json) {
  Fields fields(json);
  ports::FileRow row;
  row.resource_id = fields.required_text("id");
  row.file_id = fields.required_text("file_id");
  row.mount_path = fields.required_text("mount_path");
  row.created_at = fields.text("created_at");
  return fields.result(std::move(row));
}

Parsed<ports::RepositoryRow> to_repository_row(const Json& json) {
  Fields fields(json);
  ports::RepositoryRow row;
  row.resource_id = fields.required_text("id");
  row.url = ports::without_userinfo(fields.required_text("url"));
  row.mount_path = fields.required_text("mount_path");
  row.is_checkout_said = json.contains("checkout");
  if (const Json* const checkout = fields.object("checkout")) {
    Fields how(*checkout);
    const auto type = how.text("type");
    if (type == "branch") row.branch = how.required_text("name");
    if (type == "commit") row.commit = how.required_text("sha");
    const auto checked = how.result(0);
    if (!checked) return tl::unexpected("in `checkout`: " + checked.error());
  }
  return fields.result(std::move(row));
}

Parsed<ports::MemoryStoreRow> to_memory_store_row(const Json& json) {
  Fields fields(json);
  ports::MemoryStoreRow row;
  row.memory_store_id = fields.text("memory_store_id");
  row.access = fields.text("access");
  if (row.access.empty()) row.access = kUsualAccess;
  row.mount_path = fields.text("mount_path");
  row.instructions = fields.optional_text("instructions");
  return fields.result(std::move(row));
}

Parsed<ports::OpaqueRow> to_opaque_row(const Json& json, const std::string& type) {
  Fields fields(json);
  ports::OpaqueRow row;
  row.resource_id = fields.text("id");
  row.type = type;
  row.mount_path = fields.text("mount_path");
  return fields.result(std::move(row));
}

bool is_without(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() || found->is_null() || *found == "";
}

template <class Row>
Parsed<ports::ResourceRow> as_resource(Parsed<Row> row) {
  if (!row) return tl::unexpected(std::move(row.error()));
  return ports::ResourceRow(std::move(*row));
}

Parsed<ports::ResourceRow> to_resource(const Json& json) {
  if (!json.is_object()) return tl::unexpected(std::string("a resource is not an object"));
  Fields fields(json);
  const auto type = fields.result(fields.text("type"));
  if (!type) return tl::unexpected(type.error());
  if (*type == "file" && is_without(json, "mount_path")) {
    return as_resource(to_opaque_row(json, *type));
  }
  if (*type == "file") return as_resource(to_file_row(json));
  if (*type == "github_repository") return as_resource(to_repository_row(json));
  if (*type == "memory_store") return as_resource(to_memory_store_row(json));
  return as_resource(to_opaque_row(json, *type));
}

Parsed<ports::FileMetadata> to_file(const Json& json) {
  if (!json.is_object()) return tl::unexpected(std::string("a file is not an object"));
  Fields fields(json);
  ports::FileMetadata file;
  file.file_id = fields.required_text("id");
  file.filename = fields.text("filename");
  file.size_bytes = fields.required_count("size_bytes");
  file.created_at = fields.text("created_at");
  file.expires_at = fields.optional_text("expires_at");
  file.downloadable = fields.flag("downloadable");
  return fields.result(std::move(file));
}

std::map<std::string, std::string> to_metadata(const Json* json) {
  std::map<std::string, std::string> metadata;
  if (json == nullptr) return metadata;
  for (const auto& [name, value] : json->items()) {
    if (value.is_string()) metadata.emplace(name, field_text(value));
  }
  return metadata;
}

Parsed<ports::SessionInfo> to_session(const Json& json) {
  if (!json.is_object()) return tl::unexpected(std::string("a session is not an object"));
  Fields fields(json);
  ports::SessionInfo session;
  session.session_id = fields.required_text("id");
  session.status = fields.text("status");
  session.archived_at = fields.optional_text("archived_at");
  session.title = fields.optional_text("title");
  session.metadata = to_metadata(fields.object("metadata"));
  session.created_at = fields.text("created_at");
  return fields.result(std::move(session));
}

/// Nothing, if the event is of another type.
Parsed<std::optional<ports::SessionFault>> to_fault(const Json& json) {
  if (!json.is_object()) return tl::unexpected(std::string("an event is not an object"));
  Fields fields(json);
  if (fields.text("type") != "session.error")
    return fields.result(std::optional<ports::SessionFault>());
  ports::SessionFault fault;
  fault.event_id = fields.required_text("id");
  fault.processed_at = fields.required_text("processed_at");
  if (const Json* const error = fields.object("error")) {
    Fields inner(*error);
    fault.error_type = inner.text("type");
    fault.repository_url = ports::without_userinfo(inner.text("repository_url"));
    const auto checked = inner.result(0);
    if (!checked) return tl::unexpected("in `error`: " + checked.error());
  }
  auto result = fields.result(std::optional(std::move(fault)));
  // Nobody could say whether it was dealt with: better no list than one that hides an error.
  if (result && !observe::parse_server_time((*result)->processed_at)) {
    return tl::unexpected(std::string("`processed_at` is not a time"));
  }
  return result;
}

template <class Row>
Parsed<std::vector<Row>> to_rows(const Json& array, Parsed<Row> (*to_row)(const Json&)) {
  std::vector<Row> rows;
  rows.reserve(array.size());
  for (const Json& element : array) {
    auto row = to_row(element);
    if (!row) return tl::unexpected("[" + std::to_string(rows.size()) + "]: " + row.error());
    rows.push_back(std::move(*row));
  }
  return rows;
}

template <class Row>
Parsed<Page<Row>> to_page(std::string_view body, Parsed<Row> (*to_row)(const Json&)) {
  const auto json = parse_object(body);
  if (!json) return tl::unexpected(json.error());
  Fields fields(*json);
  const Json* const data = fields.required_array("data");
  Page<Row> page;
  page.next = fields.text("next_page");
  // The shape before pages had cursors; its next page cannot be asked for with this one's.
  const bool more = fields.flag("has_more").value_or(false);
  auto checked = fields.result(0);
  if (!checked) return tl::unexpected(checked.error());
  if (more && page.next.empty()) {
    return tl::unexpected(std::string("it says that there is more, but not where"));
  }
  auto rows = to_rows(*data, to_row);
  if (!rows) return tl::unexpected("in `data`" + rows.error());
  page.rows = std::move(*rows);
  return page;
}

}  // namespace

Parsed<Page<ports::ResourceRow>> parse_resource_page(std::string_view body) {
  return to_page<ports::ResourceRow>(body, &to_resource);
}

Parsed<ports::ResourceRow> parse_resource(std::string_view body) {
  const auto json = parse_object(body);
  if (!json) return tl::unexpected(json.error());
  return to_resource(*json);
}

Parsed<ports::FileRow> parse_added_file(std::string_view body) {
  const auto row = parse_resource(body);
  if (!row) return tl::unexpected(row.error());
  if (const auto* const file = std::get_if<ports::FileRow>(&*row)) return *file;
  const auto* const opaque = std::get_if<ports::OpaqueRow>(&*row);
  const bool is_file = opaque != nullptr && opaque->type == "file";
  return tl::unexpected(
      std::string(is_file ? "`mount_path` is missing" : "it is not a file resource"));
}

Parsed<Page<ports::FileMetadata>> parse_file_page(std::string_view body) {
  return to_page<ports::FileMetadata>(body, &to_file);
}

Parsed<ports::FileMetadata> parse_file(std::string_view body) {
  const auto json = parse_object(body);
  if (!json) return tl::unexpected(json.error());
  return to_file(*json);
}

Parsed<ports::SessionInfo> parse_session(std::string_view body) {
  const auto json = parse_object(body);
  if (!json) return tl::unexpected(json.error());
  return to_session(*json);
}

Parsed<Page<ports::SessionInfo>> parse_session_page(std::string_view body) {
  return to_page<ports::SessionInfo>(body, &to_session);
}

Parsed<ports::CreatedSession> parse_created_session(std::string_view body) {
  const auto json = parse_object(body);
  if (!json) return tl::unexpected(json.error());
  auto info = to_session(*json);
  if (!info) return tl::unexpected(std::move(info.error()));
  Fields fields(*json);
  const Json* const resources = fields.required_array("resources");
  if (resources == nullptr) return fields.result(ports::CreatedSession());
  auto rows = to_rows(*resources, &to_resource);
  if (!rows) return tl::unexpected("in `resources`" + rows.error());
  return ports::CreatedSession{std::move(*info), std::move(*rows)};
}

Parsed<Page<ports::SessionFault>> parse_fault_page(std::string_view body) {
  auto events = to_page<std::optional<ports::SessionFault>>(body, &to_fault);
  if (!events) return tl::unexpected(std::move(events.error()));
  Page<ports::SessionFault> page;
  page.next = std::move(events->next);
  page.rows.reserve(events->rows.size());
  for (auto& fault : events->rows) {
    if (fault) page.rows.push_back(std::move(*fault));
  }
  return page;
}

std::optional<ErrorBody> parse_error_body(std::string_view body) {
  const auto json = parse_object(body);
  if (!json) return std::nullopt;
  Fields outer(*json);
  const Json* const error = outer.object("error");
  if (error == nullptr) return std::nullopt;
  Fields inner(*error);
  ErrorBody result;
  result.type = inner.text("type");
  result.message = inner.text("message");
  result.request_id = outer.text("request_id");
  if (const Json* const details = inner.object("details")) {
    result.error_code = Fields(*details).text("error_code");
  }
  return result;
}

}  // namespace sessync::api
