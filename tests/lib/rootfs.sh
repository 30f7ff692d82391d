#!/usr/bin/env bash
# Prints the path of a tarball of a minimal Debian 12 root file system, made on the first call.
#
#   tests/lib/rootfs.sh
#
# The mirrors are those of this machine's apt. Kept below $SESSYNC_CACHE_DIR (~/.cache), in
# sessync-rootfs. Exits 77, saying what is missing, where it cannot be made.
set -euo pipefail

cache=${SESSYNC_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/sessync-rootfs
tarball=$cache/bookworm-minbase.tar
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() {
  echo "rootfs.sh: $1" >&2
  exit 77
}

# repositories: "URI RELEASE" of each bookworm repository with the component main that apt knows.
# Repositories of others (a vendor's, signed with a key of its own) are left out.
repositories() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
    sed -n 's,^\([^ ]*/debian\(-security\)\?/\) \(bookworm[a-z-]*\) main$,\1 \3,p' | sort -u
}

# configure_apt DIR: what is installed there later comes from the same mirrors, updates included.
configure_apt() {
  repositories | sed "s,^,deb [signed-by=$keyring] ,; s,\$, main," >"$1/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check-|http|https)' >"$1/etc/apt/apt.conf.d/90machine" ||
    rm -f "$1/etc/apt/apt.conf.d/90machine"
}

make_rootfs() {
  local mirror
  mirror=$(repositories | sed -n 's, bookworm$,,p' | head -n 1)
  [[ -n $mirror ]] || skip "apt knows no bookworm repository: run apt-get update"
  debootstrap --variant=minbase --keyring="$keyring" bookworm "$1/root" "$mirror" >"$1/log" 2>&1 || {
    tail -n 20 "$1/log" >&2
    return 1
  }
  configure_apt "$1/root"
  rm -rf "$1"/root/var/cache/apt/archives/*.deb "$1"/root/var/lib/apt/lists/*
  tar -C "$1/root" --numeric-owner -cf "$1/tar" .
  mv "$1/tar" "$tarball"
}

work=
if [[ ! -s $tarball ]]; then
  [[ $(id -u) -eq 0 ]] || skip "a root file system can only be made by root"
  command -v debootstrap >/dev/null || skip "debootstrap is not installed"
  [[ -r $keyring ]] || skip "debian-archive-keyring is not installed"
  mkdir -p "$cache"
  # One at a time: the second caller finds what the first one has made.
  exec 9>"$cache/lock"
  flock 9
  if [[ ! -s $tarball ]]; then
    work=$(mktemp -d "$cache/new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    make_rootfs "$work" >&2
  fi
fi
echo "$tarball"
