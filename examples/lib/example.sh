# What the examples share: source it from a run.sh. Installs what is missing, builds, starts the API double, and
# gives the example a scratch directory with copies of its manifest and workspace. At the end the plan must be
# empty, and everything that was started is stopped. Where SESSYNC_BIN and SESSYNC_DOUBLE_BIN name programs, and
# SESSYNC_PRESET no preset, those are used and nothing is built.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$(cd "$(dirname "$0")" && pwd)
preset=${SESSYNC_PRESET:-release}

if [ -n "${SESSYNC_PRESET:-}" ] || [ -z "${SESSYNC_BIN:-}" ] || [ -z "${SESSYNC_DOUBLE_BIN:-}" ]; then
  (
    cd "$top"
    tests/lib/packages.sh example
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" --target sessync sessync-double
  )
  SESSYNC_BIN=$top/build/$preset/daemon/cli/sessync
  SESSYNC_DOUBLE_BIN=$top/build/$preset/tests/double/sessync-double
fi

scratch=$(mktemp -d)
pids=()

keep=${1:-}

# Stops everything. With --keep it says instead what was left.
cleanup() {
  if [ "$keep" = --keep ]; then
    echo "left running: pids ${pids[*]}; files in $scratch"
    return
  fi
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

step() { echo "== $*"; }

# until_true WHAT COMMAND...: waits for at most a minute until the command succeeds.
until_true() {
  local what=$1 end=$((SECONDS + ${SESSYNC_EXAMPLE_PATIENCE:-60}))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -gt "$end" ]; then
      echo "gave up waiting: $what" >&2
      cat "$scratch"/daemon.log >&2 2>/dev/null || true
      exit 1
    fi
    sleep 0.02
  done
}

"$SESSYNC_DOUBLE_BIN" --port 0 >"$scratch/double.log" &
pids+=($!)
until_true 'the API double listens' grep -q 'http://' "$scratch/double.log"
export ANTHROPIC_BASE_URL ANTHROPIC_API_KEY=example
ANTHROPIC_BASE_URL=$(grep -o 'http://[^ ]*' "$scratch/double.log")

# call METHOD PATH [JSON]: the API, as somebody else uses it.
call() {
  curl -fsS -X "$1" -H 'x-api-key: example' -H 'anthropic-version: 2023-06-01' \
    -H 'anthropic-beta: managed-agents-2026-04-01' ${3:+-H 'content-type: application/json' -d "$3"} \
    "$ANTHROPIC_BASE_URL$2"
}

# new_session [JSON of its resources]: makes a session as somebody else would, prints its id.
new_session() {
  call POST /v1/sessions "{\"agent\":\"agent_demo\",\"environment_id\":\"env_demo\",\"resources\":${1:-[]}}" |
    grep -o 'sesn_[A-Za-z0-9]*' | head -n 1
}

# prepare NAME=VALUE...: the example's files in the scratch directory, with ${NAME} filled in in its manifest.
prepare() {
  if [ -d "$here/workspace" ]; then cp -r "$here/workspace" "$scratch/workspace"; fi
  mkdir -p "$scratch/workspace" "$scratch/secrets"
  local text pair
  text=$(cat "$here/sessync.yaml")
  for pair in "$@"; do text=${text//"\${${pair%%=*}}"/${pair#*=}}; done
  printf '%s\n' "$text" >"$scratch/sessync.yaml"
}

files=(-m "$scratch/sessync.yaml" -w "$scratch/workspace" --state-dir "$scratch/state"
  --secrets-dir "$scratch/secrets" --outputs-dir "$scratch/outputs")

# sessync COMMAND...: on the example's files.
sessync() { "$SESSYNC_BIN" "$1" "${files[@]}" "${@:2}"; }

# start_daemon [OPTION...]: sessync run, in the background.
start_daemon() {
  "$SESSYNC_BIN" run "${files[@]}" --listen off --log-format text "$@" 2>"$scratch/daemon.log" &
  pids+=($!)
}

is_equal() { sessync plan --detailed-exitcode; }

# The daemon has done what there was to do.
wait_equal() { until_true 'the sessions equal the manifest' is_equal; }

# The last line of every example: nothing is left to do.
must_be_equal() {
  step 'the plan is empty'
  sessync plan -v --detailed-exitcode
}

# control PATH JSON: something that only the double can do, such as writing like an agent.
control() { curl -fsS -H 'content-type: application/json' -d "$2" "$ANTHROPIC_BASE_URL/_double/$1" >/dev/null; }

# agent_writes SESSION NAME TEXT: an output of the session's agent.
agent_writes() { control outputs "{\"session_id\":\"$1\",\"filename\":\"$2\",\"text\":\"$3\"}"; }

# has_token SESSION TOKEN: a repository of the session was given this token.
has_token() {
  call GET "/_double/tokens?session_id=$1" | grep -q "$(printf %s "$2" | sha256sum | cut -d ' ' -f 1)"
}
