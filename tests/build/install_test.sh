#!/bin/sh
# install_test.sh BUILD_DIR CXX [FLAG...]: installs BUILD_DIR below a temporary prefix, moves it, and builds and runs the consumer
# against it, by find_package and by pkg-config.
set -eu
build=$1 cxx=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/log" || { cat "$work/log"; exit 1; }
# An installation that holds a path of its own is found here.
mv "$work/first" "$work/prefix"
libdir=$(dirname "$(find "$work/prefix" -name libweft.so)")

readelf -d "$libdir/libweft.so" | grep -q 'SONAME.*\[libweft\.so\.0\]' || { echo "libweft.so has no soname libweft.so.0"; exit 1; }

echo "== find_package"
cmake -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_FLAGS="$*" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/consumer" >"$work/log" || { cat "$work/log"; exit 1; }
for program in with_weft with_testing with_diag with_shim; do timeout 20 "$work/consumer/$program"; done
# A sanitizer's run-time wants to be the first in the process.
[ $# -gt 0 ] || timeout 20 "$work/prefix/bin/weft-run" -- "$work/consumer/for_weft_run"

echo "== the tutorial's project"
root=$(cd "$here/../.." && pwd)
cmake -S "$root/docs/examples" -B "$work/chat" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_FLAGS="$*" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/chat" >"$work/log" || { cat "$work/log"; exit 1; }
python3 "$root/tests/examples/talk.py" "$work/chat/chat_server"

echo "== pkg-config"
export PKG_CONFIG_PATH="$libdir/pkgconfig"
[ "$(pkg-config --modversion weft)" = 0.1.0 ]
# shellcheck disable=SC2046
"$cxx" -std=c++20 "$@" "$here/consumer/main.cpp" -o "$work/by_pkg_config" $(pkg-config --cflags --libs weft)
LD_LIBRARY_PATH=$libdir "$work/by_pkg_config"
# shellcheck disable=SC2046
"$cxx" -std=c++20 "$@" "$here/consumer/shim.cpp" -o "$work/shim_by_pkg_config" $(pkg-config --cflags --libs weft-shim)
LD_LIBRARY_PATH=$libdir timeout 20 "$work/shim_by_pkg_config"

echo "== gdb finds its commands with the library"
gdb -nx -batch -iex "add-auto-load-safe-path $work" -ex "set environment LD_LIBRARY_PATH $libdir" -ex "break main" -ex run \
    -ex "help fiber" "$work/by_pkg_config" >"$work/log" 2>&1 || true
if grep -q "ptrace.*not permitted" "$work/log"; then echo "nobody may trace a process here"; exit 0; fi
grep -q "^Select a fiber" "$work/log" || { cat "$work/log"; exit 1; }
