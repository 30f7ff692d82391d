#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/output_directory.h"

namespace sessync {

/// A destination in memory. Outlives the files that it creates.
class MemoryOutputDirectory : public ports::OutputDirectory {
 public:
  std::map<std::string, std::string> files;    ///< finished: name -> bytes
  std::vector<std::string> links;              ///< names of what is no regular file
  std::map<std::string, std::uint64_t> sizes;  ///< of files that only look as if they were there
  std::size_t capacity = 1'000'000'000;        ///< bytes that fit
  std::string broken;                          ///< why nothing works; "" if it does
  std::string directory_id;                    ///< "": it has none yet
  std::string next_id = "first";               ///< that it gets
  std::size_t most_at_once = 0;
  std::size_t on_their_way = 0;
  std::function<void()> on_step;  ///< runs after every change

  tl::expected<std::vector<ports::OutputEntry>, std::string> list() override {
    if (!broken.empty()) {
      return tl::unexpected(broken);
    }
    std::vector<ports::OutputEntry> entries;
    entries.reserve(files.size() + links.size());
    for (const auto& [name, bytes] : files) {
      entries.push_back({name, bytes.size(), true});
    }
    for (const auto& name : links) {
      entries.push_back({name, 0, false});
    }
    for (const auto& [name, size] : sizes) {
      entries.push_back({name, size, true});
    }
    return entries;
  }

  tl::expected<std::string, std::string> id() override { return directory_id; }
  tl::expected<std::string, std::string> identify() override {
    if (directory_id.empty()) {
      directory_id = next_id;
      step();
    }
    return directory_id;
  }

  tl::expected<std::shared_ptr<ports::OutputFile>, std::string> create(
      const std::string& name, std::uint64_t /*size*/) override {
    auto file = std::make_shared<File>(*this, name);
    step();
    return file;
  }

  tl::expected<ports::Done, std::string> move_aside(const std::string& from,
                                                    const std::string& to) override {
    if (!files.contains(from) || taken(to)) {
      return tl::unexpected("cannot rename " + from + " to " + to);
    }
    files[to] = std::exchange(files[from], {});
    files.erase(from);
    step();
    return ports::Done{};
  }

 private:
  void step() const {
    if (on_step) {
      on_step();
    }
  }

  class File : public ports::OutputFile {
   public:
    File(MemoryOutputDirectory& directory, std::string name)
        : directory_(directory), name_(std::move(name)) {
      directory_.most_at_once = std::max(directory_.most_at_once, ++directory_.on_their_way);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() override { --directory_.on_their_way; }

    tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
      if (directory_.used() + bytes_.size() + bytes.size() > directory_.capacity) {
        return tl::unexpected(std::string("the disk is full"));
      }
      bytes_ += bytes;
      return ports::Done{};
    }

    tl::expected<ports::Done, std::string> finish(std::uint64_t size) override {
      if (bytes_.size() != size || directory_.taken(name_)) {
        return tl::unexpected(name_ + " cannot be put in place");
      }
      directory_.files[name_] = bytes_;
      directory_.step();
      return ports::Done{};
    }

   private:
    MemoryOutputDirectory& directory_;
    std::string name_;
    std::string bytes_;
  };

  [[nodiscard]] bool taken(const std::string& name) const {
    return files.contains(name) || std::ranges::find(links, name) != links.end();
  }
  [[nodiscard]] std::size_t used() const {
    std::size_t sum = 0;
    for (const auto& [name, bytes] : files) {
      sum += bytes.size();
    }
    return sum;
  }
};

}  // namespace sessync
