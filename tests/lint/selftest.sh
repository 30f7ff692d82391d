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
  echo '#include "manifest/spec.h"' >"$tree/daemon/api/main.cpp"
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
  if [[ $# -gt 1 ]]; then
    mkdir -p "$(dirname "$tree/$2")"
    printf '%b\n' "$3" >"$tree/$2"
  fi
  if ! "$lint/$1.sh" "$tree"; then
    echo "$1 refuses a good tree ${2-}"
    failures=$((failures + 1))
  fi
}

# circle FILE INCLUDED FILE INCLUDED: the check of the layers finds that each includes the next.
circle() {
  fresh_tree
  mkdir -p "$tree/${1%/*}" "$tree/${3%/*}"
  echo "#include \"$2\"" >"$tree/$1"
  echo "#include \"$4\"" >"$tree/$3"
  if "$lint/layers.sh" "$tree" >/dev/null; then
    echo "layers does not find that $1 and $3 include each other"
    failures=$((failures + 1))
  fi
}

for check in doors layering layers size top secrets names namespaces; do
  accepts "$check"
done
accepts layering daemon/state/a.cpp '#include <sqlite3.h>\n#include <mutex>\n#include "reconciler/x.h"'
accepts layering reconciler/a.h '#include <tl/expected.hpp>\n#include "manifest/spec.h"'

accepts layers daemon/app/a.h '#include "daemon/os/b.h"\n#include "reconciler/reconcile.h"'
accepts layers reconciler/reconcile.h '#include "reconciler/pass/a.h"\n#include "reconciler/limits.h"'

accepts doors daemon/state/a.cpp 'const auto why = foreign_text(sqlite3_errmsg(handle));'
accepts doors daemon/a.cpp 'const char* text = ::archive_error_string(a);\nreturn foreign_text(text);'

finds doors daemon/state/a.cpp 'std::string why = sqlite3_errmsg(handle);'
finds doors daemon/a.cpp 'return std::string(error.what());'
finds doors daemon/a.cpp 'return std::strerror(errno);'
finds doors daemon/a.cpp 'return std::generic_category().message(error);'
fresh_tree
echo 'namespace sessync::state {
struct A {' >"$tree/daemon/state/a.h"
echo 'namespace sessync::api {
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
finds layers reconciler/observe/a.h '#include "reconciler/plan/b.h"'
finds layers reconciler/gc/a.h '#include "reconciler/outputs/b.h"'
finds layers reconciler/pass/a.h '#include "reconciler/reconcile.h"'
finds layers reconciler/limits.h '#include "reconciler/ports/a.h"'
finds layers reconciler/strange/a.h 'int x;'
finds layers daemon/strange/a.h 'int x;'
finds layers daemon/a.h 'int x;'
finds layers daemon/os/a.h '#include "daemon/status/b.h"'
finds layers daemon/controller/a.h '#include "daemon/app/b.h"'
finds layers daemon/http/client/a.h '#include "daemon/http/server/b.h"'
finds layers daemon/state/a.h '#include "daemon/secrets/b.h"'
circle manifest/a.h manifest/b.h manifest/b.cpp manifest/a.h
circle daemon/os/a.h daemon/os/b.h daemon/os/b.h daemon/os/a.h
circle daemon/api/wire/a.h daemon/api/send/a.h daemon/api/send/b.h daemon/api/wire/b.h
circle manifest/text/a.h manifest/pattern/a.h manifest/pattern/b.h manifest/text/b.h
accepts namespaces manifest/parse/a.h 'namespace sessync::manifest {\nint a();\n}'
accepts namespaces daemon/api/a.h 'namespace sessync::ports {\nclass A;\nenum class B : int;\n}\n\nnamespace sessync::api::wire {\nint a();\n}'
accepts namespaces daemon/pass/a.h 'namespace sessync::runner {\nint a();\n}'
finds namespaces manifest/parse/a.h 'namespace sessync {\nint a();\n}'
finds namespaces daemon/api/a.cpp 'namespace sessync::ports {\n\nint a() { return 1; }\n}'
finds namespaces daemon/api/a.cpp 'namespace sessync::api_more {\nclass A {};\n}'
finds namespaces reconciler/pass/a.cpp 'namespace sessync::runner {\nint a();\n}'

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
