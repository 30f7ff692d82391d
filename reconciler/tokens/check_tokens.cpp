#include "reconciler/tokens/check_tokens.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "reconciler/tokens/github_url.h"

namespace sessync::tokens {
namespace {

class TokenCheck {
 public:
  TokenCheck(const std::string& session_id, const observe::ObservedState& observed,
             const ports::Inventory& inventory, ports::Ports& ports)
      : session_id_(session_id), observed_(observed), inventory_(inventory), ports_(ports) {}

  TokenChecks run(const desired::DesiredState& desired) {
    for (const auto& wanted : desired.repositories) {
      if (wanted.spec.authorization_token) {
        const auto* row = row_of(wanted);
        asked_.push_back({&wanted, row, row == nullptr ? nullptr : record_of(*row), std::nullopt});
      }
    }
    peek();
    list_faults();
    for (const auto& one : asked_) {
      decide(one);
    }
    return std::move(out_);
  }

 private:
  struct Asked {
    const desired::DesiredRepository* wanted = nullptr;
    const ports::RepositoryRow* row = nullptr;  ///< of the session, if it has it
    const ports::TokenRecord* record = nullptr;
    std::optional<tl::expected<ports::TokenState, ports::TokenError>> token;
  };

  [[nodiscard]] const ports::RepositoryRow* row_of(const desired::DesiredRepository& wanted) const {
    for (const auto& other : observed_.fixed) {
      const auto* row = std::get_if<ports::RepositoryRow>(&other.row);
      if (row != nullptr && other.path == wanted.path) {
        return row;
      }
    }
    return nullptr;
  }

  [[nodiscard]] const ports::TokenRecord* record_of(const ports::RepositoryRow& row) const {
    const auto record =
        std::ranges::find(inventory_.tokens, row.resource_id, &ports::TokenRecord::resource_id);
    return record == inventory_.tokens.end() ? nullptr : &*record;
  }

  void peek() {
    if (ports_.tokens == nullptr) {
      return;
    }
    std::size_t open = asked_.size();
    for (auto& one : asked_) {
      ports::TokenRequest request{one.wanted->spec.url, *one.wanted->spec.authorization_token,
                                  one.record == nullptr ? std::string() : one.record->fingerprint,
                                  false};
      ports_.tokens->peek(std::move(request), [&one, &open](auto state) {
        one.token = std::move(state);
        --open;
      });
    }
    while (open > 0 && ports_.loop.run_one()) {
    }
  }

  /// Also before a token is sent whatever the events say: what they say by now is about the token
  /// that it takes the place of.
  void list_faults() {
    std::optional<std::string> since;
    for (const auto& one : asked_) {
      const auto dealt_with = one.record == nullptr ? std::string() : one.record->last_fault;
      if (one.row != nullptr && (!since || is_later(*since, dealt_with))) {
        since = dealt_with;
      }
    }
    if (!since) {
      return;
    }
    auto faults = ports::await<std::vector<ports::SessionFault>>(ports_.loop, [&](auto done) {
      ports_.api.list_faults(session_id_, *since, std::move(done));
    });
    if (faults) {
      faults_ = std::move(*faults);
    } else {
      out_.warnings.push_back("the session's errors could not be listed (" +
                              ports::describe(faults.error()) +
                              "); a token that GitHub refuses is noticed later");
    }
  }

  [[nodiscard]] std::string newest_fault(const std::string& url) const {
    std::string newest;
    for (const auto& fault : faults_) {
      const bool meant = fault.repository_url.empty() ||
                         normalised_url(fault.repository_url) == normalised_url(url);
      if (meant && fault.error_type == "repository_authentication_error" &&
          is_later(fault.processed_at, newest)) {
        newest = fault.processed_at;
      }
    }
    return newest;
  }

  void decide(const Asked& asked) {
    auto token = asked.token.value_or(
        tl::unexpected(ports::TokenError{"the token's source could not be asked"}));
    const auto& spec = asked.wanted->spec;
    out_.rotations.emplace(asked.wanted->path,
                           decide_rotation({spec, std::move(token), asked.record,
                                            newest_fault(spec.url), ports_.loop.now()}));
  }

  const std::string& session_id_;
  const observe::ObservedState& observed_;
  const ports::Inventory& inventory_;
  ports::Ports& ports_;
  std::vector<Asked> asked_;
  std::vector<ports::SessionFault> faults_;
  TokenChecks out_;
};

}  // namespace

TokenChecks check_tokens(const std::string& session_id, const desired::DesiredState& desired,
                         const observe::ObservedState& observed, const ports::Inventory& inventory,
                         ports::Ports& ports) {
  return TokenCheck(session_id, observed, inventory, ports).run(desired);
}

}  // namespace sessync::tokens
