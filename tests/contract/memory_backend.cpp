#include "tests/contract/backend.h"
#include "tests/double/memory/memory_session_api.h"

namespace sessync::contract {

namespace {

class MemoryBackend : public Backend {
 public:
  MemoryBackend() {
    model_.set_time(loop_.now());
    session = model_.create_session({}).value().id;
  }
  ports::SessionApi& api() override { return api_; }
  ports::Loop& loop() override { return loop_; }
  void with_model(const std::function<void(SessionModel&)>& use) override {
    model_.set_time(loop_.now());
    use(model_);
  }
  void add_fault(const FaultRule& rule) override { api_.faults.add(rule); }
  void clear_faults() override { api_.faults.clear(); }

 private:
  SessionModel model_;
  TestLoop loop_;
  MemorySessionApi api_{model_, loop_, &content_};
};

}  // namespace

std::unique_ptr<Backend> memory_backend() { return std::make_unique<MemoryBackend>(); }

}  // namespace sessync::contract
