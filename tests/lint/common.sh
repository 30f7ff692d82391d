# What the lint checks share: the tree to look at ($1, or this one), and how a fault is told.

root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"
faults=0

fault() {
  echo "$*"
  faults=$((faults + 1))
}

finish() {
  [[ $faults -eq 0 ]]
}

# Files of ours, tracked or about to be, below the given paths.
our_files() {
  git -c safe.directory='*' ls-files -co --exclude-standard -- "$@" | while IFS= read -r file; do
    [[ ! -f $file ]] || printf '%s\n' "$file"
  done | sort -u
}
