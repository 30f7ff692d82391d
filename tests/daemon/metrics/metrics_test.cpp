#include "daemon/metrics/metrics.h"

#include <catch2/catch.hpp>

#include "daemon/api/send/request_engine.h"
#include "tests/daemon/status/passes.h"

namespace sessync {
namespace {

/// The value of a series, as it is printed; "" if there is none.
std::string value(const std::string& text, const std::string& series) {
  const auto line = text.find("\n" + series + " ");
  if (line == std::string::npos) return "";
  const auto begin = line + series.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

class FixedSources : public metrics::MetricSources {
 public:
  [[nodiscard]] schedule::QueueFigures queue() const override { return {3, 20, 4}; }
  [[nodiscard]] watch::WatchStatistics watched() const override { return {7, 100, 1, 2}; }
  [[nodiscard]] std::uint64_t lost_log_lines() const override { return 6; }
  [[nodiscard]] std::uint64_t unleased_reads() const override { return 5; }
};

struct Counted {
  explicit Counted(const std::vector<std::string>& names) {
    board.manifest_read(manifest_of(names), {}, at(0));
  }
  void pass(const std::string& name, const pass::PassOutcome& outcome) {
    board.pass_started(name);
    const status::StatusBoard::FinishedPass finished{name, &outcome, at(2), std::nullopt};
    metrics.pass_finished(finished, seconds(1), board.pass_finished(finished));
  }
  [[nodiscard]] std::string of(const std::string& series) {
    return value("\n" + metrics.text(), series);
  }

  status::StatusBoard board{kOrigin};
  metrics::Metrics metrics{board, "1.2.3"};
};

}  // namespace

TEST_CASE("passes, actions and resources are counted by session") {
  Counted counted({"a"});
  counted.pass("a", added("/x", at(2)));
  counted.pass("a", blocked("/y", desired::BlockCode::kQuota));
  CHECK(counted.of(R"(sessync_reconcile_total{result="succeeded",session="a"})") == "1");
  CHECK(counted.of(R"(sessync_reconcile_total{result="blocked",session="a"})") == "1");
  CHECK(counted.of(R"(sessync_actions_total{action="add",result="done",session="a"})") == "1");
  CHECK(counted.of(R"(sessync_resources{session="a",state="blocked"})") == "1");
  CHECK(counted.of(R"(sessync_last_converged_timestamp_seconds{session="a"})") != "");
  CHECK(counted.of(R"(sessync_reconcile_duration_seconds_count{session="a"})") == "2");
}

TEST_CASE("a condition has one series: that of its reason") {
  Counted counted({"a"});
  counted.pass("a", failed(errors::SessionError::Code::kAuthenticationFailed));
  const std::string refused =
      R"(sessync_condition{reason="AuthenticationFailed",session="a",type="Ready"})";
  CHECK(counted.of(refused) == "0");
  counted.pass("a", {});
  CHECK(counted.of(refused).empty());
  CHECK(counted.of(R"(sessync_condition{reason="Succeeded",session="a",type="Ready"})") == "1");
}

TEST_CASE("a session that leaves takes its series with it, also if a pass was under way") {
  Counted counted({"gone", "stays"});
  counted.pass("gone", added("/x", at(2)));
  REQUIRE(counted.metrics.text().find("session=\"gone\"") != std::string::npos);
  counted.board.manifest_read(manifest_of({"stays"}), {}, at(3));
  counted.pass("gone", added("/x", at(4)));
  const auto text = counted.metrics.text();
  CHECK(text.find("session=\"gone\"") == std::string::npos);
  CHECK(text.find("session=\"stays\"") != std::string::npos);
}

TEST_CASE("calls are counted by operation, throttling by class, uploads by bytes") {
  Counted counted({});
  api::RequestReport report;
  report.operation = "upload";
  report.rate_class = schedule::RateClass::kFiles;
  report.http_status = 200;
  report.sent_bytes = 1000;
  report.throttled = seconds(2);
  counted.metrics.finished(report);
  CHECK(counted.of(R"(sessync_api_requests_total{code="200",operation="upload"})") == "1");
  CHECK(counted.of(R"(sessync_api_throttled_seconds_total{class="files"})") == "2");
  CHECK(counted.of(R"(sessync_api_throttled_seconds_total{class="writes"})") == "0");
  CHECK(counted.of("sessync_uploaded_bytes_total") == "1000");
}

TEST_CASE("a bad manifest is seen, and when the last good one was read") {
  Counted counted({"a"});
  CHECK(counted.of("sessync_manifest_last_reload_successful") == "1");
  counted.board.manifest_read(with_error(manifest_of({"a"}), "no owner"), {}, at(5));
  CHECK(counted.of("sessync_manifest_last_reload_successful") == "0");
  CHECK(counted.of("sessync_manifest_last_reload_success_timestamp_seconds") == "1000000");
}

TEST_CASE("the parts and the process are asked when the text is made") {
  Counted counted({});
  const FixedSources sources;
  counted.metrics.set_sources(&sources);
  CHECK(counted.of("sessync_workqueue_depth") == "3");
  CHECK(counted.of("sessync_workqueue_retries_total") == "4");
  CHECK(counted.of("sessync_watch_directories") == "7");
  CHECK(counted.of("sessync_watch_overflows_total") == "1");
  CHECK(counted.of("sessync_log_lines_lost_total") == "6");
  CHECK(counted.of("sessync_unleased_reads_total") == "5");
  CHECK(counted.of(R"(sessync_build_info{version="1.2.3"})") == "1");
  CHECK(std::stod(counted.of("process_resident_memory_bytes")) > 1e6);
  CHECK(std::stod(counted.of("process_open_fds")) >= 3);
  CHECK(std::stod(counted.of("process_start_time_seconds")) > 1.7e9);
}

}  // namespace sessync
