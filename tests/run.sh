#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests. The second command of the README.
set -euo pipefail

usage() {
    cat <<'END'
usage: tests/run.sh [options]
  --no-install      use the machine as it is
  --preset NAME     dev (address and undefined-behaviour sanitizers; the default), release, tsan or coverage
  -R REGEX          only the tests whose name matches
  --programs "A B"  builds only these test programs (unit_core, stress, ...) and runs their tests
  --label REGEX     only the tests with such a label (unit folders, contract, lint, ...; slow and huge run only this way)
  -j N              jobs (default: as many as there are cores)
END
}
fail() { echo "tests/run.sh: $*" >&2; usage >&2; exit 2; }

install=yes preset=dev jobs=$(nproc)
select=(-LE '^(slow|huge)$') regex=() targets=()
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --preset) preset=${2-}; shift ;;
        -R) regex=(-R "${2-}"); shift ;;
        --programs)
            # shellcheck disable=SC2206
            programs=(${2-})
            targets=(--target "${programs[@]}")
            regex=(-R "^($(IFS='|'; echo "${programs[*]}"))\\.")
            shift
            ;;
        --label) select=(-L "${2-}"); shift ;;
        -j) jobs=${2-}; shift ;;
        -h | --help) usage; exit 0 ;;
        *) fail "unknown option '$1'" ;;
    esac
    shift || fail "the last option needs a value"
done
case $preset in
    dev | release | coverage) groups="build test" ;;
    tsan) groups="build test tsan" ;;
    *) fail "--preset takes dev, release, tsan or coverage, not '$preset'" ;;
esac

cd "$(dirname "$0")/.."
if [ $install = yes ]; then
    # shellcheck disable=SC2086
    cmake/install-packages.sh $groups
fi

cmake --preset "$preset" -DWEFT_TESTS=ON --log-level=NOTICE
cmake --build "build/$preset" -j "$jobs" "${targets[@]}"

# The thread sanitizer's shadow memory does not stand every random address layout of newer kernels.
fixed_layout=()
if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then fixed_layout=(setarch -R); fi
export CTEST_OUTPUT_ON_FAILURE=1
exec "${fixed_layout[@]}" ctest --test-dir "build/$preset" -j "$jobs" --no-tests=error "${select[@]}" "${regex[@]}"
