#!/usr/bin/env bash
# Builds the release preset, installs it into a directory, packs it, and installs and removes the
# package in a fresh Debian root file system. The last line is "N passed, N failed".
#
#   tests/package/run.sh          builds the release preset first
#   tests/package/run.sh BUILD    takes what is built in BUILD as it is
#
# What needs root, debootstrap, mandoc or lintian is skipped with a message where they are missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/package
build=${1:-$root/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check NAME COMMAND...: the first command in it that fails is the end of it. (In a condition no command would be.)
check() {
  local name=$1 status
  shift
  set +e
  (set -e; "$@") >"$work/log" 2>&1
  status=$?
  set -e
  if [[ $status -eq 0 ]]; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name" >&2
    tail -n 40 "$work/log" >&2
    failed=$((failed + 1))
  fi
}

skip() { echo "skipped: $1"; }

# Without the tests: only what is installed.
build_release() {
  cd "$root"
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
  cmake --preset release -D SESSYNC_TESTS=OFF
  cmake --build --preset release -j "$(nproc)"
}

installed_tree() {
  rm -rf "$work/tree"
  DESTDIR=$work/tree cmake --install "$build" --prefix "$1"
  (cd "$work/tree$1" && find . -type f -printf '%P %m\n' | LC_ALL=C sort) >"$work/files"
  LC_ALL=C sort "$here/installed.txt" | diff - "$work/files"
}

unit_names_program() {
  installed_tree /opt/sessync
  grep -q "^ExecStart=/opt/sessync/bin/sessync run" "$work/tree/opt/sessync/lib/systemd/system/sessync.service"
}

completions_are_scripts() {
  local share=$work/tree/usr/share
  bash -n "$share/bash-completion/completions/sessync"
  if command -v zsh >/dev/null; then zsh -n "$share/zsh/vendor-completions/_sessync"; fi
  if command -v fish >/dev/null; then fish -n "$share/fish/vendor_completions.d/sessync.fish"; fi
}

# at_least N PATTERN: so many lines do. All of them are read: a writer that is left alone would count as failed.
at_least() { [[ $(grep -cE -- "$2") -ge $1 ]]; }

# Position independent, no stack that can be run, all of its table of functions read-only before main(), stack frames
# and the C library's copies checked, and, where the processor can tell, jumps only to where one may jump.
program_is_hardened() {
  local program=$work/tree/usr/bin/sessync
  readelf -hW "$program" | at_least 1 'Type: *DYN'
  readelf -lW "$program" | at_least 1 'GNU_STACK .* RW '
  readelf -lW "$program" | at_least 1 GNU_RELRO
  readelf -dW "$program" | at_least 1 BIND_NOW
  readelf -W --dyn-syms "$program" | at_least 1 '__stack_chk_fail(@|$)'
  readelf -W --dyn-syms "$program" | at_least 1 '__(mem|str|v?sn?printf|read|recv|fdelt)[a-z]*_chk(@|$)'
  [[ $(uname -m) != x86_64 ]] || objdump -d --no-show-raw-insn "$program" | at_least 1000 endbr64
}

# What leaves no trace by which one could tell how much of it was asked for: in every command of the product.
hardening_is_asked_for() {
  local commands flag
  commands=$(grep -E '"command":.* -o (daemon|reconciler|manifest)/' "$build/compile_commands.json")
  [[ -n $commands ]]
  for flag in -fstack-protector-strong -D_FORTIFY_SOURCE=3 $([[ $(uname -m) != x86_64 ]] || echo -fcf-protection); do
    [[ $(grep -c -- " $flag" <<<"$commands") -eq $(wc -l <<<"$commands") ]] || { echo "not everywhere: $flag"; return 1; }
  done
}

# words_of_program: each command and long option, from the completions.
words_of_program() {
  local fish=$work/tree/usr/share/fish/vendor_completions.d/sessync.fish
  sed -n 's/.* -n __fish_use_subcommand -a \([a-z-]*\) .*/\1/p' "$fish"
  sed -n 's/^complete -c sessync .* -l \([a-z-]*\).*/--\1/p' "$fish" | sort -u
}

man_describes_all() {
  local page word missing=0
  page=$(gzip -dc "$work/tree/usr/share/man/man1/sessync.1.gz" | sed 's/\\-/-/g')
  for word in $(words_of_program); do
    grep -qE -- "(^|[ \"])$word([ \"]|$)" <<<"$page" || {
      echo "not in the man page: $word"
      missing=1
    }
  done
  [[ $missing -eq 0 && $(words_of_program | wc -l) -gt 20 ]]
}

man_is_clean() {
  local page=$root/deploy/man/sessync.1
  if command -v mandoc >/dev/null; then
    [[ -z $(mandoc -T lint "$page" | tee /dev/stderr) ]]
  fi
  if command -v man >/dev/null; then
    [[ -z $(man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 >/dev/null | tee /dev/stderr) ]]
  fi
}

pack() {
  rm -f "$build"/*.deb
  cpack --config "$build/CPackConfig.cmake" -B "$build"
  [[ -f $(the_package) ]]
}

the_package() { find "$build" -maxdepth 1 -name 'sessync_*.deb'; }

package_says() {
  local depends
  depends=$(dpkg-deb --field "$deb" Depends)
  [[ $depends == *ca-certificates* && $depends == *"libc6 (>= "* && $depends == *libcurl4* ]]
  # One size and one set of owners, wherever it is built.
  dpkg-deb --contents "$deb" | awk '$2 != "root/root" { print; bad = 1 } END { exit bad }'
}

# A first package closes no report of a bug, and no command of systemd is called in vain.
lintian_is_quiet() {
  local tags=initial-upload-closes-no-bugs,maintainer-script-calls-systemctl
  [[ -z $(lintian --fail-on none --suppress-tags "$tags" "$deb" | grep -E '^[EW]:' | tee /dev/stderr) ]]
}

in_root() { chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

unpack_root() {
  mkdir "$work/root"
  tar -C "$work/root" -xf "$1"
  cp /etc/resolv.conf "$work/root/etc/resolv.conf"
  cp "$deb" "$work/root/sessync.deb"
  mkdir "$work/root/manifest"
  cp "$root/tests/schema/corpus/accepted/every_session_key.yaml" "$work/root/manifest/sessync.yaml"
}

package_installs() {
  in_root apt-get update -q
  in_root apt-get install -yq --no-install-recommends /sessync.deb
}

package_runs() {
  [[ $(in_root sessync version) == "sessync $(dpkg-deb --field "$deb" Version)" ]]
  in_root sessync validate -m /manifest/sessync.yaml
  in_root sessync schema | cmp - "$work/root/usr/share/sessync/sessync.schema.json"
  in_root sessync schema policy | cmp - "$work/root/usr/share/sessync/policy.schema.json"
}

package_leaves_nothing() {
  in_root apt-get purge -yq sessync
  rm -rf "$work/root/sessync.deb" "$work/root/manifest"
  [[ -z $(find "$work/root" -xdev -iname '*sessync*' | tee /dev/stderr) ]]
}

test_in_root() {
  local tarball status=0
  tarball=$("$root/tests/lib/rootfs.sh") || status=$?
  if [[ $status -eq 77 ]]; then
    skip "installing the package: no root file system to install it in"
    return
  fi
  check "a root file system" unpack_root "$tarball"
  check "the package installs" package_installs
  check "the installed program runs" package_runs
  check "the package leaves nothing behind" package_leaves_nothing
}

[[ $# -gt 0 ]] || check "release build" build_release
check "installed files" installed_tree /usr
check "the program is hardened" program_is_hardened
check "hardening is asked for in every command" hardening_is_asked_for
check "completions parse" completions_are_scripts
check "the man page describes every command and option" man_describes_all
check "the man page is clean" man_is_clean
check "the unit names the installed program" unit_names_program
check "a Debian package" pack
deb=$(the_package)
if [[ -n $deb ]]; then
  check "the package's fields" package_says
  if command -v lintian >/dev/null; then
    check "lintian" lintian_is_quiet
  else
    skip "lintian: not installed"
  fi
  test_in_root
fi
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
