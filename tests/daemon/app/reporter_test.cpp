#include "daemon/app/reporter.h"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/daemon/status/passes.h"

namespace sessync {

TEST_CASE("workers report at the same time, and every pass is shown and counted") {
  constexpr int kWorkers = 8;
  constexpr int kSessions = 40;
  const auto name_of = [](int worker, int i) {
    return "s" + std::to_string(worker) + "-" + std::to_string(i);
  };
  std::vector<std::string> names;
  for (int worker = 0; worker < kWorkers; ++worker) {
    for (int i = 0; i < kSessions; ++i) names.push_back(name_of(worker, i));
  }
  status::StatusBoard board(kOrigin);
  metrics::Metrics metrics(board, "1.2.3");
  app::ServiceManager manager({});
  app::Reporter reporter(board, metrics, manager, {});
  reporter.manifest_read(manifest_of(names), at(0));
  const auto work = [&](int worker) {
    for (int i = 0; i < kSessions; ++i) {
      const auto name = name_of(worker, i);
      reporter.pass_started(name);
      controller::FinishedPass pass{name, added("/x", at(2)), at(2)};
      pass.generation = 1;
      reporter.pass_finished(pass, at(300));
    }
  };
  std::vector<std::thread> workers;
  workers.reserve(kWorkers);
  for (int worker = 0; worker < kWorkers; ++worker) workers.emplace_back(work, worker);
  for (auto& worker : workers) worker.join();
  const auto text = metrics.text();
  for (const auto& name : names) {
    const auto session = board.find(name);
    REQUIRE(session);
    CHECK_FALSE(session->working);
    CHECK(session->last_pass_at == at(2));
    CHECK(session->next_pass_at == at(300));
    const auto series =
        R"(sessync_reconcile_total{result="succeeded",session=")" + name + "\"} 1\n";
    CHECK(text.find(series) != std::string::npos);
  }
}

}  // namespace sessync
