// Who writes, and when.
#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/os/thread.h"
#include "daemon/state/state_database.h"

namespace sessync::state {
namespace {

/// How long what nobody hurries with waits for company.
constexpr std::chrono::milliseconds kLongestPutOff{10};

/// How often it is tried to write while that fails.
constexpr std::chrono::seconds kProbeEvery{2};

}  // namespace

/// The role of the one who writes, from construction to destruction, whatever is thrown meanwhile.
/// The mutex is held at both ends, and not necessarily in between.
class StateDatabase::Turn {
 public:
  Turn(StateDatabase& of, std::unique_lock<std::mutex>& lock) : of_(of), lock_(lock) {
    of_.writing_ = true;
    ++of_.turns_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!lock_.owns_lock()) {
      lock_.lock();
    }
    of_.writing_ = false;
    // The store's thread goes on with what came meanwhile, and tries again after a failure.
    if (of_.has_work() || of_.trouble_ || of_.closing_) {
      of_.work_.notify_one();
    }
    if (!of_.has_work()) {
      of_.idle_.notify_all();
    }
  }

 private:
  StateDatabase& of_;
  std::unique_lock<std::mutex>& lock_;
};

void StateDatabase::commit(std::vector<ports::Change> changes, Durable durable, Begin begin) {
  submit({std::move(changes), std::move(durable)}, begin);
}

void StateDatabase::write_here() {
  std::unique_lock lock(mutex_);
  if (jobs_.empty()) {
    return;
  }
  if (writing_) {
    return wake(Begin::kNow);
  }
  const Turn turn(*this, lock);
  write_next(lock);
}

void StateDatabase::hand_over() {
  const std::lock_guard lock(mutex_);
  if (!jobs_.empty()) {
    wake(Begin::kNow);
  }
}

/// In time.
void StateDatabase::wake(Begin begin) {
  const auto when = begin == Begin::kNow ? Clock::now() : Clock::now() + kLongestPutOff;
  if (when < begin_at_) {
    begin_at_ = when;
    work_.notify_one();
  }
}

void StateDatabase::flush() {
  std::unique_lock lock(mutex_);
  if (!jobs_.empty()) {
    wake(Begin::kNow);
  }
  idle_.wait(lock, [this] { return kind_ != Kind::kOnDisk || (!has_work() && !writing_); });
}

bool StateDatabase::is_due() const {
  return !writing_ && (closing_ || !digests_.empty() || begin_at_ <= Clock::now());
}

/// False: it is time for a beat, or a probe.
bool StateDatabase::wait_until_due(std::unique_lock<std::mutex>& lock) {
  const auto since = Clock::now();
  while (!is_due()) {
    const auto turn = since + (trouble_ ? kProbeEvery : os::kLongestTurn);
    if (Clock::now() >= turn) {
      return false;
    }
    work_.wait_until(lock, writing_ ? turn : std::min(turn, begin_at_));
  }
  return true;
}

/// Whoever writes for too long may not be known to do so, but everything waits for him: that is a
/// standstill of the store.
void StateDatabase::beat_unless_stuck() {
  if (!writing_ || std::exchange(seen_turns_, turns_) != turns_) {
    os::beat();
  }
}

/// False: there will be none any more.
bool StateDatabase::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (!wait_until_due(lock)) {
    beat_unless_stuck();
    if (trouble_ && !writing_) {
      const Turn turn(*this, lock);
      lock.unlock();
      probe();
    }
  }
  return has_work();
}

void StateDatabase::run() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    const Turn turn(*this, lock);
    write_next(lock);
    os::beat();
  }
}

}  // namespace sessync::state
