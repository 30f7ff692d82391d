#pragma once

#include <algorithm>

#include "tests/double/memory/memory_answers.h"
#include "tests/double/memory/memory_session_api.h"

/// How a call of MemorySessionApi travels: for the files that implement it.
namespace sessync {

inline constexpr std::size_t kMemoryPage = 1000;

/// The model's answer in the words of the port.
template <class T, class Convert>
auto port_answer(const model::Answer<T>& answer, const Convert& convert)
    -> ports::Result<decltype(convert(*answer))> {
  if (!answer) {
    return tl::unexpected(model::to_api_error(answer.error()));
  }
  return convert(*answer);
}

/// Every page of a list of the model: `list` asks for one, `convert` makes its rows the port's.
template <class Query, class List, class Convert>
auto all_pages(Query query, const List& list, const Convert& convert)
    -> ports::Result<std::vector<decltype(convert(list(query)->data.front()))>> {
  query.page.limit = kMemoryPage;
  std::vector<decltype(convert(list(query)->data.front()))> rows;
  for (bool more = true; more;) {
    const auto page = list(query);
    if (!page) {
      return tl::unexpected(model::to_api_error(page.error()));
    }
    std::transform(page->data.begin(), page->data.end(), std::back_inserter(rows), convert);
    more = page->next_page.has_value();
    query.page.page = page->next_page.value_or("");
  }
  return rows;
}

inline bool effect_happens(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::kStatus:
    case Fault::Kind::kCutBefore:
    case Fault::Kind::kLateEffect:
    case Fault::Kind::kNotSent:
      return false;
    default:
      return true;
  }
}

inline bool answer_arrives(Fault::Kind kind) {
  return kind == Fault::Kind::kSlow || kind == Fault::Kind::kEmptyPage;
}

template <class T>
ports::Result<T> MemorySessionApi::carry_out(const Call& call, const Effect<T>& effect) {
  model_.set_time(loop_.now() + clock_skew);
  ports::Result<T> result = effect();
  if (result && on_write && is_write(call.operation)) {
    on_write(model_);
  }
  return result;
}

template <class T>
ports::Result<T> MemorySessionApi::suffer(const Fault& fault, const Call& call,
                                          const Effect<T>& effect) {
  if (fault.kind == Fault::Kind::kLateEffect) {
    loop_.request_after(fault.delay, [this, call, effect]() -> std::function<void()> {
      (void)carry_out(call, effect);
      return nullptr;
    });
  }
  if (effect_happens(fault.kind)) {
    auto result = carry_out(call, effect);
    if (answer_arrives(fault.kind)) {
      return result;
    }
  }
  return tl::unexpected(model::to_api_error(fault, is_write(call.operation)));
}

/// Only what was sent after a refusal says that it is over.
template <class T>
void MemorySessionApi::note_answer(Budget budget, ports::TimePoint sent_at,
                                   const ports::Result<T>& result) {
  auto& closing = budgets_.at(static_cast<std::size_t>(budget));
  if (!result && result.error().kind == ports::ApiError::Kind::kRateLimited) {
    closing.refused(sent_at, loop_.now(), {result.error().retry_after, false});
  } else if (result || result.error().http_status != 0) {
    closing.accepted(loop_.now());
  }
}

template <class T>
std::function<void()> MemorySessionApi::arrive(const Call& call, const Effect<T>& effect,
                                               ports::Completion<T> done) {
  const auto fault = faults.next(call.operation, call.session_id);
  auto result = fault ? suffer(*fault, call, effect) : carry_out(call, effect);
  if (!fault || fault->kind != Fault::Kind::kNotSent) {
    record(call, result ? 200 : result.error().http_status);
  }
  const auto budget = call.budget;
  const auto sent_at = loop_.now();
  auto deliver = [this, budget, sent_at, result = std::move(result), done = std::move(done)] {
    if (deaf_) {
      return;
    }
    note_answer(budget, sent_at, result);
    done(result);
  };
  if (fault && fault->kind == Fault::Kind::kSlow) {
    loop_.after(fault->delay, std::move(deliver));
    return nullptr;
  }
  return deliver;
}

template <class T>
void MemorySessionApi::send(Call call, Effect<T> effect, ports::Completion<T> done) {
  if (const ports::Duration wait = wait_for(call.budget); wait > ports::Duration{0}) {
    loop_.after(wait, [this, call = std::move(call), effect = std::move(effect),
                       done = std::move(done)] { send(call, effect, done); });
    return;
  }
  if (is_withheld(call)) {
    ports::ApiError unsent;
    unsent.kind = ports::ApiError::Kind::kNotSent;
    unsent.message = "not sent: nothing more is begun";
    return loop_.post([done = std::move(done), unsent] { done(tl::unexpected(unsent)); });
  }
  loop_.request([this, call = std::move(call), effect = std::move(effect), done = std::move(done)] {
    return arrive(call, effect, done);
  });
}

}  // namespace sessync
