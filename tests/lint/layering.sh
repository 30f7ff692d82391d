#!/usr/bin/env bash
# Includes go downwards only (daemon -> reconciler -> manifest), each library stays in its folder,
# and manifest/ and reconciler/ touch nothing outside of their arguments.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

sources() { our_files manifest reconciler daemon | grep -E '\.(h|cpp)$' || true; }

# Where a library's headers may be included: one folder, and in its .cpp files only.
third_party_folder() {
  case $1 in
    yaml-cpp/*) echo 'manifest/' ;;
    nlohmann/json_fwd.hpp | tl/expected.hpp) echo 'any' ;;
    nlohmann/*) echo 'daemon/' ;;
    curl/*) echo 'daemon/http/client/' ;;
    sqlite3.h | SQLiteCpp/*) echo 'daemon/state/' ;;
    prometheus/*) echo 'daemon/metrics/' ;;
    CLI/*) echo 'daemon/config/' ;;
    spdlog/* | fmt/*) echo 'daemon/os/' ;;
    openssl/*) echo 'daemon/' ;;
    archive.h | archive_entry.h) echo 'daemon/workspace/' ;;
    zlib.h) echo 'daemon/http/server/' ;;
    immintrin.h) echo 'daemon/workspace/read/' ;;
    # What the operating system has is a side effect, in headers of the shell too.
    sys/* | linux/* | netinet/* | arpa/* | unistd.h | fcntl.h | poll.h | dirent.h | signal.h | malloc.h | \
      fnmatch.h | pthread.h | sched.h | link.h | spawn.h | time.h | string.h | strings.h | errno.h | netdb.h | pwd.h | stdlib.h)
      echo 'system'
      ;;
    */* | *.h | *.hpp) echo 'unknown' ;;
    *) echo 'any' ;; # the standard library
  esac
}

check_own() { # FILE INCLUDED
  [[ $2 == *.h ]] || fault "$1: includes \"$2\", which is no header"
  case $1 in
    manifest/*) [[ $2 == manifest/* ]] ;;
    reconciler/*) [[ $2 == manifest/* || $2 == reconciler/* ]] ;;
    daemon/*) [[ $2 == manifest/* || $2 == reconciler/* || $2 == daemon/* ]] ;;
  esac || fault "$1: includes \"$2\", which is not below it"
}

check_foreign() { # FILE INCLUDED
  local folder
  folder=$(third_party_folder "$2")
  case $folder in
    any) ;;
    system) [[ $1 == daemon/* ]] || fault "$1: includes <$2>: only daemon/ has side effects" ;;
    unknown) fault "$1: includes <$2>, which tests/lint/layering.sh does not place" ;;
    *)
      [[ $1 == "$folder"* ]] || fault "$1: includes <$2>, which belongs to $folder"
      [[ $1 == *.cpp ]] || fault "$1: includes <$2>: keep it out of headers"
      ;;
  esac
}

check_includes() {
  local file included
  while IFS=: read -r file included; do
    case $included in
      \"*) included=${included#\"} && check_own "$file" "${included%\"}" ;;
      \<*) included=${included#<} && check_foreign "$file" "${included%>}" ;;
    esac
  done < <(sources | xargs -r -d '\n' grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' |
    sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:/')
}

# The pure folders: no clock, disk, environment, output, thread, random number.
readonly impure_headers='<(fstream|iostream|cstdio|filesystem|thread|mutex|shared_mutex|future|atomic|condition_variable|semaphore|latch|barrier|stop_token|random|ctime|csignal|cstdlib)>'
readonly impure_calls='(_clock::now|std::getenv|\bgetenv|std::(printf|cout|cerr|thread|mutex)|\bfopen|std::rand|random_device)\b'

check_pure() {
  local hit
  while IFS= read -r hit; do
    fault "$hit: manifest/ and reconciler/ take values and ports, nothing else"
  done < <(sources | grep -vE '^daemon/' | xargs -r -d '\n' grep -nHE "include $impure_headers|$impure_calls" || true)
}

check_heavy_headers() {
  local hit
  while IFS= read -r hit; do
    fault "$hit: costs every file that includes this header; keep it in the .cpp"
  done < <(sources | grep -E '\.h$' | xargs -r -d '\n' grep -nHE '#include <(iostream|fstream|regex|filesystem|ranges)>' || true)
}

# A thread has a name, a heartbeat and a barrier for exceptions: start_thread gives it all three. What logs
# cannot log, so it has its own.
readonly thread_starts='std::jthread|std::async|pthread_create|std::thread ?[({]|std::thread [a-z_]+ ?[({]'

check_threads() {
  local hit
  while IFS= read -r hit; do
    fault "$hit: start threads with start_thread (daemon/os/thread.h)"
  done < <(sources | grep -vE '^daemon/os/(thread\.(h|cpp)|log_writer\.cpp)$' |
    xargs -r -d '\n' grep -nHE "$thread_starts" || true)
}

# What is lost on the way to standard output must be noticed, so it has one door.
check_output() {
  local hit
  while IFS= read -r hit; do
    fault "$hit: standard output is written by print() of daemon/cli/output/output.h"
  done < <(sources | grep -vxF daemon/cli/output/output.cpp | xargs -r -d '\n' grep -nHE '\bstdout\b *[,)]|\b(std::cout|puts|printf|putchar) *\(|std::cout\b' || true)
}

check_includes
check_pure
check_threads
check_heavy_headers
check_output
finish
