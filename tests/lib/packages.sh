#!/usr/bin/env bash
# Installs, on Debian 12, what is missing of the packages that sessync needs: the one list of them.
#
#   tests/lib/packages.sh build   compiler and libraries
#   tests/lib/packages.sh example and what the examples need
#   tests/lib/packages.sh test    and what tests/run.sh needs
#   tests/lib/packages.sh all     and what tests/run.sh all needs
#
# Nothing is asked of the network when nothing is missing.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates
  libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libexpected-dev
  libcurl4-openssl-dev libssl-dev libsqlite3-dev libsqlitecpp-dev prometheus-cpp-dev
  libarchive-dev zlib1g-dev
)
example_packages=(catch2 librapidcheck-dev libcpp-httplib-dev curl openssl perl)
test_packages=(
  clang-format-19 clang-tidy-19
  strace faketime sqlite3 fuse3 bindfs e2fsprogs vim-tiny procps util-linux bsdutils
  chromium fonts-dejavu-core zsh fish
)
all_packages=(
  clang-19 libclang-rt-19-dev
  debootstrap debian-archive-keyring lintian mandoc man-db dpkg-dev
  systemd podman buildah runc conmon netavark aardvark-dns catatonit iptables docker-compose
)

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

kind=${1:-test}
case $kind in
  build) wanted=("${build_packages[@]}") ;;
  example) wanted=("${build_packages[@]}" "${example_packages[@]}") ;;
  test | all)
    wanted=("${build_packages[@]}" "${example_packages[@]}" "${test_packages[@]}")
    [[ $kind == test ]] || wanted+=("${all_packages[@]}")
    # Any node 18 or newer will do, Debian's only if there is none.
    command -v node >/dev/null || wanted+=(nodejs)
    command -v npm >/dev/null || wanted+=(npm)
    ;;
  *)
    echo "usage: $0 [build|example|test|all]" >&2
    exit 64
    ;;
esac

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

echo "installing ${missing[*]}"
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -yq --no-install-recommends "${missing[@]}"
