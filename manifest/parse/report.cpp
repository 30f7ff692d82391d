#include "manifest/parse/report.h"

#include <algorithm>
#include <tuple>

namespace sessync::manifest {
namespace {

/// A file of four megabytes can be wrong in a million places; nobody reads so many.
constexpr std::size_t kMaxProblems = 1000;

auto sort_key(const Problem& problem) {
  return std::tie(problem.at.line, problem.at.column, problem.severity, problem.code,
                  problem.message);
}

}  // namespace

void sort_problems(std::vector<Problem>& problems) {
  std::sort(problems.begin(), problems.end(), [](const Problem& left, const Problem& right) {
    return sort_key(left) < sort_key(right);
  });
}

void Report::add(Problem problem) {
  if (problems_.size() < kMaxProblems) {
    problems_.push_back(std::move(problem));
  } else if (!overflowed_) {
    overflowed_ = true;
    problems_.push_back(
        {locate({}), Problem::Severity::kError, "too_many_problems",
         "has more than " + std::to_string(kMaxProblems) + " problems; the rest is not shown"});
  }
}

void Report::error(Position at, std::string code, std::string message) {
  add({locate(at), Problem::Severity::kError, std::move(code), std::move(message)});
}

void Report::warning(Position at, std::string code, std::string message) {
  add({locate(at), Problem::Severity::kWarning, std::move(code), std::move(message)});
}

std::vector<Problem> Report::sorted() const {
  auto problems = problems_;
  sort_problems(problems);
  const auto same = [](const Problem& left, const Problem& right) {
    return sort_key(left) == sort_key(right);
  };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
  return problems;
}

}  // namespace sessync::manifest
