#!/bin/sh
# format.sh: fails on every C++ or C file that clang-format would change.  format.sh --fix [FILE...]: changes them.
set -eu
cd "$(dirname "$0")/../.."
mode="--dry-run --Werror"
if [ "${1:-}" = --fix ]; then
    mode=-i
    shift
fi
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046
    set -- $(find include src tests bench docs -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.c' | sort)
fi
# shellcheck disable=SC2086
exec "${CLANG_FORMAT:-clang-format-14}" $mode "$@"
