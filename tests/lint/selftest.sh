#!/usr/bin/env bash
# Each check finds the fault that it is there for, and nothing in a tree without one.
set -euo pipefail

lint=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
  rm -rf "$tree"
  mkdir -p "$tree"/{manifest,reconciler,daemon/{api,state},tests}
  git -c init.defaultBranch=main init -q "$tree"
  echo '#include "manifest/spec.h"' >"$tree/daemon/main.cpp"
  echo '#include <string>' >"$tree/manifest/spec.h"
}

# finds CHECK FILE CONTENT: with this file in the tree the check fails and names it.
finds() {
  local output
  fresh_tree
  mkdir -p "$(dirname "$tree/$2")"
  printf '%b\n' "$3" >"$tree/$2"
  if output=$("$lint/$1.sh" "$tree") || [[ $output != *"${2%%/*}"* ]]; then
    echo "$1 does not find $2: $3"
    failures=$((failures + 1))
  fi
}

# accepts CHECK [FILE CONTENT]
accepts() {
  fresh_tree
  [[ $# -eq 1 ]] || printf '%b\n' "$3" >"$tree/$2"
  if ! "$lint/$1.sh" "$tree"; then
    echo "$1 refuses a good tree ${2-}"
    failures=$((failures + 1))
  fi
}

for check in doors layering size top secrets names; do
  accepts "$check"
done
accepts layering daemon/state/a.cpp '#include <sqlite3.h>\n#include <mutex>\n#include "reconciler/x.h"'
accepts layering reconciler/a.h '#include <tl/expected.hpp>\n#include "manifest/spec.h"'

accepts doors daemon/state/a.cpp 'const auto why = foreign_text(sqlite3_errmsg(handle));'
accepts doors daemon/a.cpp 'const char* text = ::archive_error_string(a);\nreturn foreign_text(text);'

finds doors daemon/state/a.cpp 'std::string why = sqlite3_errmsg(handle);'
finds doors daemon/a.cpp 'return std::string(error.what());'
finds doors daemon/a.cpp 'return std::strerror(errno);'
finds doors daemon/a.cpp 'return std::generic_category().message(error);'
fresh_tree
echo 'namespace sessync {
struct A {' >"$tree/daemon/a.h"
echo 'namespace sessync::http {
struct A {' >"$tree/daemon/api/a.h"
"$lint/names.sh" "$tree" || failures=$((failures + 1))

finds layering manifest/a.h '#include "reconciler/x.h"'
finds layering reconciler/a.cpp '#include "daemon/x.h"'
finds layering daemon/a.cpp '  #  include "tests/x.h"'
finds layering daemon/a.cpp '#include "x.h"'
finds layering manifest/a.cpp '#include "manifest/b.cpp"'
finds layering daemon/api/a.cpp '#include <sqlite3.h>'
finds layering daemon/state/a.h '#include <sqlite3.h>'
finds layering daemon/state/a.h '#include <SQLiteCpp/Database.h>'
finds layering daemon/a.cpp '#include <boost/any.hpp>'
finds layering reconciler/a.cpp '#include <unistd.h>'
finds layering reconciler/a.cpp '#include <thread>'
finds layering daemon/a.cpp '  thread_ = std::thread([this] { run(); });'
finds layering daemon/a.h '  std::jthread thread_;'
finds layering manifest/a.cpp 'auto now = std::chrono::steady_clock::now();'
finds layering daemon/a.h '#include <iostream>'
finds layering daemon/a.cpp 'std::fputs(text, stdout);'
finds layering daemon/a.cpp 'std::cout << text;'
finds names daemon/a.h 'struct A {\n};\nclass A : public B {\n};'
finds names daemon/a.h 'namespace sessync::http {\nstruct A {\n};\nclass A : public B {\n};'
finds size daemon/a.cpp "$(printf '\\n%.0s' {1..501})"
finds top notes.txt 'x'
finds top scratch/a.cpp 'x'
# In two parts, so that this file holds neither.
finds secrets tests/a.txt "https://regis""try.npm""js.org/x"
finds secrets tests/a.txt "https://py""pi.org/simple"
finds secrets tests/a.txt "key: sk-""ant-api03-abcdefghijklmnopqrstuvwxyz"
finds secrets tests/a.txt "token: gh""p_abcdefghijklmnopqrstuvwxyz0123456789"
finds secrets tests/a.pem "-----BEGIN RSA PRI""VATE KEY-----"

[[ $failures -eq 0 ]]
