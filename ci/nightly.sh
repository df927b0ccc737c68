#!/usr/bin/env bash
# ci/nightly.sh: the campaigns too long for a pull request. Ends non-zero if any of them found something.
#   SEEDS (default 10)          seeds of the certification campaign
#   SAMPLER_SEEDS (default 20)  seeds of the samplers' planted faults
#   CORPUS (default corpus), SEARCH_MINUTES (default 1)  searches of open claims, continued every night
#   FUZZ_SECONDS (default 300)  per libFuzzer target
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
note() { printf '\n== %s\n' "$*"; }

note "all tests, then properties with a fresh seed"
./run test
seed=$(date +%s)
echo "RapidCheck seed $seed"
cmake -S . -B build -DASSAY_RC_PARAMS="seed=$seed max_success=1000" >/dev/null
./run test || status=1
cmake -S . -B build -U ASSAY_RC_PARAMS >/dev/null

note "exhaustive proofs of the one-argument functions"
./run build kernels_math_exhaustive && build/tests/kernels/kernels_math_exhaustive || status=1

note "certification over ${SEEDS:-10} seeds: no false alarm allowed"
for ((s = 1; s <= ${SEEDS:-10}; ++s)); do
  build/assay certify --all --seed "$s" --output "/tmp/assay-nightly-$s.json" || status=1
  # All instances of the samplers; --all takes the first of each.
  build/assay certify sampler/{inverse_cdf,alias,uniform,uniform_distinct,gumbel_max,exponential_race,gumbel_top_k,top_k,rejection,anchor_positive,disjoint_batches,augmentation} \
    --seed "$s" --output "/tmp/assay-nightly-samplers-$s.json" || status=1
  build/assay certify estimate/{hscl,hucl} --seed "$s" --output "/tmp/assay-nightly-estimates-$s.json" || status=1
done

note "self-test over ${SEEDS:-10} seeds: every planted fault refuted, no correct variant; then the kill matrix"
for ((s = 1; s <= ${SEEDS:-10}; ++s)); do
  build/assay self-test --contract loss/info_nce --seed "$s" || status=1
done
note "self-test of the samplers over ${SAMPLER_SEEDS:-20} seeds"
for ((s = 1; s <= ${SAMPLER_SEEDS:-20}; ++s)); do
  for sampler in inverse_cdf alias uniform uniform_distinct gumbel_max exponential_race gumbel_top_k top_k \
    rejection anchor_positive disjoint_batches augmentation; do
    build/assay self-test --contract "sampler/$sampler" --seed "$s" | tail -1 || status=1
  done
done
build/assay self-test --contract loss/info_nce --compare-rules || status=1

note "claims over ${SEEDS:-10} seeds: the same verdicts; then minutes on what is open, from the kept corpus"
for ((s = 1; s <= ${SEEDS:-10}; ++s)); do
  build/assay check --seed "$s" --baseline ci/expected-verdicts.json >/dev/null || status=1
done
for claim in $(build/assay list --claims --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["claims"]:
    if c["kind"] in ("conjecture", "correction") and not c["unavailable"]: print(c["id"])'); do
  build/assay search "$claim" --minutes "${SEARCH_MINUTES:-1}" --corpus "${CORPUS:-corpus}" || true
done

note "fuzzing, ${FUZZ_SECONDS:-300} s a target"
ASSAY_PRESET=fuzz ./run build
for target in build-fuzz/tests/fuzz/fuzz_*; do
  [[ -x $target && -f $target ]] || continue
  corpus=tests/fuzz/corpus/$(basename "$target")
  work=$(mktemp -d)
  "$target" -max_total_time="${FUZZ_SECONDS:-300}" -timeout=10 "$work" "$corpus" || status=1
done
exit "$status"
