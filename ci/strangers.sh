#!/usr/bin/env bash
# ci/strangers.sh [--yes] [--budget N] [--seed N]: certifies InfoNCE as NumPy, SciPy and PyTorch
# compute it and its gradients, on generated cases and on scikit-learn's digits, and prints a table.
# Two strangers are known to be broken and have to be refuted. Certificates are left in certificates/strangers/.
# Says first what it installs; asks unless --yes is given or CI is set.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'strangers: %s\n' "$*" >&2; exit 2; }

yes=${CI:+1} options=()
while (($#)); do
  case $1 in
    --yes) yes=1 ;;
    --budget | --seed) (($# > 1)) || die "$1 needs a number"; options+=("$1" "$2"); shift ;;
    *) die "unknown word '$1'; see the head of ci/strangers.sh" ;;
  esac
  shift
done

assay=${ASSAY:-build/assay}
[[ -x $assay ]] || die "no $assay; run ./run build"
modules=(numpy scipy torch sklearn)
packages=(python3-numpy python3-scipy python3-torch python3-sklearn python3-venv)
folder=certificates/strangers
venv=.venv-strangers

# Names matter less than what can be imported: the first python3 on PATH may be one without NumPy.
missing_in() {
  local module
  for module in "${modules[@]}"; do "$1" -c "import $module" 2>/dev/null || printf ' %s' "$module"; done
}
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3; do
    if command -v "$candidate" >/dev/null && [[ -z $(missing_in "$candidate") ]]; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# What apt would fetch, as a list with sizes; needs no root and changes nothing.
announce() {
  local listing
  listing=$(apt-get install --print-uris -y --no-install-recommends "$@" 2>/dev/null | grep "^'" || true)
  echo "ci/strangers.sh installs these Debian packages, and what they need:"
  awk -v wanted="$*" '
    { split($2, part, "_"); size[part[1]] = $3; total += $3; count++ }
    END {
      n = split(wanted, name, " ")
      for (i = 1; i <= n; i++)
        printf "  %-18s %s\n", name[i], (name[i] in size) ? sprintf("%.1f MB", size[name[i]] / 1e6) : "present"
      printf "  in all %d packages, %.0f MB to download", count, total / 1e6
    }' <<<"$listing"
  local installed
  installed=$(sed -nE "s/^'[^']*' ([^_]+)_.*/\1/p" <<<"$listing" | xargs -r apt-cache --no-all-versions show 2>/dev/null \
    | awk '/^Installed-Size:/ { kb += $2 } END { printf "%.0f", kb / 1e3 }')
  echo ", ${installed:-0} MB when unpacked."
}

install() {
  command -v apt-get >/dev/null ||
    die "no python3 with all of ${modules[*]} (missing:$(missing_in python3)), and no apt-get to install them"
  announce "$@"
  if [[ -z $yes ]]; then
    [[ -t 0 ]] || die "not a terminal: say --yes to install"
    read -r -p "Go on? [y/N] " answer
    [[ $answer == [yY]* ]] || die "nothing was installed"
  fi
  local root=()
  ((EUID == 0)) || root=(sudo)
  "${root[@]}" apt-get -o DPkg::Lock::Timeout=600 update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq \
    --no-install-recommends "$@" >/dev/null
}

if ! python=$(find_python); then
  install "${packages[@]}"
  python=$(find_python) || die "after the installation /usr/bin/python3 still lacks:$(missing_in /usr/bin/python3)"
fi
echo "using $python; nothing else is downloaded (the digits come with scikit-learn)"

# An environment of its own for the package in python/, made without pip or network: a path file.
if ! "$venv/bin/python" -c 'import assay, numpy' 2>/dev/null; then
  rm -rf "$venv"
  "$python" -m venv --system-site-packages --without-pip "$venv" ||
    die "cannot make $venv; on Debian: apt-get install python3-venv"
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$PWD/python" >"$site/assay.pth"
fi
python=$venv/bin/python

mkdir -p "$folder"
digits=$folder/digits.safetensors
"$python" ci/strangers/make_digits.py "$digits"

# One numerics thread per stranger: several of them run side by side, and sums in a fixed order
# repeat bit for bit.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

# certify NAME EXPECTED_STATUS: leaves a certificate; any other exit status is remembered.
surprises=() certificates=()
certify() {
  local name=$1 expected=$2 status=0 output=$folder/$1.json
  echo "certifying $name"
  rm -f "$output"
  "$assay" certify loss/info_nce --embeddings "$digits" --output "$output" "${options[@]}" \
    -- "$python" "ci/strangers/$name.py" >"$folder/$name.log" 2>&1 || status=$?
  [[ -f $output ]] || { tail -n 5 "$folder/$name.log" >&2; die "$name left no certificate (status $status)"; }
  certificates+=("$output")
  [[ $status == "$expected" ]] || surprises+=("$name ended with status $status, expected was $expected")
}

certify numpy_logsumexp 0
certify scipy_logsumexp 0
certify torch_cross_entropy 0
certify numpy_naive 1 # log(sum(exp)) overflows: has to be refuted
certify torch_autograd 0
certify numpy_softmax_backward 0
certify numpy_mean_backward 1 # ignores the upstream gradients of the rows: has to be refuted

echo
"$python" ci/strangers/table.py "${certificates[@]}" | tee "$folder/table.md"
if ((${#surprises[@]})); then
  printf 'strangers: %s\n' "${surprises[@]}" >&2
  exit 1
fi
