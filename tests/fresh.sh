#!/usr/bin/env bash
# Runs a command of the committed tree in a fresh Debian 12 with nothing cached, and says how long it took.
#
#   tests/fresh.sh examples/quickstart/run.sh
#   tests/fresh.sh tests/run.sh all
#
# The root file system is made below $TMPDIR and removed afterwards; with KEEP=1 it stays, and is named. It has
# this machine's kernel, network, mirrors and certificates, and no file else. Needs root and debootstrap.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[[ $# -gt 0 ]] || {
  echo "usage: $0 COMMAND [ARGUMENT...]" >&2
  exit 64
}
tarball=$("$top/tests/lib/rootfs.sh")
root=$(mktemp -d)
clean_up() {
  if [[ -n ${KEEP:-} ]]; then echo "left: $root"; else rm -rf "$root"; fi
}
trap clean_up EXIT

tar -C "$root" -xf "$tarball"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# How this machine reaches the mirrors of npm. Its certificates lie where no package puts its own.
settings=()
if [[ -f ~/.npmrc ]]; then cp ~/.npmrc "$root/root/"; fi
if [[ -f ${NODE_EXTRA_CA_CERTS:-} ]]; then
  cp "$NODE_EXTRA_CA_CERTS" "$root/root/certificates"
  settings+=(NODE_EXTRA_CA_CERTS=/root/certificates)
fi
for name in http_proxy https_proxy no_proxy npm_config_registry; do
  if [[ -n ${!name:-} ]]; then settings+=("$name=${!name}"); fi
done
git clone -q --no-hardlinks "$top" "$root/root/sessync"

# Its root is a mount of its own, as that of a machine is: containers cannot be run in a chroot.
inside='
  mount --bind "$0" "$0" && cd "$0"
  for dir in proc sys dev; do mount --rbind "/$dir" "$dir"; done
  mount -t tmpfs none run
  pivot_root . mnt && cd / && umount -l /mnt
  cd /root/sessync && exec "$@"'
begin=$SECONDS
status=0
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "${settings[@]}" \
  unshare --mount --propagation private sh -euc "$inside" "$root" "$@" </dev/null || status=$?
echo "$* took $((SECONDS - begin)) s in a fresh Debian 12; exit status $status"
exit "$status"
