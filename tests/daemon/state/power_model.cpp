#include "tests/daemon/state/power_model.h"

#include <algorithm>

namespace sessync {
namespace {

constexpr std::size_t kSector = 512;
using Kind = DiskEvent::Kind;

}  // namespace

std::size_t Choices::pick(std::size_t count) {
  if (guess_) {
    return random_() % count;
  }
  if (position_ == digits_.size()) {
    digits_.push_back({0, count});
  }
  return digits_[position_++].value;
}

bool Choices::next() {
  ++taken_;
  position_ = 0;
  std::size_t combinations = 1;
  for (const Digit& digit : digits_) {
    combinations = std::min(combinations * digit.count, limit_ + 1);
  }
  guess_ = combinations > limit_;
  if (guess_) {
    return taken_ < limit_;
  }
  for (Digit& digit : digits_) {
    if (++digit.value < digit.count) {
      return true;
    }
    digit.value = 0;
  }
  return false;
}

PowerModel::PowerModel(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    entries_[name].history = {Inode{}};
  }
}

void PowerModel::apply(const DiskEvent& event) {
  if (event.kind == Kind::kReported) {
    return;
  }
  Entry& entry = entries_[event.file];
  if (event.kind == Kind::kCreate) {
    entry.history.emplace_back(Inode{});
  } else if (event.kind == Kind::kDelete) {
    entry.history.emplace_back(std::nullopt);
  } else if (event.kind == Kind::kSync && entry.history.back()) {
    Inode& file = *entry.history.back();
    std::ranges::for_each(file.pending, [&](const auto& one) { carry_out(one, file.synced); });
    file.pending.clear();
  } else if (entry.history.back()) {
    entry.history.back()->pending.push_back(event);
  }
  if (event.syncs_dir) {
    sync_directory();
  }
}

void PowerModel::sync_directory() {
  for (auto& [name, entry] : entries_) {
    entry.history.erase(entry.history.begin(), entry.history.end() - 1);
  }
}

void PowerModel::carry_out(const DiskEvent& event, std::string& content) {
  const auto at = static_cast<std::size_t>(event.at);
  if (event.kind == Kind::kTruncate) {
    content.resize(at);
    return;
  }
  content.resize(std::max(content.size(), at + event.bytes.size()));
  content.replace(at, event.bytes.size(), event.bytes);
}

/// Lost, complete, or torn: of a write of several sectors some arrived.
void PowerModel::carry_out_part(const DiskEvent& event, std::string& content, Choices& choices) {
  const bool can_tear = event.bytes.size() > kSector;
  const std::size_t fate = choices.pick(can_tear ? 3 : 2);
  if (fate == 1) {
    carry_out(event, content);
  }
  for (std::size_t at = 0; fate == 2 && at < event.bytes.size(); at += kSector) {
    if (choices.pick(2) == 1) {
      DiskEvent part = event;
      part.at += static_cast<std::int64_t>(at);
      part.bytes = event.bytes.substr(at, kSector);
      carry_out(part, content);
    }
  }
}

PowerModel::Disk PowerModel::lose_power(Choices& choices) const {
  Disk disk;
  for (const auto& [name, entry] : entries_) {
    const auto& found = entry.history[choices.pick(entry.history.size())];
    if (!found) {
      continue;
    }
    std::string content = found->synced;
    for (const auto& event : found->pending) {
      carry_out_part(event, content, choices);
    }
    disk.emplace(name, std::move(content));
  }
  return disk;
}

}  // namespace sessync
