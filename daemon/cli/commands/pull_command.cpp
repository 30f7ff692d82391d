#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/app/signals.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/report.h"
#include "daemon/os/path_text.h"
#include "manifest/text/utf8.h"
#include "reconciler/outputs/pull_outputs.h"

namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What came of one session.
struct Pulled {
  const manifest::SessionSpec* spec = nullptr;
  std::string session_id;  ///< "" if there is none yet
  outputs::OutputsReport report;
};

errors::SessionError not_created(const std::string& name) {
  return {errors::SessionError::Code::kSessionNotCreated,
          "session " + name +
              " has not been created yet, so there are no outputs: "
              "`sessync apply` creates it"};
}

class Puller {
 public:
  Puller(app::Services& services, std::string owner)
      : services_(services), owner_(std::move(owner)) {}

  Pulled pull(const manifest::SessionSpec& spec) {
    Pulled pulled{&spec, "", {}};
    services_.passes().with_ports(
        &spec, [&](ports::Ports& ports, const std::optional<std::string>& refusal) {
          pulled.session_id = id_of(spec, ports.store);
          if (pulled.session_id.empty()) {
            pulled.report.error = not_created(spec.name);
          } else {
            pull_into(pulled, ports, refusal);
          }
        });
    return pulled;
  }

 private:
  [[nodiscard]] std::string id_of(const manifest::SessionSpec& spec,
                                  ports::StateStore& store) const {
    if (spec.session_id) {
      return *spec.session_id;
    }
    const auto creation = store.find_creation(owner_, spec.name);
    return creation ? creation->session_id : "";
  }

  /// Again as long as something arrives: what fails for now may work a moment later.
  static void pull_into(Pulled& pulled, ports::Ports& ports,
                        const std::optional<std::string>& refusal) {
    bool arrived = true;
    while (arrived) {
      const auto inventory = ports.store.load(pulled.session_id);
      auto report = outputs::pull_outputs(
          {pulled.session_id, *pulled.spec->outputs, inventory, refusal}, ports);
      arrived = report.again && !report.fetched.empty() && !ports.loop.stopping();
      report.fetched.insert(report.fetched.begin(), pulled.report.fetched.begin(),
                            pulled.report.fetched.end());
      pulled.report = std::move(report);
    }
  }

  app::Services& services_;
  std::string owner_;
};

Json json_of(const Pulled& pulled) {
  Json fetched = Json::array();
  for (const auto& output : pulled.report.fetched) {
    fetched.push_back({{"name", output.name}, {"size", output.size}, {"file_id", output.file_id}});
  }
  Json blocked = Json::array();
  for (const auto& entry : pulled.report.blocked) {
    blocked.push_back({{"type", desired::to_string(entry.type)},
                       {"mount_path", entry.path.text()},
                       {"code", desired::to_string(entry.code)},
                       {"reason", entry.reason}});
  }
  const auto& error = pulled.report.error;
  Json json;
  json["name"] = pulled.spec->name;
  json["session_id"] = pulled.session_id.empty() ? Json(nullptr) : Json(pulled.session_id);
  json["fetched"] = std::move(fetched);
  json["blocked"] = std::move(blocked);
  json["error"] = error
                      ? Json{{"code", errors::to_string(error->code)}, {"message", error->message}}
                      : Json(nullptr);
  return json;
}

std::string document(const std::vector<Pulled>& all) {
  Json sessions = Json::array();
  for (const auto& pulled : all) {
    sessions.push_back(json_of(pulled));
  }
  const Json json{{"format", 1}, {"error", nullptr}, {"sessions", std::move(sessions)}};
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string session_text(const Pulled& pulled, const std::string& outputs_dir) {
  std::string text =
      "session " + pulled.spec->name +
      (pulled.session_id.empty() ? "" : " (" + manifest::printable(pulled.session_id) + ")") +
      ": outputs go to " +
      manifest::printable(os::join_path(outputs_dir, pulled.spec->outputs->destination)) + "\n";
  for (const auto& output : pulled.report.fetched) {
    text += "  + " + manifest::printable(output.name) + "  " + std::to_string(output.size) + " B\n";
  }
  for (const auto& entry : pulled.report.blocked) {
    text += "  ! " + manifest::printable(desired::place_of(entry)) + "  " +
            desired::to_string(entry.code) + ": " + manifest::printable(entry.reason) + "\n";
  }
  if (pulled.report.error) {
    text += "  error: " + manifest::printable(pulled.report.error->message) + "\n";
  }
  return text;
}

std::string text(const std::vector<Pulled>& all, const std::string& outputs_dir) {
  std::string text;
  std::size_t files = 0;
  std::size_t blocked = 0;
  std::uint64_t bytes = 0;
  for (const auto& pulled : all) {
    text += session_text(pulled, outputs_dir);
    files += pulled.report.fetched.size();
    blocked += pulled.report.blocked.size();
    for (const auto& output : pulled.report.fetched) {
      bytes += output.size;
    }
  }
  return text + "Pulled: " + std::to_string(files) + " files, " + std::to_string(bytes) +
         " bytes; " + std::to_string(blocked) + " blocked.\n";
}

int pull_code(const outputs::OutputsReport& report) {
  if (report.error && report.error->code == errors::SessionError::Code::kAuthenticationFailed) {
    return config::exit_code::kAuthentication;
  }
  if (report.error || report.again) {
    return config::exit_code::kFailed;
  }
  return report.blocked.empty() ? config::exit_code::kOk : config::exit_code::kBlocked;
}

std::vector<Pulled> pull_all(const config::Settings& settings, const OneShot& shot) {
  std::vector<const manifest::SessionSpec*> sessions;
  sessions.reserve(shot.sessions.size());
  for (const auto& spec : shot.sessions) {
    if (spec.outputs) {
      sessions.push_back(&spec);
    }
  }
  std::vector<Pulled> all(sessions.size());
  Puller puller(*shot.services, shot.owner);
  in_parallel(sessions.size(), settings.options.workers,
              [&](std::size_t i) { all[i] = puller.pull(*sessions[i]); });
  return all;
}

}  // namespace

int pull_command(const config::Settings& settings) {
  app::Signals signals;
  const auto shot = prepare(settings, app::Services::State::kLocked);
  if (!shot) {
    return shot.error();
  }
  signals.handle({[&] {
                    shot->services->passes().stop();
                    shot->services->abort_everything();
                  },
                  [] {}});
  const auto all = pull_all(settings, *shot);
  signals.finish();
  print(settings.options.json ? document(all) : text(all, settings.outputs_dir));
  int code = config::exit_code::kOk;
  for (const auto& pulled : all) {
    code = graver(code, pull_code(pulled.report));
  }
  return signals.stopped() ? config::exit_code::kInterrupted : code;
}

}  // namespace sessync::cli
