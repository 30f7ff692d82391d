#pragma once

#include <functional>
#include <memory>

namespace sessync::simulation {

/// A function that can be left in its midst and entered again, on one thread: how a pass waits for
/// its answers while the simulated world goes on. A fiber must have ended before it is destroyed.
class Fiber {
 public:
  explicit Fiber(std::function<void()> work);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs until the next leave(), or to the end. Nothing may be thrown out of `work`.
  void enter();
  /// From inside: back to whoever entered.
  void leave();
  [[nodiscard]] bool ended() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace sessync::simulation
