#include "tests/simulation/world.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tests/double/memory/memory_marker_key.h"
#include "tests/simulation/draw_fault.h"

namespace sessync::simulation {
namespace {

using StepKind = Step::Kind;

constexpr std::array kTicks{ports::Duration{1}, ports::Duration{4}, ports::Duration{10},
                            ports::Duration{2000}};
constexpr std::array kSkews{ports::Duration{0}, ports::Duration{std::chrono::hours(2)},
                            ports::Duration{-std::chrono::hours(2)},
                            ports::Duration{-std::chrono::hours(48)}};
constexpr std::size_t kExisting = 2;
constexpr std::size_t kGiven = 2;

model::Switches draw_switches(Random& random) {
  using S = model::Switches;
  S switches;
  switches.duplicate_mount =
      random.one_in(2) ? S::DuplicateMount::kReject : S::DuplicateMount::kShadow;
  switches.copy_on_delete = random.one_in(2) ? S::CopyOnDelete::kKept : S::CopyOnDelete::kRemoved;
  switches.mutate_while_running =
      std::array{S::WhileRunning::kOk, S::WhileRunning::kRefused400, S::WhileRunning::kRefused409}
          .at(random.below(3));
  switches.archived = random.one_in(2) ? S::Archived::kRefused400 : S::Archived::kRefused409;
  switches.mount_echo = random.one_in(2) ? S::MountEcho::kResolved : S::MountEcho::kAsSent;
  switches.updated_at_on_rotate = random.one_in(2);
  switches.file_ids = std::array{S::FileIds::kKnown, S::FileIds::kUnknown, S::FileIds::kIgnored}.at(
      random.below(3));
  switches.malformed_id = random.one_in(2) ? S::MalformedId::kAbsent : S::MalformedId::kRefused400;
  switches.metadata_update =
      random.one_in(2) ? S::MetadataUpdate::kMerged : S::MetadataUpdate::kReplaced;
  switches.default_mount = random.one_in(2) ? S::DefaultMount::kSaid : S::DefaultMount::kOmitted;
  switches.optional = random.one_in(2) ? S::Optional::kSaid : S::Optional::kOmitted;
  if (random.one_in(4)) {
    switches.file_cap = 3 + random.below(8);
  }
  return switches;
}

}  // namespace

World::World(const Scenario& scenario)
    : random(scenario.seed),
      clock_skew(kSkews.at(Random(~scenario.seed).below(kSkews.size()))),
      model(scenario.seed),
      loop(scenario.seed),
      disk(kTicks.at(Random(scenario.seed).below(kTicks.size()))) {
  Random first(scenario.seed ^ 0xF1257ULL);
  model.set_time(now() + clock_skew);
  disk.set_time(now());
  model.switches() = draw_switches(first);
  if (Random(scenario.seed ^ 0x5EA1ULL).one_in(3)) {
    rotate_marker_key();
  }
  for (std::size_t i = 0; i < kExisting; ++i) {
    words.existing_sessions.push_back(model.create_session({}).value().id);
  }
  for (std::size_t i = 0; i < kGiven; ++i) {
    model::NewFile given;
    given.filename = "given.pdf";
    given.content = model::Content::of("given " + std::to_string(i));
    words.uploads.push_back(model.upload(given).value().id);
  }
  words.uploads.emplace_back("file_not-an-id");
  for (auto left = first.below(12); left > 0; --left) {
    disk.write(draw_path(first.next()), fresh_text());
  }
  for (const auto& url : repositories()) {
    tokens.set(url, fresh_token(url));
  }
  for (auto left = first.below(3); left > 0; --left) {
    foreign_add(pick(words.existing_sessions, first.next()), first, "");
  }
  declared = draw_manifest(first, words);
  owners.insert(declared.owner);
  manifest_text = to_yaml(declared);
  rival_name = Random(scenario.seed ^ 0xA2ULL).one_in(2) ? "a.yaml" : "z.yaml";
}

std::vector<TeamFile> World::team_files() const {
  std::vector<TeamFile> files{{"sessync.yaml", declared, is_broken_}};
  if (rival) {
    files.push_back(*rival);
  }
  return files;
}

void World::lose_state() {
  store.wipe();
  doubted.clear();
  lost_state = true;
  holdings = {};
  teams.state_lost();
}

void World::note(const std::string& event) {
  trace_hash = trace_hash * 1099511628211ULL ^ std::hash<std::string>{}(event);
  trace_hash ^= static_cast<std::uint64_t>(now().time_since_epoch().count());
  if (!is_traced) {
    return;
  }
  // A pass that changes nothing is no news.
  const auto name = event.substr(0, event.find(": "));
  if (event == name + ": settled" && !trace.empty() &&
      trace.back().ends_with("  " + name + ": pass begins")) {
    trace.pop_back();
  } else {
    static const ports::TimePoint begin{std::chrono::seconds(1'790'000'000)};
    trace.push_back(std::to_string((now() - begin).count()) + " ms  " + event);
  }
}

void World::rotate_marker_key() {
  markers.keys.insert(markers.keys.begin(), std::make_shared<MemoryMarkerKey>(
                                                "key " + std::to_string(markers.keys.size())));
}

void World::note_upload(const std::string& filename, const std::string& sha256) {
  sealed[filename] = sha256;
}

std::optional<observe::Marker> World::marker_of(const std::string& filename) const {
  auto marker = observe::decode_marker(filename);
  if (!marker || markers.keys.empty()) {
    return marker && marker->seal.empty() ? marker : std::nullopt;
  }
  const auto made = sealed.find(filename);
  if (made == sealed.end() || marker->seal.empty()) {
    return std::nullopt;  // forged
  }
  marker->digest_prefix = made->second.substr(0, 32);
  return marker;
}

void World::violated(const std::string& promise) {
  note("VIOLATED: " + promise);
  if (!violation) {
    violation = promise;
  }
}

void World::advance_to(ports::TimePoint time) {
  if (time > now()) {
    loop.advance(time - now());
  }
  disk.set_time(now());
  model.set_time(now() + clock_skew);
}

std::string World::fresh_bytes() {
  const auto serial = std::to_string(++serial_);
  return "content " + std::string(6 - std::min<std::size_t>(serial.size(), 6), '0') + serial;
}

std::string World::fresh_text() {
  constexpr std::uint64_t kOneInFive = 5;
  const auto bytes = fresh_bytes();
  return serial_ % kOneInFive == 0 ? bytes + secret_text() : bytes;
}

const std::string& secret_text() {
  // Put together here, so that no search for secrets finds this file.
  static const std::string text = std::string("\nAK") + "IAQ3EGRLM7ZTX2PB4C\n";
  return text;
}

std::string World::fresh_token(const std::string& url) {
  auto token = kCanary + std::to_string(++serial_);
  tokens_ever[url].insert(token);
  return token;
}

void World::perform(const Step& step) {
  note("-- " + std::string(to_string(step.kind)));
  disk.set_time(now());
  model.set_time(now() + clock_skew);
  if (step.kind <= StepKind::kHeal) {
    change_workspace(step);
    workspace_is_news = true;
  } else if (step.kind <= StepKind::kMendManifest) {
    change_manifest(step);
    manifest_is_news = true;
  } else if (step.kind <= StepKind::kSessionDeleted) {
    interfere(step);
  } else if (step.kind <= StepKind::kTokenFault) {
    change_tokens(step);
    workspace_is_news = true;
  } else {
    change_api(step);
  }
}

void World::change_manifest(const Step& step) {
  Random dice(step.number);
  if (step.kind >= StepKind::kRivalWrites && step.kind <= StepKind::kRivalGoes) {
    return change_rival(step);
  }
  is_broken_ = step.kind == StepKind::kBreakManifest;
  if (is_broken_) {
    manifest_text = dice.one_in(2) ? "version: 1\nsessions: [" : "version: 2\n";
    return;
  }
  if (step.kind == StepKind::kEditManifest) {
    edit_manifest(declared, dice, words);
    owners.insert(declared.owner);
  }
  manifest_text = to_yaml(declared);
  note(manifest_text);
}

void World::change_rival(const Step& step) {
  Random dice(step.number);
  if (step.kind == StepKind::kRivalGoes) {
    rival.reset();
  } else if (step.kind == StepKind::kRivalWrites) {
    rival = TeamFile{rival_name, draw_rival(dice, words), false};
    owners.insert(rival->set.owner);
    note(rival_name + ":\n" + to_yaml(rival->set));
  } else if (rival) {
    rival->is_broken = true;
  }
}

void World::change_workspace(const Step& step) {
  Random dice(step.number);
  const auto all = disk.paths();
  const auto path = all.empty() || dice.one_in(3) ? draw_path(dice.next()) : pick(all, dice.next());
  const auto other = draw_path(dice.next());
  const bool exists = disk.bytes(path).has_value();
  note("   " + path);
  switch (step.kind) {
    case StepKind::kWrite:
      return disk.write(path, fresh_text() + std::string(dice.below(40), '.'));
    case StepKind::kWriteSameSize:
      return disk.write(path, fresh_bytes());
    case StepKind::kWriteOldTime:
      return disk.write_with_old_mtime(path, fresh_bytes());
    case StepKind::kBeginWrite:
      return disk.begin_write(path, fresh_text());
    case StepKind::kLose:
      return disk.lose(pick(directories(), dice.next()));
    case StepKind::kLock:
      return disk.lock(pick(directories(), dice.next()));
    case StepKind::kHeal:
      return disk.heal();
    case StepKind::kRemoveTree:
      return disk.remove_tree(pick(directories(), dice.next()));
    case StepKind::kEmptyTree: {
      const auto& directory = pick(directories(), dice.next());
      disk.remove_tree(directory);
      return disk.make_directory(directory);
    }
    default:
      break;
  }
  if (!exists) {
    return;
  }
  if (step.kind == StepKind::kEndWrite) {
    disk.end_write(path);
  } else if (step.kind == StepKind::kTouch) {
    disk.touch(path);
  } else if (step.kind == StepKind::kRemove) {
    disk.remove(path);
  } else if (step.kind == StepKind::kSwap && disk.bytes(other) && !is_within(path, other) &&
             !is_within(other, path)) {
    disk.swap(path, other);
  } else if (step.kind == StepKind::kRename && !is_within(path, other) && !is_within(other, path)) {
    disk.rename(path, other);
  }
}

void World::change_tokens(const Step& step) {
  Random dice(step.number);
  const auto url = pick(repositories(), dice.next());
  switch (step.kind) {
    case StepKind::kTokenChanges:
      lose_rotation(dice);
      return tokens.set(url, fresh_token(url));
    case StepKind::kTokenMinted:
      return tokens.mint(url, std::chrono::hours(1));
    case StepKind::kTokenUnreadable:
      return tokens.fail(url, dice.one_in(2));
    case StepKind::kTokenReadable:
      return tokens.works_again(url);
    default:
      model.add_fault(some_session(dice.next()), "repository_authentication_error", url);
  }
}

/// Now and then the answer to the rotation that a new token causes is lost, or the request is.
void World::lose_rotation(Random& dice) {
  if (!dice.one_in(2)) {
    return;
  }
  FaultRule rule;
  rule.operation = Operation::kRotateToken;
  rule.times = 1;
  rule.fault = Fault::of(dice.one_in(2) ? Fault::Kind::kCutBefore : Fault::Kind::kCutAfter);
  faults.push_back(rule);
  faults_are_news = true;
}

void World::change_api(const Step& step) {
  Random dice(step.number);
  if (step.kind == StepKind::kSwitches) {
    const auto before = model.switches();
    model.switches() = draw_switches(dice);
    model.switches().resource_list_lag = before.resource_list_lag;
    model.switches().file_list_lag = before.file_list_lag;
    // An account may be allowed more than before, not less.
    model.switches().file_cap = std::max(before.file_cap, model.switches().file_cap);
  } else if (step.kind == StepKind::kLag) {
    model.switches().resource_list_lag = ports::Duration(dice.below(kMostLag.count()));
    model.switches().file_list_lag = ports::Duration(dice.below(kMostLag.count()));
  } else if (step.kind == StepKind::kFaultsEnd) {
    faults.clear();
    faults_are_news = true;
  } else if (step.kind == StepKind::kFault || step.kind == StepKind::kRefuse) {
    faults.push_back(step.kind == StepKind::kFault ? draw_fault(dice) : draw_refusal(dice));
    faults_are_news = true;
    note("   " + std::string(sessync::to_string(faults.back().operation)) + " kind " +
         std::to_string(static_cast<int>(faults.back().fault.kind)) + " status " +
         std::to_string(faults.back().fault.status));
  } else if (step.kind == StepKind::kEventsLost) {
    events_are_lost = !events_are_lost;
  } else if (step.kind == StepKind::kDegraded) {
    is_degraded = !is_degraded;
  } else if (step.kind == StepKind::kStoreFails) {
    store.fail_next(static_cast<int>(1 + dice.below(4)));
  }
}

std::string World::some_session(std::uint64_t number) const {
  const auto all = model.sessions();
  return all[number % all.size()].id;
}

void World::end_faults() {
  faults.clear();
  faults_are_news = true;
  model.switches().resource_list_lag = model.switches().file_list_lag = ports::Duration{0};
}

void World::calm() {
  note("-- calm");
  end_faults();
  for (const auto& session : model.sessions()) {
    model.set_status(session.id, "idle");
  }
  for (const auto& url : repositories()) {
    tokens.works_again(url);
    if (tokens.token(url).empty()) {
      tokens.set(url, fresh_token(url));
    }
  }
  disk.heal();
  rival.reset();
  is_broken_ = false;
  manifest_text = to_yaml(declared);
  events_are_lost = is_degraded = false;
  suspended.clear();
  manifest_is_news = workspace_is_news = true;
}

}  // namespace sessync::simulation
