#!/usr/bin/env bash
# ci/strangers.sh [--yes] [--only losses|samplers] [--budget N] [--seed N]
# Losses: certifies InfoNCE as NumPy, SciPy and PyTorch compute it and its gradients, on generated cases and
# on scikit-learn's digits. Samplers: certifies the laws of NumPy, SciPy, PyTorch and JAX, and tries rows at
# the edge of what has a law. Prints tables; what is known to be broken has to be refuted, by exactly
# the rows and rules named here. Certificates are left in certificates/strangers/.
# Says first what it installs; asks unless --yes is given or CI is set.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'strangers: %s\n' "$*" >&2; exit 2; }

yes=${CI:+1} only='' options=()
while (($#)); do
  case $1 in
    --yes) yes=1 ;;
    --only) (($# > 1)) || die "$1 needs losses or samplers"; only=$2; shift ;;
    --budget | --seed) (($# > 1)) || die "$1 needs a number"; options+=("$1" "$2"); shift ;;
    *) die "unknown word '$1'; see the head of ci/strangers.sh" ;;
  esac
  shift
done

[[ $only == @(|losses|samplers) ]] || die "--only takes losses or samplers, not '$only'"
assay=${ASSAY:-build/assay}
[[ -x $assay ]] || die "no $assay; run ./run build"
modules=(numpy scipy torch sklearn)
packages=(python3-numpy python3-scipy python3-torch python3-sklearn python3-venv)
folder=certificates/strangers
venv=.venv-strangers
scripts=ci/strangers/samplers
jax_venv=.venv-strangers-jax # JAX comes from PyPI, for want of a Debian package: apart from the others
jax_wheels=(jax==0.4.38 jaxlib==0.4.38 ml_dtypes==0.5.0 opt_einsum==3.4.0) # the last to take Debian 12's NumPy

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

# agree: whether the user wants what was just announced.
agree() {
  [[ -z $yes ]] || return 0
  [[ -t 0 ]] || { echo "not a terminal: say --yes to install"; return 1; }
  local answer
  read -r -p "Go on? [y/N] " answer
  [[ $answer == [yY]* ]]
}

install() {
  command -v apt-get >/dev/null ||
    die "no python3 with all of ${modules[*]} (missing:$(missing_in python3)), and no apt-get to install them"
  announce "$@"
  agree || die "nothing was installed"
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
echo "using $python (the digits come with scikit-learn)"

# make_environment FOLDER OPTION...: one that has this Python's packages and the one in python/, without
# pip or network: a path file.
make_environment() {
  local site
  rm -rf "$1"
  "$python" -m venv --system-site-packages "${@:2}" "$1" ||
    die "cannot make $1; on Debian: apt-get install python3-venv"
  site=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$PWD/python" >"$site/assay.pth"
}
if ! "$venv/bin/python" -c 'import assay, numpy' 2>/dev/null; then make_environment "$venv" --without-pip; fi

# JAX is no condition: without it the others are judged, and the run says so.
has_jax() { "$jax_venv/bin/python" -c "import assay, jax; assert jax.__version__ == '${jax_wheels[0]#*==}'" 2>/dev/null; }
get_jax() {
  has_jax && return
  echo "ci/strangers.sh gets ${jax_wheels[*]} from PyPI into $jax_venv: about 110 MB to download, 440 MB unpacked."
  agree || return
  make_environment "$jax_venv"
  "$jax_venv/bin/python" -m pip install --quiet --no-deps --only-binary :all: "${jax_wheels[@]}" && has_jax
}

mkdir -p "$folder"
# One numerics thread per stranger: several of them run side by side, and sums in a fixed order
# repeat bit for bit.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
surprises=() certificates=()

# run NAME WORD...: certifies with these words and leaves NAME's certificate, and its exit status in `status`.
run() {
  local name=$1 output=$folder/$1.json
  shift
  echo "certifying $name"
  rm -f "$output"
  status=0
  "$assay" certify --output "$output" "${options[@]}" "$@" >"$folder/$name.log" 2>&1 || status=$?
  [[ -f $output ]] || { tail -n 5 "$folder/$name.log" >&2; die "$name left no certificate (status $status)"; }
  certificates+=("$output")
}

# loss NAME EXPECTED_STATUS
loss() {
  run "$1" loss/info_nce --embeddings "$digits" -- "$venv/bin/python" "ci/strangers/$1.py"
  [[ $status == "$2" ]] || surprises+=("$1 ended with status $status, expected was $2")
}

losses() {
  digits=$folder/digits.safetensors
  "$venv/bin/python" ci/strangers/make_digits.py "$digits"
  loss numpy_logsumexp 0
  loss scipy_logsumexp 0
  loss torch_cross_entropy 0
  loss numpy_naive 1 # log(sum(exp)) overflows: has to be refuted
  loss torch_autograd 0
  loss numpy_softmax_backward 0
  loss numpy_mean_backward 1 # ignores the upstream gradients of the rows: has to be refuted
  echo
  "$venv/bin/python" ci/strangers/table.py "${certificates[@]}" | tee "$folder/table.md"
}

# sampler SCRIPT[:ARGUMENT] CONTRACT:INSTANCE EXPECTED WORD...: EXPECTED as samplers/table.py --expect takes it.
sampler() {
  local script=${1%%:*} words=() difference
  [[ $1 == *:* ]] && words=("${1#*:}")
  run "${1/:/_}" "$2" --time-limit 300 "${@:4}" -- "$interpreter" "$scripts/$script.py" "${words[@]}"
  difference=$("$venv/bin/python" "$scripts/table.py" --expect "$3" "$folder/${1/:/_}.json") ||
    surprises+=("$1: $difference")
}

# hostile PYTHON LIBRARY...: rows at the edge; each library's own line says what was expected.
hostile() {
  echo "trying rows at the edge: ${*:2}"
  "$1" "$scripts/hostile.py" "${@:2}" >>"$folder/hostile.md" || surprises+=("${*:2}: rows at the edge, see above")
}

samplers() {
  local zero=masked,excluded,edges                  # a column of weight 0 is drawn, by one word in 2^53
  local single=(--epsilon 0.0009765625)             # 2^-10: what is asked of sums in binary32
  certificates=() interpreter=$venv/bin/python
  sampler numpy_choice sampler/inverse_cdf:weights none
  sampler numpy_choice_distinct sampler/gumbel_top_k:weights none
  sampler numpy_choice_uniform sampler/uniform_distinct:uniform none
  sampler numpy_multinomial sampler/inverse_cdf:weights none
  sampler numpy_integers sampler/uniform:uniform none
  sampler scipy_rv_discrete sampler/inverse_cdf:weights "$zero,wide" # declines 32000 columns
  sampler scipy_guide_table sampler/inverse_cdf:weights "$zero"
  sampler scipy_alias_urn sampler/alias:weights none
  sampler torch_multinomial:float32 sampler/inverse_cdf:weights "$zero" "${single[@]}"
  sampler torch_multinomial:float64 sampler/inverse_cdf:weights "$zero"
  sampler torch_multinomial_one:float32 sampler/exponential_race:weights none
  sampler torch_multinomial_distinct:float32 sampler/gumbel_top_k:weights "bad rows,edges"
  sampler torch_multinomial_distinct:float64 sampler/gumbel_top_k:weights "bad rows,edges"
  sampler broken_last_column sampler/inverse_cdf:weights +random
  sampler broken_float32_sum sampler/inverse_cdf:weights +edges
  sampler broken_modulo sampler/uniform:uniform +flat
  rm -f "$folder/hostile.md"
  hostile "$interpreter" numpy scipy torch
  if get_jax; then
    interpreter=$jax_venv/bin/python
    sampler jax_categorical sampler/gumbel_max:exponential "bad rows"
    sampler jax_choice sampler/inverse_cdf:weights "bad rows"
    sampler jax_choice_distinct sampler/gumbel_top_k:weights "bad rows"
    hostile "$interpreter" jax
  else
    echo "JAX is not here: its samplers are not judged"
  fi
  echo
  "$venv/bin/python" "$scripts/table.py" "${certificates[@]}" | tee "$folder/samplers.md"
  printf '\n| sampler | version | row | outcome | |\n| --- | --- | --- | --- | --- |\n'
  cat "$folder/hostile.md"
}

[[ $only == samplers ]] || losses
[[ $only == losses ]] || samplers
if ((${#surprises[@]})); then
  printf 'strangers: %s\n' "${surprises[@]}" >&2
  exit 1
fi
