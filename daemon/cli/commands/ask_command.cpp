#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/daemon_ask.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/failure.h"
#include "daemon/cli/output/output.h"
#include "daemon/os/user_name.h"
#include "daemon/secrets/secret_file.h"
#include "daemon/state/state_origin.h"
#include "manifest/text/utf8.h"

/// reconcile, suspend and resume.
namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;
using Names = tl::expected<std::vector<std::string>, std::string>;

/// Who asks, for those who wonder later.
std::string who() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return os::user_name(::getuid()) + "@" + host.data();
}

std::string encoded(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    std::array<char, 4> code{c};
    if (!plain) {
      std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned char>(c));
    }
    text += code.data();
  }
  return text;
}

Names known_sessions(const remote::DaemonClient& client) {
  const auto answer = client.get("/api/v1/status");
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  const auto document = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !document.is_object() || !document.contains("sessions")) {
    return tl::unexpected(error_of(*answer));
  }
  std::vector<std::string> names;
  for (const auto& session : document["sessions"]) {
    names.push_back(session.value("name", ""));
  }
  return names;
}

/// A command that asks something for one session.
class Asker {
 public:
  Asker(const config::Settings& settings, remote::DaemonClient client, ports::Secret token)
      : options_(settings.options), client_(std::move(client)), token_(std::move(token)) {}

  int ask_for_all(const std::string& verb) {
    auto names = chosen();
    if (!names) {
      return tell_failure(options_, names.error());
    }
    int code = config::exit_code::kOk;
    for (const auto& name : *names) {
      code = std::max(code, ask(name, verb));
    }
    return code;
  }

 private:
  [[nodiscard]] Names chosen() const {
    if (!options_.asked_session.empty()) {
      return std::vector{options_.asked_session};
    }
    return options_.sessions.empty() ? known_sessions(client_) : Names(options_.sessions);
  }

  [[nodiscard]] std::string body() const {
    Json body = {{"by", who()}};
    if (!options_.allow_deletes.empty()) {
      body["allow_deletes"] = options_.allow_deletes;
    }
    return body.dump(-1, ' ', true, Json::error_handler_t::replace);
  }

  int ask(const std::string& name, const std::string& verb) {
    const auto answer =
        client_.post("/api/v1/sessions/" + encoded(name) + "/" + verb, body(), token_);
    if (!answer) {
      return tell_failure(options_, answer.error());
    }
    if (answer->status >= 300) {
      return tell_failure(options_, manifest::printable(name) + ": " + error_of(*answer) +
                                        (answer->status == 404 ? others() : ""));
    }
    print(options_.json ? answer->body
                        : manifest::printable(name) + done(verb) + finishing(*answer));
    return config::exit_code::kOk;
  }

  [[nodiscard]] std::string done(const std::string& verb) const {
    if (verb == "reconcile") {
      return ": asked for a pass\n";
    }
    return verb == "suspend" ? ": suspended; nothing is written to it until it is resumed\n"
                             : ": resumed\n";
  }

  /// What a suspension could not wait for.
  static std::string finishing(const remote::DaemonClient::Answer& answer) {
    const auto document = Json::parse(answer.body, nullptr, false);
    std::string text;
    if (document.is_object() && document.contains("finishing")) {
      for (const auto& path : document["finishing"]) {
        const auto name = path.is_string() ? path.get<std::string>() : std::string();
        text += "  still being finished: " +
                (name.empty() ? "the session" : manifest::printable(name)) +
                " (it was begun before, and what it replaces is deleted already)\n";
      }
    }
    return text;
  }

  [[nodiscard]] std::string others() const {
    const auto names = known_sessions(client_);
    if (!names || names->empty()) {
      return "";
    }
    std::string text = "; known are";
    for (const auto& name : *names) {
      text.append(&name == &names->front() ? " " : ", ").append(manifest::printable(name));
    }
    return text;
  }

  const config::Options& options_;
  remote::DaemonClient client_;
  ports::Secret token_;
};

int ask(const config::Settings& settings, const std::string& verb) {
  ports::Secret token;
  if (const auto& file = settings.options.admin_token_file; !file.empty()) {
    auto read = secrets::SecretFile(file).refresh();
    if (!read) {
      return tell_failure(settings.options, "admin token: " + read.error());
    }
    token = std::move(*read);
  }
  auto client = find_daemon(settings);
  if (!client) {
    return tell_failure(settings.options, client.error());
  }
  if (settings.options.read_token_file.empty()) {
    client->read_with(token);  // it may read as well
  }
  return Asker(settings, std::move(*client), std::move(token)).ask_for_all(verb);
}

}  // namespace

tl::expected<remote::DaemonClient, std::string> find_daemon(const config::Settings& settings) {
  if (!settings.state_dir) {
    return tl::unexpected(
        std::string("the daemon is found by its state directory: name it with --state-dir"));
  }
  auto client = remote::DaemonClient::find(
      settings.state_dir_is_usual
          ? state::find_state_of(*settings.state_dir, settings.manifest.path())
          : *settings.state_dir);
  if (const auto& file = settings.options.read_token_file; client && !file.empty()) {
    auto token = secrets::SecretFile(file).refresh();
    if (!token) {
      return tl::unexpected("read token: " + token.error());
    }
    client->read_with(std::move(*token));
  }
  return client;
}

std::string error_of(const remote::DaemonClient::Answer& answer) {
  const auto document = Json::parse(answer.body, nullptr, false);
  if (document.is_object() && document.contains("error") && document["error"].is_object() &&
      document["error"].contains("message") && document["error"]["message"].is_string()) {
    return manifest::printable(document["error"]["message"].get<std::string>());
  }
  return "the daemon answered with status " + std::to_string(answer.status);
}

int tell_failure(const config::Options& options, const std::string& message) {
  return refuse(options, {config::exit_code::kFailed, message});
}

int reconcile_command(const config::Settings& settings) {
  const auto& options = settings.options;
  if (!options.allow_deletes.empty() && options.asked_session.empty()) {
    return refuse(options,
                  {config::exit_code::kUsage, "--allow-deletes is for one session: name it"});
  }
  return ask(settings, "reconcile");
}

int suspend_command(const config::Settings& settings) { return ask(settings, "suspend"); }

int resume_command(const config::Settings& settings) { return ask(settings, "resume"); }

}  // namespace sessync::cli
