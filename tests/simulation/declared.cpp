#include "tests/simulation/declared.h"

#include <algorithm>
#include <sstream>

namespace sessync::simulation {
namespace {

using EntryKind = Entry::Kind;

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

void write_list(std::ostream& out, const std::vector<std::string>& all) {
  out << "[";
  for (std::size_t i = 0; i < all.size(); ++i) {
    out << (i == 0 ? "" : ", ") << quoted(all[i]);
  }
  out << "]\n";
}

void write_entry(std::ostream& out, const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kRepository:
      out << "      - type: github_repository\n        url: " << entry.url
          << "\n        authorization_token: {file: token}\n";
      // The other one is rotated only when its token changes.
      out << (entry.url == repositories().front() ? "        rotate_every: 45m\n" : "");
      return;
    case EntryKind::kMemoryStore:
      out << "      - type: memory_store\n        memory_store_id: memstore_01\n"
          << "        access: read_only\n";
      return;
    case EntryKind::kUpload:
      out << "      - type: file\n        file_id: " << entry.file_id << "\n";
      break;
    default:
      out << "      - type: file\n        source: "
          << quoted(entry.source + (entry.kind == EntryKind::kFile ? "" : "/")) << "\n";
  }
  if (entry.kind == EntryKind::kArchive) {
    out << "        archive: tar.gz\n";
  }
  out << "        mount_path: " << quoted(entry.mount) << "\n";
  if (!entry.exclude.empty()) {
    out << "        exclude: ";
    write_list(out, entry.exclude);
  }
}

void write_session(std::ostream& out, const Declared& session) {
  out << "  - name: " << session.name << "\n";
  if (session.session_id) {
    out << "    session_id: " << *session.session_id << "\n";
  } else {
    out << "    create: {agent: agent_default, environment_id: env_default, title: "
        << quoted(session.title) << ", metadata: {";
    const char* separator = "";
    for (const auto& [key, value] : session.metadata) {
      out << separator << key << ": " << quoted(value);
      separator = ", ";
    }
    out << "}}\n    recreate: " << (session.recreate ? "true" : "false") << "\n";
  }
  out << "    prune: " << session.prune << "\n    on_conflict: " << session.on_conflict
      << "\n    max_deletes: " << session.max_deletes << "\n    max_files: " << session.max_files
      << "\n    interval: " << session.interval_s
      << "s\n    suspend: " << (session.suspend ? "true" : "false")
      << "\n    secrets: " << session.secrets << "\n    resources:";
  out << (session.entries.empty() ? " []\n" : "\n");
  for (const auto& entry : session.entries) {
    write_entry(out, entry);
  }
}

bool overlaps(const std::string& one, const std::string& other) {
  return one == other || one.starts_with(other + "/") || other.starts_with(one + "/");
}

/// An author who writes two single-path entries onto one path is told so by the validator, which is
/// tested elsewhere: here most manifests are good.
bool fits(const Declared& session, const Entry& entry) {
  return std::ranges::none_of(session.entries, [&](const Entry& other) {
    const bool both_directories =
        entry.kind == EntryKind::kDirectory && other.kind == EntryKind::kDirectory;
    if (entry.kind == EntryKind::kRepository && other.kind == EntryKind::kRepository) {
      return entry.url == other.url;
    }
    if (entry.kind == EntryKind::kMemoryStore && other.kind == EntryKind::kMemoryStore) {
      return true;
    }
    return !both_directories && !entry.mount.empty() && !other.mount.empty() &&
           overlaps(entry.mount, other.mount);
  });
}

Entry draw_directory(Random& random, EntryKind kind) {
  Entry entry;
  entry.kind = kind;
  entry.source = pick(directories(), random.next());
  const std::string mount = random.one_in(4) ? pick(directories(), random.next()) : entry.source;
  entry.mount = (random.one_in(5) ? "/mnt/session/uploads/" : "/") + mount;
  if (kind == EntryKind::kArchive) {
    entry.mount = "/packed-" + std::to_string(random.below(2)) + ".tar.gz";
  } else if (random.one_in(4)) {
    entry.exclude = {random.one_in(2) ? "*.tmp" : "b*"};
  }
  return entry;
}

Entry draw_entry(Random& random, const Vocabulary& words, bool is_created) {
  const auto dice = random.below(10);
  if (dice < 5) {
    return draw_directory(random, EntryKind::kDirectory);
  }
  if (dice == 5) {
    return draw_directory(random, EntryKind::kArchive);
  }
  Entry entry;
  if (dice == 6 && !words.uploads.empty()) {
    entry.kind = EntryKind::kUpload;
    entry.file_id = pick(words.uploads, random.next());
    entry.mount = "/given-" + std::to_string(random.below(3)) + ".pdf";
  } else if (dice == 7 && is_created) {
    entry.kind = random.one_in(4) ? EntryKind::kMemoryStore : EntryKind::kRepository;
    entry.url = pick(repositories(), random.next());
  } else {
    entry.source = draw_path(random.next());
    entry.mount = (random.one_in(2) ? "/single/" : "/uploads/") + std::to_string(random.below(4));
  }
  return entry;
}

void add_entry(Declared& session, Random& random, const Vocabulary& words) {
  auto entry = draw_entry(random, words, !session.session_id);
  if (fits(session, entry)) {
    session.entries.push_back(std::move(entry));
  }
}

Declared draw_session(Random& random, const Vocabulary& words, std::size_t number) {
  Declared session;
  session.name = "s" + std::to_string(number);
  if (number < words.existing_sessions.size()) {
    session.session_id = words.existing_sessions[number];
  }
  session.title = "first";
  session.metadata = {{"team", "data"}, {"stage", "1"}};
  session.interval_s = random.one_in(8) ? 600 : 3600;
  if (random.one_in(5)) {
    session.on_conflict = random.one_in(2) ? "adopt" : "replace";
  }
  if (random.one_in(8)) {
    session.prune = random.one_in(2) ? "all" : "none";
  }
  if (random.one_in(5)) {
    session.max_deletes = random.one_in(2) ? "2" : "100%";
  }
  if (random.one_in(10)) {
    session.max_files = number % 2 == 0 ? 2 : 6;
  }
  session.recreate = random.one_in(3);
  for (auto left = 1 + random.below(3); left > 0; --left) {
    add_entry(session, random, words);
  }
  return session;
}

void edit_session(Declared& session, Random& random, const Vocabulary& words) {
  switch (random.below(9)) {
    case 0:
    case 1:
      return add_entry(session, random, words);
    case 2:
    case 3:
      if (!session.entries.empty()) {
        session.entries.erase(session.entries.begin() +
                              static_cast<std::ptrdiff_t>(random.below(session.entries.size())));
      }
      return;
    case 4:
      for (auto& entry : session.entries) {
        entry.exclude = entry.kind == EntryKind::kDirectory && entry.exclude.empty()
                            ? std::vector<std::string>{"a*"}
                            : std::vector<std::string>{};
      }
      return;
    case 5:
      session.suspend = !session.suspend;
      return;
    case 6:
      session.prune = session.prune == "owned" ? "all" : "owned";
      return;
    case 7:
      session.on_conflict = session.on_conflict == "block" ? "replace" : "block";
      return;
    default:
      session.secrets = session.secrets == "block" ? "allow" : "block";
      (random.one_in(2) ? session.title : session.metadata["stage"]) += "+";
  }
}

}  // namespace

const std::vector<std::string>& directories() {
  static const std::vector<std::string> all{"src", "src/sub", "data", "doc"};
  return all;
}
const std::vector<std::string>& file_names() {
  static const std::vector<std::string> all{"a", "b", "c.txt", "d.tmp", "e.md", "sub/f", "a/b"};
  return all;
}
const std::vector<std::string>& repositories() {
  static const std::vector<std::string> all{"https://github.com/example-org/one",
                                            "https://github.com/example-org/two"};
  return all;
}

std::string draw_path(std::uint64_t number) {
  Random random(number);
  return pick(directories(), random.next()) + "/" + pick(file_names(), random.next());
}

std::string to_yaml(const DeclaredSet& set) {
  std::ostringstream out;
  out << "version: 1\nowner: " << set.owner
      << "\nsessions:" << (set.sessions.empty() ? " []\n" : "\n");
  for (const auto& session : set.sessions) {
    write_session(out, session);
  }
  return out.str();
}

DeclaredSet draw_manifest(Random& random, const Vocabulary& words) {
  DeclaredSet set;
  const auto count = 1 + random.below(words.existing_sessions.size() + 1);
  const auto first = random.below(words.existing_sessions.size() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = (first + i) % (words.existing_sessions.size() + 1);
    set.sessions.push_back(draw_session(random, words, number));
  }
  return set;
}

void edit_manifest(DeclaredSet& set, Random& random, const Vocabulary& words) {
  if (random.one_in(12)) {
    set.owner = set.owner == "prod" ? "prod-2" : "prod";
  } else if (random.one_in(8) && set.sessions.size() > 1) {
    set.sessions.pop_back();
  } else if (random.one_in(8)) {
    const auto number = random.below(words.existing_sessions.size() + 1);
    auto session = draw_session(random, words, number);
    std::erase_if(set.sessions, [&](const Declared& other) { return other.name == session.name; });
    set.sessions.push_back(std::move(session));
  } else if (!set.sessions.empty()) {
    edit_session(set.sessions[random.below(set.sessions.size())], random, words);
  }
}

DeclaredSet draw_rival(Random& random, const Vocabulary& words) {
  auto set = draw_manifest(random, words);
  const auto dice = random.below(4);
  set.owner = dice == 0 ? "rival" : dice == 1 ? "prod-2" : "prod";
  for (auto& session : set.sessions) {
    if (random.one_in(3)) {
      session.name = "r" + session.name;  // an id of others under another name
    } else if (random.one_in(4)) {
      session.session_id.reset();  // a name of others for another session
    }
  }
  return set;
}

}  // namespace sessync::simulation
