#!/usr/bin/env bash
# ci/bench.sh BUILD_FOLDER [args]: runs every benchmark; paired comparisons print ratios of medians.
set -euo pipefail
folder=$1; shift
[[ -x $folder/bench/info_nce_enclosure_bench ]] || { echo "bench: nothing was built in $folder/bench" >&2; exit 2; }

printf '\n== enclosure against the same algorithm without bounds, alternating runs, medians\n'
"$folder/bench/info_nce_enclosure_bench" --paired 11
for program in "$folder"/bench/*_bench; do
  printf '\n== %s\n' "$(basename "$program")"
  "$program" "$@"
done
