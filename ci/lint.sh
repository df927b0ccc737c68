#!/usr/bin/env bash
# ci/lint.sh [--fast]: format, bare tolerances, file length; without --fast also clang-tidy.
# clang-tidy needs compile_commands.json of the default build (./run build).
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
fail() { printf 'lint: %s\n' "$*" >&2; status=1; }

mapfile -t files < <(git ls-files '*.cpp' '*.hpp' '*.cu' '*.cuh' '*.h')

clang-format --dry-run -Werror "${files[@]}" || fail "format differs: run ./run format"

# A tolerance in a check must be derived. Bare 1e-... literals are refused where checks are written (text and
# comments aside); a line that needs one for another purpose says so with 'lint: not a tolerance'.
tolerances=$(for f in $(git ls-files 'properties/*.?pp' 'tests/*.?pp' 'reference/*.?pp'); do
  sed -e '/lint: not a tolerance/s/.*//' -e 's/R"(.*)"//g' -e 's/"[^"]*"//g' -e 's,//.*,,' "$f" |
    grep -nE '(^|[^0-9a-zA-Z_.])[0-9]+(\.[0-9]*)?e-[0-9]+' | sed "s|^|$f:|" || true
done)
[[ -z $tolerances ]] || fail $'bare tolerance-like literals:\n'"$tolerances"

for f in "${files[@]}"; do
  lines=$(wc -l <"$f")
  ((lines <= 400)) || fail "$f has $lines lines; the limit is 400"
  head -n 2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || fail "$f has no SPDX line"
done

if [[ ${1:-} != --fast ]]; then
  [[ -f build/compile_commands.json ]] || { echo "lint: no build/compile_commands.json; run ./run build" >&2; exit 2; }
  mapfile -t units < <(git ls-files 'core/*.cpp' 'reference/*.cpp' 'kernels/*.cpp' 'properties/*.cpp' 'assay/*.cpp')
  printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p build --quiet || fail "clang-tidy"
fi
((status == 0)) && echo "lint: ${#files[@]} files clean"
exit "$status"
