#!/usr/bin/env bash
# ci/bench.sh BUILD_FOLDER [args]: runs every benchmark; paired comparisons print ratios of medians.
set -euo pipefail
folder=$1; shift
found=0
for program in "$folder"/bench/*_bench "$folder"/bench/*_paired; do
  [[ -x $program && -f $program ]] || continue
  found=1
  printf '\n== %s\n' "$(basename "$program")"
  "$program" "$@"
done
((found)) || { echo "bench: nothing was built in $folder/bench" >&2; exit 2; }
