#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <pthread.h>

#include "tests/double/http/http_server.h"
#include "tests/double/http/http_wire.h"

namespace {

using nlohmann::json;

/// A flag for each switch that a word decides, e.g. --duplicate-mount shadow.
void add_switches(CLI::App& app, json& switches) {
  const auto add = [&](const std::string& flag, const std::string& name,
                       const std::vector<std::string>& words) {
    app.add_option_function<std::string>(
           flag, [&switches, name](const std::string& word) { switches[name] = word; },
           "how the API answers where its documentation is silent")
        ->check(CLI::IsMember(words));
  };
  add("--duplicate-mount", "duplicate_mount", {"reject", "shadow"});
  add("--copy-on-delete", "copy_on_delete", {"kept", "removed"});
  add("--mutate-while-running", "mutate_while_running", {"ok", "400", "409"});
  add("--archived", "archived", {"400", "409"});
  add("--mount-echo", "mount_echo", {"resolved", "as_sent"});
  add("--repo-delete", "repo_delete", {"400", "ok"});
  add("--file-ids", "file_ids", {"known", "unknown", "ignored"});
  add("--malformed-id", "malformed_id", {"absent", "400"});
  add("--metadata-update", "metadata_update", {"merged", "replaced"});
  add("--default-mount", "default_mount", {"said", "omitted"});
  add("--optional", "optional", {"said", "omitted"});
}

void add_numbers(CLI::App& app, json& switches) {
  const auto add = [&](const std::string& flag, const std::string& name, const char* help) {
    app.add_option_function<std::uint64_t>(
        flag, [&switches, name](std::uint64_t number) { switches[name] = number; }, help);
  };
  add("--file-cap", "file_cap", "file resources that one session may have");
  add("--list-lag-ms", "list_lag_ms", "how old the lists are");
}

/// Until SIGTERM or SIGINT, which must be blocked in every thread.
void wait_for_signal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
}

int serve(const sessync::DoubleOptions& options, const sigset_t& signals) {
  const sessync::DoubleServer server(options);
  std::cout << "listening on " << server.url() << std::endl;
  wait_for_signal(signals);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A double of the Managed Agents and Files APIs for tests and examples");
  sessync::DoubleOptions options;
  json switches = json::object();
  std::int64_t latency_ms = 0;
  app.add_option("--host", options.host, "address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "port to listen on; 0 picks a free one")
      ->capture_default_str();
  app.add_option("--api-key", options.api_key, "the only key to accept; any if not given");
  app.add_option("--seed", options.seed, "what the ids are made from")->capture_default_str();
  app.add_option("--latency-ms", latency_ms, "pause before every answer");
  add_switches(app, switches);
  add_numbers(app, switches);
  CLI11_PARSE(app, argc, argv);
  options.latency = sessync::ports::Duration(latency_ms);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    sessync::skin::apply(switches, options.switches);
    return serve(options, signals);
  } catch (const std::exception& error) {
    std::cerr << "sessync-double: " << error.what() << "\n";
    return 1;
  }
}
