#pragma once

#include <map>
#include <string>

#include "reconciler/ports/token_source.h"
#include "tests/double/memory/test_loop.h"

namespace sessync {

/// Tokens in memory, by repository URL. A question is read, and its answer delivered, in separate
/// turns of the loop, so a token may change between a peek and the fetch that follows it.
class MemoryTokenSource : public ports::TokenSource {
 public:
  explicit MemoryTokenSource(TestLoop& loop) : loop_(loop) {}

  /// The repository's token, kept somewhere: it is what it is until it is set again.
  void set(const std::string& url, const std::string& token);
  /// The repository's tokens are minted and live for `life`. One is handed out until two thirds of
  /// that are over, or until somebody asks for a new one.
  void mint(const std::string& url, ports::Duration life);
  /// The minting source is another one now: its fingerprint changes.
  void reconfigure(const std::string& url);
  /// The repository's tokens come from a program: only one who may run it learns what it says.
  void run_program(const std::string& url) { sources_[url].is_program = true; }
  /// False: programs are run by nobody.
  void allow_programs(bool allowed) { may_run_programs_ = allowed; }
  /// The same sources for a process that only looks: it runs no program and mints nothing.
  ports::TokenSource& for_looks() { return looks_; }
  /// Neither peek nor fetch works until works_again(). Only minting fails if `only_fetch`.
  void fail(const std::string& url, bool only_fetch = false);
  void works_again(const std::string& url);

  [[nodiscard]] int peeks(const std::string& url) const;
  [[nodiscard]] int fetches(const std::string& url) const;
  [[nodiscard]] int mints(const std::string& url) const;
  /// What the source says now: the token that a fetch would hand out, or the last one minted.
  [[nodiscard]] std::string token(const std::string& url) const;
  /// The fingerprint of a token that is not minted.
  static std::string fingerprint(const std::string& token);

  void peek(ports::TokenRequest request,
            std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) override;
  void fetch(ports::TokenRequest request,
             std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) override;

 private:
  enum class Failing { kNothing, kFetch, kEverything };
  struct Source {
    std::string token;
    ports::Duration life{};  ///< 0: not minted
    ports::TimePoint renew_at;
    int configuration = 1;
    int peeks = 0;
    int fetches = 0;
    int mints = 0;
    Failing failing = Failing::kNothing;
    bool is_program = false;
  };
  class Looks : public ports::TokenSource {
   public:
    explicit Looks(MemoryTokenSource& all) : all_(all) {}
    void peek(
        ports::TokenRequest request,
        std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) override;
    void fetch(ports::TokenRequest request,
               std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) override;

   private:
    MemoryTokenSource& all_;
  };
  [[nodiscard]] const Source& find(const std::string& url) const;
  [[nodiscard]] static ports::TokenState state_of(const std::string& url, const Source& source);
  tl::expected<ports::TokenState, ports::TokenError> look(const ports::TokenRequest& request,
                                                          bool may_run);
  [[nodiscard]] bool is_refused(const Source& source) const;
  tl::expected<ports::Token, ports::TokenError> take(const ports::TokenRequest& request);
  void mint_if_due(const std::string& url, Source& source, bool renew);

  TestLoop& loop_;
  std::map<std::string, Source> sources_;
  bool may_run_programs_ = true;
  Looks looks_{*this};
};

}  // namespace sessync
