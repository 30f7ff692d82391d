#include "tests/simulation/fiber.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace sessync::simulation {
namespace {

constexpr std::size_t kStackBytes = 256U << 10U;

/// Stacks are used again: a fresh one would cost a page fault for each page that a pass touches.
class StackPool {
 public:
  std::vector<char> take() {
    if (free_.empty()) {
      return std::vector<char>(kStackBytes);
    }
    auto stack = std::move(free_.back());
    free_.pop_back();
    return stack;
  }
  void give_back(std::vector<char> stack) { free_.push_back(std::move(stack)); }

 private:
  std::vector<std::vector<char>> free_;
};

StackPool& stack_pool() {
  thread_local StackPool pool;
  return pool;
}

}  // namespace

struct Fiber::Context {
  std::function<void()> work;
  std::vector<char> stack = stack_pool().take();
  ucontext_t inside{};
  ucontext_t outside{};
  bool ended = false;
#ifdef __SANITIZE_ADDRESS__
  void* fake_inside = nullptr;
  void* fake_outside = nullptr;
  const void* outer_stack = nullptr;
  std::size_t outer_size = 0;
#endif

  void swap_in() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_outside, stack.data(), stack.size());
#endif
    ::swapcontext(&outside, &inside);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_outside, nullptr, nullptr);
#endif
  }

  void swap_out() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(ended ? nullptr : &fake_inside, outer_stack, outer_size);
#endif
    ::swapcontext(&inside, &outside);
    entered();
  }

  void entered() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_inside, &outer_stack, &outer_size);
#endif
  }

  /// makecontext passes only ints.
  static void begin(unsigned high, unsigned low) {
    const auto address = (static_cast<std::uintptr_t>(high) << 32U) | low;
    auto* self = reinterpret_cast<Context*>(address);  // NOLINT: split just below
    self->entered();
    self->work();
    self->ended = true;
    self->swap_out();
  }
};

Fiber::Fiber(std::function<void()> work) : context_(std::make_unique<Context>()) {
  context_->work = std::move(work);
  ::getcontext(&context_->inside);
  context_->inside.uc_stack.ss_sp = context_->stack.data();
  context_->inside.uc_stack.ss_size = context_->stack.size();
  const auto address = reinterpret_cast<std::uintptr_t>(context_.get());  // NOLINT
  auto* entry = reinterpret_cast<void (*)()>(&Context::begin);            // NOLINT: as it is made
  ::makecontext(&context_->inside, entry, 2, static_cast<unsigned>(address >> 32U),
                static_cast<unsigned>(address));
}

Fiber::~Fiber() { stack_pool().give_back(std::move(context_->stack)); }

void Fiber::enter() { context_->swap_in(); }
void Fiber::leave() { context_->swap_out(); }
bool Fiber::ended() const { return context_->ended; }

}  // namespace sessync::simulation
