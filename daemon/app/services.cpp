#include "daemon/app/services.h"

#include <array>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/api/send/api_thread.h"
#include "daemon/app/pass_services.h"
#include "daemon/app/progress.h"
#include "daemon/app/secret_places.h"
#include "daemon/os/environment.h"
#include "daemon/os/log.h"
#include "daemon/os/loose_mode.h"
#include "daemon/outputs/output_destinations.h"
#include "daemon/secrets/token_service.h"
#include "daemon/state/state_database.h"
#include "daemon/workspace/content/workspace_content.h"
#include "daemon/workspace/scan/scanner.h"
#include "reconciler/gc/expire_uploads.h"
#include "reconciler/gc/forget_sessions.h"
#include "reconciler/observe/marker_reader.h"
#include "reconciler/observe/server_time.h"

namespace sessync::app {

/// Says once that the API makes calls wait for long. Belongs to the API's thread.
class LimitLog {
 public:
  void tell(schedule::RateClass which, ports::TimePoint until) {
    auto& told = told_.at(static_cast<std::size_t>(which));
    if (until - os::now_anchored() < kWorthALine || until - told < kWorthALine) {
      return;
    }
    told = until;
    os::log(os::LogLevel::kWarning,
            std::string("the API limits the rate of calls: no call of class ") +
                schedule::to_string(which) + " is sent until " + observe::timestamp(until),
            {{"class", schedule::to_string(which)}, {"until", observe::timestamp(until)}});
  }

 private:
  static constexpr ports::Duration kWorthALine{5'000};  ///< shorter waits are everyday pacing
  std::array<ports::TimePoint, schedule::kRateClasses> told_{};
};

namespace {

/// How long a pass of the daemon waits for large files to be read.
constexpr std::chrono::milliseconds kLargePatience{200};

/// An upload recorded so recently needs no question whether it still exists.
constexpr ports::Duration kFreshUpload = std::chrono::minutes(1);

tl::unexpected<config::UsageError> usage(std::string message) {
  return tl::unexpected(config::UsageError{config::exit_code::kUsage, std::move(message)});
}

using OpenedState = tl::expected<std::unique_ptr<state::StateDatabase>, config::UsageError>;

OpenedState open_read_only(const std::string& directory) {
  auto database = state::StateDatabase::open_read_only(directory, os::now_anchored());
  if (!database) {
    return usage(database.error());
  }
  return std::move(*database);
}

/// A daemon that does not begin is not seen to be in want of room.
OpenedState open_for_writing(const config::Settings& settings, bool waits) {
  using OnFullDisk = state::StateDatabase::OnFullDisk;
  auto database = state::StateDatabase::open_directory(
      *settings.state_dir, settings.workspace, waits ? OnFullDisk::kWait : OnFullDisk::kRefuse);
  if (!database) {
    const int code =
        database.error().no_room ? config::exit_code::kFailed : config::exit_code::kUsage;
    return tl::unexpected(config::UsageError{code, database.error().message});
  }
  if (const auto trouble = (*database)->trouble()) {
    os::log(os::LogLevel::kError,
            trouble->why.message + "; nothing is written to a session before then",
            {{"state", *settings.state_dir}});
  }
  for (const auto& warning : (*database)->warnings()) {
    os::log(os::LogLevel::kWarning, warning);
  }
  return std::move(*database);
}

OpenedState open_state(const config::Settings& settings, Services::State kind) {
  if (!settings.state_dir) {
    return state::StateDatabase::in_memory();
  }
  os::warn_of_loose_mode(*settings.state_dir, "state directory");
  return kind == Services::State::kReadOnly
             ? open_read_only(*settings.state_dir)
             : open_for_writing(settings, kind == Services::State::kLockedOnceThereIsRoom);
}

void warn(const std::string& message) { os::log(os::LogLevel::kWarning, message); }

secrets::TokenOptions token_options(const config::Settings& settings, Services::State kind) {
  secrets::TokenOptions options;
  options.secrets_dir = settings.secrets_dir;
  options.own_files = option_secrets(settings.options);
  options.allow_commands = settings.options.allow_commands;
  options.may_run = kind != Services::State::kReadOnly;
  options.github_api_url = settings.github_api_url;
  options.allow_env = settings.options.allow_env;
  options.environment = os::take_variable;
  options.warn = warn;
  return options;
}

secrets::Fingerprints open_fingerprints(const config::Settings& settings, Services::State kind) {
  if (!settings.state_dir) {
    return secrets::Fingerprints::in_memory();
  }
  return secrets::Fingerprints::open(*settings.state_dir,
                                     kind == Services::State::kReadOnly
                                         ? secrets::Fingerprints::Access::kReadOnly
                                         : secrets::Fingerprints::Access::kWrite,
                                     warn);
}

/// Who writes it is the operator, and what it says is nobody else's business.
std::vector<std::string> never_mirrored(const config::Settings& settings) {
  std::vector<std::string> paths{settings.manifest.path()};
  if (settings.policy.has_file()) {
    paths.push_back(settings.policy.path());
  }
  return paths;
}

}  // namespace

/// In the order in which they need each other: destroyed from the end.
struct Services::Parts {
  /// What was read from files.
  struct Kept {
    std::unique_ptr<state::StateDatabase> state;
    ports::MarkerRules markers;
  };

  Parts(const config::Settings& settings, State kind, api::ApiOptions options, Kept kept,
        Watchers watchers)
      : configured(settings),
        markers(std::move(kept.markers)),
        observer(watchers.observer),
        state(std::move(kept.state)),
        digests(state->load_digests()),
        scanner(digests, workspace::ScanOptions{settings.options.settle, {}}),
        counted(watchers.progress != nullptr ? watchers.progress->counting(content) : nullptr),
        api(std::move(options), counted ? *counted : content, hooks()),
        tokens(token_options(settings, kind), open_fingerprints(settings, kind)),
        outputs({settings.outputs_dir,
                 settings.workspace,
                 {settings.manifest.default_workspace(), settings.secrets_dir,
                  settings.state_dir.value_or("")},
                 settings.options.outputs_min_free}),
        pass_services({scanner, api, *state, tokens, outputs, watchers.progress},
                      settings.workspace, never_mirrored(settings)),
        passes(pass_services, {settings.options.parallel, settings.options.list_grace, markers}) {
    if (watchers.progress != nullptr) {
      watchers.progress->set_markers(markers);
    }
    declare_secrets({});
  }

  void declare_secrets(const manifest::Manifest& manifest) {
    pass_services.set_secrets(secret_places(configured, manifest),
                              denied_secrets(configured, manifest));
  }

  api::ApiHooks hooks() {
    api::ApiHooks result;
    result.finished = [this](const api::RequestReport& report) {
      if (observer != nullptr) observer->finished(report);
    };
    result.frozen = [this](schedule::RateClass which, ports::TimePoint until) {
      limits.tell(which, until);
      if (observer != nullptr) observer->frozen(which, until);
    };
    result.uploads.find = [this](const std::string& owner, const std::string& sha256) {
      return find_upload(owner, sha256);
    };
    result.uploads.uploaded = [this](const std::string& owner, const std::string& sha256,
                                     const ports::FileMetadata& file) {
      keep_upload(owner, sha256, file);
    };
    return result;
  }

  [[nodiscard]] std::optional<ports::FileMetadata> find_upload(const std::string& owner,
                                                               const std::string& sha256) const {
    const auto upload = state->find_upload(owner, sha256);
    if (!upload || os::now_anchored() - upload->confirmed_at > kFreshUpload ||
        !observe::is_as_written_now(&markers, upload->filename)) {
      return std::nullopt;
    }
    return ports::FileMetadata{
        upload->file_id, upload->filename, upload->size, "", std::nullopt, false};
  }

  void keep_upload(const std::string& owner, const std::string& sha256,
                   const ports::FileMetadata& file) {
    const auto now = os::now_anchored();
    state->commit(
        {ports::change::PutUpload{
            {owner, sha256, file.file_id, file.filename, file.size_bytes, now, now}}},
        [](const tl::expected<ports::Done, ports::StoreError>&) {},
        state::StateDatabase::Begin::kSoon);
  }

  const config::Settings configured;
  const ports::MarkerRules markers;
  LimitLog limits;
  api::ApiObserver* const observer;
  std::unique_ptr<state::StateDatabase> state;
  workspace::DigestCache digests;
  workspace::Scanner scanner;
  workspace::WorkspaceContent content;
  std::unique_ptr<ports::ContentSource> counted;
  api::ApiThread api;
  secrets::TokenService tokens;
  disk_outputs::OutputDestinations outputs;
  std::mutex declared_mutex;
  std::optional<std::vector<manifest::SessionSpec>> declared;  ///< nothing: not all of it is known
  RealPassServices pass_services;
  runner::PassRunner passes;
};

Services::Services(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Services::~Services() = default;

tl::expected<std::unique_ptr<Services>, config::UsageError> Services::open(
    const config::Settings& settings, api::ApiOptions api, State state, Watchers watchers) {
  auto rules = config::resolve_marker_rules(settings.options);
  if (!rules) {
    return tl::unexpected(rules.error());
  }
  auto opened = open_state(settings, state);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  auto parts =
      std::make_unique<Parts>(settings, state, std::move(api),
                              Parts::Kept{std::move(*opened), std::move(*rules)}, watchers);
  return std::unique_ptr<Services>(new Services(std::move(parts)));
}

runner::PassRunner& Services::passes() { return parts_->passes; }

void Services::save_digests() {
  if (auto changes = parts_->digests.take_changes(); !changes.empty()) {
    parts_->state->save_digests(std::move(changes));
  }
}

void Services::forget_unused_digests() { parts_->digests.forget_unused(); }

void Services::collect_uploads(const std::string& owner) {
  parts_->passes.with_ports(nullptr, [&](ports::Ports& ports, const std::optional<std::string>&) {
    sessync::gc::collect_uploads(owner, ports);
  });
}

void Services::forget_left_sessions(const std::string& owner) {
  std::optional<std::vector<manifest::SessionSpec>> declared;
  {
    const std::lock_guard lock(parts_->declared_mutex);
    declared = parts_->declared;
  }
  if (declared) {
    parts_->passes.with_ports(nullptr, [&](ports::Ports& ports, const std::optional<std::string>&) {
      sessync::gc::forget_left_sessions(owner, *declared, ports);
    });
  }
}

void Services::remember_origin(const state::StateOrigin& origin) {
  if (const auto directory = parts_->state->locked_directory()) {
    if (const auto written = state::write_state_origin(*directory, origin); !written) {
      warn(written.error());
    }
  }
}

bool Services::state_is_known() const {
  const auto trouble = parts_->state->trouble();
  return !trouble || trouble->is_known;
}

std::optional<manifest::Holdings> Services::holdings() const {
  return state_is_known() ? std::optional(parts_->state->holdings()) : std::nullopt;
}

void Services::remember_holdings(const manifest::Holdings& holdings) {
  if (parts_->state->holdings() != holdings) {
    parts_->state->remember(holdings, [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }
}

void Services::declare(const manifest::Manifest& manifest) {
  auto sessions = manifest.sessions();
  parts_->outputs.declare(sessions);
  parts_->declare_secrets(manifest);
  const std::lock_guard lock(parts_->declared_mutex);
  parts_->declared = manifest.valid() ? std::optional(std::move(sessions)) : std::nullopt;
}

std::map<std::string, state::Suspension> Services::suspensions() const {
  return parts_->state->suspensions();
}

tl::expected<void, std::string> Services::set_suspension(
    const std::string& session, const std::optional<state::Suspension>& suspension) {
  if (const auto kept = parts_->state->set_suspension(session, suspension); !kept) {
    return tl::unexpected(kept.error().message);
  }
  return {};
}

std::optional<state::StateDatabase::Trouble> Services::state_trouble() const {
  return parts_->state->trouble();
}

void Services::watch_state(std::function<void()> told) { parts_->state->watch(std::move(told)); }

std::uint64_t Services::unleased_reads() const { return parts_->scanner.reads().unleased; }

void Services::read_beside(std::function<void(const std::string&)> when_read) {
  parts_->scanner.pool().read_beside(kLargePatience, std::move(when_read));
}

void Services::fetch_beside(std::function<void(const std::string&)> told) {
  parts_->passes.fetch_beside(std::move(told));
}

void Services::abort_uploads() {
  parts_->scanner.pool().stop();
  parts_->api.abort_uploads();
  parts_->tokens.stop();
}

void Services::abort_everything() {
  parts_->scanner.pool().stop();
  parts_->api.run([](api::RequestEngine& api) { api.shut(); });
}

}  // namespace sessync::app
