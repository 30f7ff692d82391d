#pragma once

#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::manifest {

/// A place in the file that is being read; counts from 1, {} is the whole file.
struct Position {
  int line = 0;
  int column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// Collects the problems of one file.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void error(Position at, std::string code, std::string message);
  void warning(Position at, std::string code, std::string message);

  [[nodiscard]] Location locate(Position at) const { return {file_, at.line, at.column}; }

  /// Sorted by position, each once: what stands behind an alias may have been read many times.
  [[nodiscard]] std::vector<Problem> sorted() const;

 private:
  void add(Problem problem);

  std::string file_;
  std::vector<Problem> problems_;
  bool overflowed_ = false;
};

void sort_problems(std::vector<Problem>& problems);

}  // namespace sessync::manifest
