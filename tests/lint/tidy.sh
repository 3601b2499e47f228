#!/usr/bin/env bash
# tidy.sh [--since COMMIT] [--seconds N] [FILE...]: clang-tidy over sources of src/ and bench/: these files, those that changed since
# a commit (a changed header counts as every source of its folder), or all. Stops after N seconds and says what it has left out.
set -euo pipefail
cd "$(dirname "$0")/../.."

since= seconds=1200
while [ $# -gt 0 ]; do
    case $1 in
        --since) since=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        -*) echo "usage: $0 [--since COMMIT] [--seconds N] [FILE...]" >&2; exit 2 ;;
        *) break ;;
    esac
done

sources() {
    if [ -z "$since" ]; then
        find src bench -name '*.cpp'
        return
    fi
    git diff --name-only --diff-filter=d "$since" -- '*.cpp' '*.hpp' | while read -r file; do
        case $file in
            src/*.cpp | bench/*.cpp) echo "$file" ;;
            src/*.hpp | bench/*.hpp) find "$(dirname "$file")" -maxdepth 1 -name '*.cpp' ;;
            include/weft/*/*.hpp) find "src/$(basename "$(dirname "$file")")" -maxdepth 1 -name '*.cpp' 2>/dev/null || true ;;
        esac
    done
}

[ $# -gt 0 ] || mapfile -t files < <(sources | sort -u)
[ $# -eq 0 ] || files=("$@")
cmake --preset tidy --log-level=NOTICE >/dev/null

# Only what the build knows: a peer whose toolchain is missing has no compile command.
known=()
for file in "${files[@]}"; do
    if grep -qF "\"$PWD/$file\"" build/tidy/compile_commands.json; then known+=("$file"); fi
done
echo "clang-tidy over ${#known[@]} files"
[ ${#known[@]} -gt 0 ] || exit 0

# Each file prints its result in one piece; a file that is not reached in time is named and is not a failure.
check() {
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "not reached in time: $1"
    elif output=$(clang-tidy-14 -p build/tidy --quiet "$1" 2>&1); then
        :
    else
        printf '%s\n' "$output"
        return 1
    fi
}
export -f check
export deadline=$(($(date +%s) + seconds))
printf '%s\n' "${known[@]}" | xargs -P "$(nproc)" -I{} bash -c 'check {}'
