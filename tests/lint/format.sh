#!/bin/sh
# format.sh: fails on every C++ or C file that clang-format would change.  format.sh --fix [FILE...]: changes them.
set -eu
cd "$(dirname "$0")/../.."
format=${CLANG_FORMAT:-clang-format-14}
fix=no
if [ "${1:-}" = --fix ]; then
    fix=yes
    shift
fi
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046
    set -- $(find include src tests bench docs -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.c' | sort)
fi
if [ $fix = yes ]; then exec "$format" -i "$@"; fi

complaints=$("$format" --dry-run "$@" 2>&1 | sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: warning: .*/\1/p' | uniq -c)
[ -n "$complaints" ] || exit 0
echo "places that clang-format would change, by file; tests/lint/format.sh --fix changes them:"
echo "$complaints"
exit 1
