#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench/gpu.sh ASSAY [FOLDER]: everything that needs a GPU, in one command and without a network.
#
# ASSAY is a program built with CUDA (preset portable: it needs nothing but libc and libm). Certifies the CUDA
# candidate of loss/info_nce, repeats a few cases under every tool of compute-sanitizer, and times the rivals in
# PyTorch (gpu_rivals.py, beside this script). What is written goes to FOLDER (gpu-report). A tool that is missing is
# named and the rest goes on.
#
# Ends with 0 if everything that could run succeeded and the certificate was among it, 1 if something failed, 3 if
# the certificate could not be had here.
set -uo pipefail
[[ $# -ge 1 && -x $1 ]] || { echo "usage: bench/gpu.sh ASSAY [FOLDER]; ASSAY must be executable" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
assay=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=${2:-gpu-report}
mkdir -p "$folder" || exit 2
failed=0 missing=() certified=no

title() { printf '\n== %s\n' "$1"; }
absent() { printf 'missing: %s\n' "$1"; missing+=("$1"); }

title "device"
if command -v nvidia-smi > /dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap,clocks.max.sm,clocks.max.memory,power.limit,ecc.mode.current,mig.mode.current \
    --format=csv | tee "$folder/device.csv" || { echo "nvidia-smi failed"; failed=1; }
else
  absent "nvidia-smi"
fi
"$assay" version | tee "$folder/version.txt"

title "certificate"
"$assay" certify loss/info_nce --candidate cuda --time-limit 120 --output "$folder/certificate.json" | tee "$folder/certificate.txt"
status=${PIPESTATUS[0]}
case $status in
  0) certified=yes ;;
  3) echo "undecided or unavailable here (status 3)" ;;
  *) echo "not certified: status $status"; failed=1 ;;
esac

# Kernels run in worker processes, and far slower than alone: all processes are watched, few cases are run.
sanitizer=$(command -v compute-sanitizer || true)
[[ -n $sanitizer || ! -x /usr/local/cuda/bin/compute-sanitizer ]] || sanitizer=/usr/local/cuda/bin/compute-sanitizer
if [[ -z $sanitizer ]]; then
  absent "compute-sanitizer (CUDA toolkit): no memcheck, racecheck, initcheck, synccheck"
elif [[ $certified == no && $status -eq 3 ]]; then
  echo "compute-sanitizer is left out: the CUDA candidate does not run here"
else
  for tool in memcheck racecheck initcheck synccheck; do
    title "compute-sanitizer $tool"
    rm -f "$folder/$tool".*.txt
    timeout 600 "$sanitizer" --tool "$tool" --target-processes all --log-file "$folder/$tool.%p.txt" \
      "$assay" certify loss/info_nce --candidate cuda --budget 42 --threads 1 --time-limit 300 > "$folder/$tool.out" 2>&1
    status=$?
    # One log per process; the worker is the one that matters, so a tool that saw none has checked nothing.
    summaries=$(cat "$folder/$tool".*.txt 2> /dev/null | grep -E '(ERROR|RACECHECK) SUMMARY' || true)
    printf '%s\n' "${summaries:-no summary was written}"
    if [[ -z $summaries ]] || grep -qE 'SUMMARY: *[1-9]' <<< "$summaries"; then
      echo "$tool: FAILED, see $folder/$tool.*.txt"; failed=1
    elif [[ $status -ne 0 ]]; then
      echo "$tool: no error reported, but the certification ended with status $status, see $folder/$tool.out"; failed=1
    else
      echo "$tool: clean"
    fi
  done
fi

title "rivals in PyTorch"
if ! command -v python3 > /dev/null; then
  absent "python3: no timings of the rivals"
elif ! python3 -c 'import torch' 2> /dev/null; then
  absent "PyTorch for $(command -v python3): no timings of the rivals"
else
  python3 "$here/gpu_rivals.py" --json "$folder/rivals.json" | tee "$folder/rivals.txt"
  status=${PIPESTATUS[0]}
  [[ $status -eq 0 ]] || { echo "gpu_rivals.py ended with status $status"; [[ $status -eq 3 ]] || failed=1; }
fi

title "summary"
echo "certificate: $certified; failures: $([[ $failed -eq 0 ]] && echo none || echo yes, see above); report in $folder"
for what in "${missing[@]+"${missing[@]}"}"; do echo "missing: $what"; done
[[ $failed -eq 0 ]] || exit 1
[[ $certified == yes ]] || exit 3
