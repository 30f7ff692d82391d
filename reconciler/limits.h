#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every constant of policy of this library, with its reason: how long, how many, what share. What
/// the API or a format fixes (the bytes of a name, the digits of a digest, ids in one call) stands
/// with the format. Includes nothing of ours, so that every layer can use it.
namespace sessync::reconciler {

// What the API's answers are believed --------------------------------------------------------

/// A list may lag behind our own writes, and a request whose answer was lost may still be carried
/// out, by less than this: from then on what a list shows is believed. --list-grace overrides it.
/// The API's documentation names no bound.
inline constexpr std::chrono::milliseconds kListGrace = std::chrono::seconds(30);

/// How long the last read of a session itself (archived? title?) counts, for a pass that needs
/// nothing else of it: its list is enough, and half the calls. Whoever starts passes asks for a
/// read more often than that.
inline constexpr std::chrono::milliseconds kRefreshInterval = std::chrono::hours(1);

/// How long a refusal for good is believed. It is about the content or the entry, which have not
/// changed, but an account or a tool may have been mended since; once an hour costs nothing.
inline constexpr std::chrono::milliseconds kRefusalLife = std::chrono::hours(1);

/// Of a session of fewer file rows than these it is not believed on the strength of a refusal alone
/// that it is full: it must have taken files just before. No API is known to take fewer files than
/// a hundred.
inline constexpr std::uint64_t kFewestOfFull = 20;

// What is too dangerous ----------------------------------------------------------------------

/// So many deletes are allowed under a percentage whatever it is of: of three rows of ours 25 % is
/// none, and somebody who deletes a file means it.
inline constexpr std::uint64_t kAlwaysAllowedDeletes = 5;

// How much at once ---------------------------------------------------------------------------

/// Chains of one pass. --parallel overrides it. Enough to be bound by the API and not by round
/// trips; halved whenever the API answers 409.
inline constexpr int kParallelChains = 32;

/// Downloads of one session. Outputs are few and large: more would only split the bandwidth.
inline constexpr std::size_t kDownloadsAtOnce = 4;

/// Deletions of `gc`. Nobody waits for it, and it must leave calls to passes.
inline constexpr std::size_t kDeletesAtOnce = 8;

// When to try again --------------------------------------------------------------------------

/// The queue's first delay after a pass that did not settle; it doubles from there. Short, because
/// most failures are over at once.
inline constexpr std::chrono::milliseconds kFirstRetryDelay{750};

/// The longest delay of the queue. A session that was mended elsewhere is noticed within it.
inline constexpr std::chrono::milliseconds kMaxRetryDelay = std::chrono::minutes(15);

/// How often a chain that has deleted sends its delete or add again within one pass, because until
/// then its path is empty. With kFirstConflictDelay doubling up to sixteen times that it is given
/// up after about 20 seconds, and the next pass goes on.
inline constexpr int kMaxAddTries = 8;
inline constexpr std::chrono::milliseconds kFirstConflictDelay{250};
inline constexpr int kMostConflictDoublings = 4;

/// A token that GitHub refused is sent once more after this if its source still has the same one:
/// a repository may have been made readable meanwhile.
inline constexpr std::chrono::milliseconds kSameTokenInterval = std::chrono::hours(1);

/// A source that says its tokens are over already is not asked for new ones all the time.
inline constexpr std::chrono::milliseconds kSoonestRenewal = std::chrono::seconds(10);

// The rate of calls --------------------------------------------------------------------------

/// The API's published limits are per minute, so a minute's worth may be refused until its end.
inline constexpr std::chrono::milliseconds kRateWindow = std::chrono::seconds(60);

/// A 429 that says nothing believable of when to come back: one second, twice that for each further
/// one in a row, up to 64 seconds, which kRateWindow cuts to a minute.
inline constexpr std::chrono::milliseconds kFirstBlindFreeze = std::chrono::seconds(1);
inline constexpr int kMostFreezeDoublings = 6;

/// Money that has run out does not come back within seconds.
inline constexpr std::chrono::milliseconds kSpendLimitFreeze = std::chrono::minutes(5);

/// A Retry-After beyond this is a mistake of its sender (seconds since 1970, a date far away).
inline constexpr std::chrono::milliseconds kLongestPlausibleWait = std::chrono::minutes(60);

/// Calls per second below which no refusal pushes the learned rate: something must still be tried.
inline constexpr double kSlowestRate = 0.1;

/// The same of the first refusal. That few calls were made before it proves nothing about the
/// limit; a lower one is found by halving.
inline constexpr double kSlowestFirstRate = 1;

/// By how much the learned rate grows, in calls per second for each second in which it is used.
inline constexpr double kRateStep = 0.1;

/// The most calls that are made at once at a learned rate: a second's worth, but limits per minute
/// may be enforced by the second.
inline constexpr double kMostBurst = 10;

// Outputs ------------------------------------------------------------------------------------

/// A session at work is read so often, or at a tenth of its interval if that is longer, to notice
/// that it turned idle: no event says so.
inline constexpr std::chrono::milliseconds kBusyRefresh = std::chrono::seconds(10);

/// Outputs appear up to a few seconds after a session turned idle: they are looked for then, and
/// after each of these.
inline constexpr std::chrono::milliseconds kFirstOutputCheck = std::chrono::seconds(2);
inline constexpr std::chrono::milliseconds kLastOutputCheck = std::chrono::seconds(10);

/// That an output arrived is remembered so long after the session listed it last: one that a
/// lagging list leaves out is not fetched again under another name.
inline constexpr std::chrono::milliseconds kOutputRecordLife = std::chrono::hours(24);

/// An output that cannot be fetched is tried again after this, as a refusal is.
inline constexpr std::chrono::milliseconds kOutputRefusalLife = std::chrono::hours(1);

// What is kept -------------------------------------------------------------------------------

/// How long an upload of ours is kept after the last pass that needed it: a file that is moved or
/// restored within it is not sent again. Copies in sessions do not depend on their upload.
inline constexpr std::chrono::milliseconds kUploadLife = std::chrono::hours(1);

/// How exactly it is recorded when an upload was needed last: a quarter of kUploadLife, so that a
/// pass that changes nothing writes next to nothing.
inline constexpr std::chrono::milliseconds kNeededPrecision = std::chrono::minutes(15);

/// How long what is remembered of a session stays once no manifest names it: one that comes back
/// within that time has what it had.
inline constexpr std::chrono::milliseconds kInventoryLife = std::chrono::hours(24);

/// How old garbage is at least, by the API's clock: somebody may be about to use what is younger.
inline constexpr std::chrono::milliseconds kGarbageAge = std::chrono::hours(1);

// Files in a session -------------------------------------------------------------------------

/// What `max_files` is where nothing is declared: the fewest that the API is known to have allowed.
inline constexpr std::uint64_t kUsualMaxFiles = 100;

/// What an imported manifest declares for a session that holds more: what the API's documentation
/// has named since August 2026.
inline constexpr std::uint64_t kLargerMaxFiles = 500;

}  // namespace sessync::reconciler
