// T1: reads a file again and again while other processes rewrite it in place, and counts how often
// a torn content was taken: torn DIRECTORY LABEL READS SECONDS [weak]
//
// READS is how many reads sessync has to take in all, SECONDS what one writer may take at most. The
// other policies run for a little while only: they show that the writers are hard to read.
//
// weak: a lease does not see every writer here. sessync takes what was left alone for a while, so
// the writers rest for longer than that between two generations.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <set>

#include <sys/stat.h>

#include "tests/reads/generation.h"
#include "tests/reads/reader.h"
#include "tests/reads/writer.h"

namespace sessync::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Row {
  std::uint64_t taken = 0;
  std::uint64_t torn = 0;
  std::uint64_t remains = 0;  ///< whole as the file was: what a killed writer left
  std::uint64_t unlawful = 0;
  std::uint64_t refused = 0;
  std::set<std::uint64_t> generations;
};

struct Goal {
  std::uint64_t reads = 0;
  std::uint64_t generations = 0;  ///< reads count little while the writer does nothing
  milliseconds time{0};
};

struct Place {
  std::string directory;
  std::string file;
  bool weak = false;
};

void prepare(const std::string& path) {
  std::vector<std::uint64_t> words(kFileWords);
  fill(words, 1, 0);
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(words.data()), kFileBytes);  // NOLINT: bytes of words
  ::chmod(path.c_str(), 0644);
}

bool is_reached(const Goal& goal, const Row& row) {
  return row.taken >= goal.reads && row.generations.size() >= goal.generations;
}

constexpr milliseconds kRest{300};
constexpr milliseconds kLongest{20'000};

Row measure(const WriterKind& kind, Policy policy, const Place& place, const Goal& goal) {
  const std::string path = place.directory + "/" + place.file;
  prepare(path);
  Reader reader(place.directory, place.file);
  if (place.weak) reader.patience = kRest;
  Row row;
  std::multiset<std::size_t> torn;
  Writer writer(kind, path);
  const auto end = Clock::now() + goal.time;
  // On a busy machine the only whole generation may come late.
  const auto goes_on = [&] {
    const auto now = Clock::now();
    return now < end || (row.taken == 0 && now < end + kLongest && !kind.killed);
  };
  while (!is_reached(goal, row) && goes_on()) {
    if (!reader.read(policy)) continue;
    ++row.taken;
    if (const auto generation = whole_generation(reader.bytes())) {
      row.generations.insert(*generation);
    } else {
      torn.insert(Writer::hash_of(reader.bytes()));
    }
  }
  writer.stop();
  for (const std::size_t each : torn) ++(writer.remains().contains(each) ? row.remains : row.torn);
  row.refused = reader.counters().refused + reader.counters().broken;
  row.unlawful = policy == Policy::kLeased ? std::uint64_t{reader.counters().unleased} : 0;
  return row;
}

void print(const std::string& label, const WriterKind& kind, Policy policy, const Row& row) {
  std::cout << "| " << std::left << std::setw(7) << label << " | " << std::setw(23) << kind.name
            << " | " << std::setw(21) << name_of(policy) << " | " << std::right << std::setw(6)
            << row.taken << " | " << std::setw(11) << row.generations.size() << " | "
            << std::setw(6) << row.torn << " | " << std::setw(7) << row.remains << " | "
            << std::setw(9) << row.refused << " |" << std::endl;
}

/// Most reads go to the writers that never rest.
Goal goal_of(const WriterKind& kind, std::uint64_t reads, milliseconds time) {
  const bool restless = kind.pause < milliseconds{5};
  const bool slow = kind.pause > milliseconds{100};
  const std::uint64_t percent = restless ? 20 : slow ? 3 : 5;
  const std::uint64_t wanted = std::max<std::uint64_t>(reads * percent / 100, 20);
  return {wanted, kind.killed ? 1 : wanted / (restless ? 4 : 10), time};
}

class Test {
 public:
  Test(std::string label, std::string directory, bool weak)
      : label_(std::move(label)), place_{std::move(directory), "torn", weak} {}

  void run(WriterKind kind, const Goal& goal) {
    if (place_.weak) kind.idle = kRest;
    const Goal glimpse{goal.reads, 0, std::min(goal.time / 3, milliseconds{3000})};
    naive_ += show(kind, Policy::kNaive, glimpse).torn;
    bracket_ += show(kind, Policy::kBracket, glimpse).torn;
    if (kind.pause > milliseconds{200} && SomebodyElse::possible()) {
      show(kind, Policy::kUnleased, {goal.reads, 0, goal.time});
    }
    const Row leased = show(kind, Policy::kLeased, goal);
    taken_ += leased.taken;
    if (leased.torn > 0) fail(kind, "a torn content was taken");
    if (leased.unlawful > 0 && !place_.weak) fail(kind, "a content was taken without a lease");
    if (leased.taken == 0 && !(place_.weak && kind.killed)) fail(kind, "nothing was taken");
  }

  int finish() {
    std::cout << label_ << ": " << taken_
              << " contents taken by sessync; torn otherwise: " << naive_ << " naive, " << bracket_
              << " with a stat bracket\n";
    if (naive_ == 0 || bracket_ == 0) {
      std::cout << "FAILED: these writers do not tear anything\n";
      failed_ = true;
    }
    return failed_ ? 1 : 0;
  }

 private:
  Row show(const WriterKind& kind, Policy policy, const Goal& goal) {
    Row row = measure(kind, policy, place_, goal);
    print(label_, kind, policy, row);
    return row;
  }

  void fail(const WriterKind& kind, const char* what) {
    std::cout << "FAILED: " << label_ << ", " << kind.name << ": " << what << "\n";
    failed_ = true;
  }

  std::string label_;
  Place place_;
  std::uint64_t naive_ = 0;
  std::uint64_t bracket_ = 0;
  std::uint64_t taken_ = 0;
  bool failed_ = false;
};

}  // namespace
}  // namespace sessync::test

int main(int argc, char** argv) {
  using namespace sessync::test;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const bool weak = args.size() == 5 && args[4] == "weak";
  if (args.size() != 4 && !weak) {
    std::cerr << "usage: torn DIRECTORY LABEL READS SECONDS [weak]\n";
    return 64;
  }
  Test test(args[1], args[0], weak);
  const auto reads = std::stoull(args[2]);
  const std::chrono::milliseconds time{static_cast<std::int64_t>(std::stod(args[3]) * 1000)};
  std::cout << "| where   | writer                  | reader                | taken  | "
               "generations | torn   | remains | put off   |\n";
  for (const WriterKind& kind : writer_kinds()) test.run(kind, goal_of(kind, reads, time));
  return test.finish();
}
