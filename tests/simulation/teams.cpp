#include "tests/simulation/teams.h"

#include <algorithm>
#include <utility>

#include "manifest/load.h"

namespace sessync::simulation {
namespace {

/// What only one session can have. Ids and names do not look alike here.
std::set<std::string> keys_of(const std::string& name, const std::optional<std::string>& id) {
  std::set<std::string> keys{name};
  if (id) {
    keys.insert(*id);
  }
  return keys;
}

const manifest::SessionSpec* find_session(const manifest::Manifest& manifest,
                                          const std::string& file, const std::string& name) {
  for (const auto& one : manifest.files) {
    for (const auto& session : one.sessions) {
      if (one.path == file && session.name == name) {
        return &session;
      }
    }
  }
  return nullptr;
}

/// As far as an edit of the simulation changes it.
bool is_version(const manifest::SessionSpec& session, const manifest::SessionSpec& of) {
  return session.session_id == of.session_id && session.resources.size() == of.resources.size() &&
         session.prune == of.prune && session.on_conflict == of.on_conflict &&
         session.suspend == of.suspend && session.max_files == of.max_files;
}

}  // namespace

void Teams::restarted() {
  in_force_.clear();
  gone_.clear();
  lately_gone_.clear();
}

void Teams::note_gone(const std::vector<TeamFile>& files, ports::TimePoint now) {
  std::set<std::string> missing;
  for (const auto& [key, file] : had_) {
    if (std::ranges::find(files, file, &TeamFile::name) == files.end()) {
      missing.insert(file);
    }
  }
  std::erase_if(gone_, [&](const auto& one) { return !missing.contains(one.first); });
  lately_gone_.clear();
  for (const auto& file : missing) {
    if (now - gone_.try_emplace(file, now).first->second < std::chrono::minutes(1)) {
      lately_gone_.insert(file);
    }
  }
}

bool Teams::is_kept(const std::vector<TeamFile>& files, const std::string& key) const {
  const auto holder = had_.find(key);
  return holder != had_.end() && lately_gone_.contains(holder->second) &&
         std::ranges::none_of(files, [&](const TeamFile& file) {
           return wanted(file).contains(key) && !waits(file, key);
         });
}

std::set<std::pair<std::string, std::string>> Teams::waiting(
    const std::vector<TeamFile>& files) const {
  std::set<std::pair<std::string, std::string>> all;
  for (const auto& one : waiting_) {
    if (is_kept(files, one.second)) {
      all.insert(one);
    }
  }
  for (const auto& file : files) {
    for (const auto& key : stands(file) ? wanted(file) : std::set<std::string>()) {
      if (!may_have(files, file.name, key)) {
        all.emplace(file.name, key);
      }
    }
  }
  return all;
}

/// Whoever had it wants it no longer.
bool Teams::is_let_go(const std::vector<TeamFile>& files, const std::string& key) const {
  const auto holder = had_.find(key);
  return holder != had_.end() && !is_kept(files, key) &&
         std::ranges::none_of(files, [&](const TeamFile& file) {
           return file.name == holder->second && wanted(file).contains(key);
         });
}

/// One that is said by all, else the one that was, else the only one that is said.
void Teams::decide_owner(const std::vector<TeamFile>& files) {
  std::set<std::string> said;
  for (const auto& file : files) {
    if (!file.is_broken) {
      said.insert(file.set.owner);
    }
  }
  const bool by_all = std::ranges::none_of(files, &TeamFile::is_broken) && lately_gone_.empty();
  if (said.size() == 1 && (by_all || owner_.empty())) {
    owner_ = *said.begin();
  }
}

std::set<std::string> Teams::wanted(const TeamFile& file) const {
  std::set<std::string> all;
  if (stands(file)) {
    for (const auto& session : file.set.sessions) {
      all.merge(keys_of(session.name, session.session_id));
    }
    return all;
  }
  // Nobody knows what it would say.
  for (const auto& [key, holder] : had_) {
    if (holder == file.name) {
      all.insert(key);
    }
  }
  return all;
}

/// Whoever had it and insists, else whoever is the only one to want it.
bool Teams::may_have(const std::vector<TeamFile>& files, const std::string& file,
                     const std::string& key) const {
  const auto holder = had_.find(key);
  if (holder != had_.end() && holder->second == file) {
    return true;
  }
  const bool comes_first = !waiting_.contains({file, key}) && is_let_go(files, key);
  return !is_kept(files, key) && std::ranges::none_of(files, [&](const TeamFile& other) {
    return other.name != file && wanted(other).contains(key) && !(comes_first && waits(other, key));
  });
}

std::optional<std::string> Teams::judge_taken(const std::vector<TeamFile>& files,
                                              const manifest::Manifest& manifest) const {
  for (const auto& file : manifest.files) {
    for (const auto& session : file.sessions) {
      for (const auto& key : keys_of(session.name, session.session_id)) {
        if (!may_have(files, file.path, key)) {
          return key + " is another file's, and " + file.path + " has it";
        }
      }
    }
  }
  return std::nullopt;
}

/// A file that is good has what it may have, as it says it; one that is not has what it had.
std::optional<std::string> Teams::judge_kept(const std::vector<TeamFile>& files,
                                             const manifest::Manifest& manifest) const {
  for (const auto& file : files) {
    const auto alone = manifest::load_manifest_file({file.name, to_yaml(file.set), ""});
    for (const auto& session : alone.sessions) {
      const auto keys = keys_of(session.name, session.session_id);
      const auto* found = find_session(manifest, file.name, session.name);
      const bool is_its_own = stands(file) && std::ranges::all_of(keys, [&](const auto& key) {
                                return may_have(files, file.name, key);
                              });
      if (is_its_own && (found == nullptr || !is_version(*found, session))) {
        return std::string(session.name)
            .append(" of ")
            .append(file.name)
            .append(" is not as that file says");
      }
    }
  }
  for (const auto& [file, name] : in_force_) {
    const auto* const now = [&]() -> const TeamFile* {
      const auto found = std::ranges::find(files, file, &TeamFile::name);
      return found == files.end() ? nullptr : &*found;
    }();
    if (now != nullptr && !stands(*now) && find_session(manifest, file, name) == nullptr) {
      return std::string(name).append(" of ").append(file).append(
          ", which is bad, is no longer in force");
    }
  }
  return std::nullopt;
}

void Teams::take(const std::vector<TeamFile>& files, const manifest::Manifest& manifest) {
  std::erase_if(had_, [&](const auto& one) {
    const auto holder = std::ranges::find(files, one.second, &TeamFile::name);
    return holder == files.end() ? !is_kept(files, one.first)
                                 : !wanted(*holder).contains(one.first);
  });
  in_force_.clear();
  for (const auto& file : manifest.files) {
    for (const auto& session : file.sessions) {
      in_force_.emplace(file.path, session.name);
      for (const auto& key : keys_of(session.name, session.session_id)) {
        had_[key] = file.path;
      }
    }
  }
}

std::optional<std::string> Teams::judge(const std::vector<TeamFile>& files,
                                        const manifest::Manifest& manifest, ports::TimePoint now) {
  note_gone(files, now);
  decide_owner(files);
  std::optional<std::string> wrong;
  if (manifest.owner != owner_) {
    wrong = "the owner is " + manifest.owner + " in place of " + owner_;
  }
  wrong = wrong ? wrong : judge_taken(files, manifest);
  wrong = wrong ? wrong : judge_kept(files, manifest);
  auto now_waiting = waiting(files);
  take(files, manifest);
  waiting_ = std::move(now_waiting);
  return wrong;
}

}  // namespace sessync::simulation
