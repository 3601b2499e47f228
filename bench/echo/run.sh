#!/usr/bin/env bash
# Installs what is missing, builds, and runs the echo-server load test against other servers. The first command of the README.
set -euo pipefail

usage() {
    cat <<'END'
usage: bench/echo/run.sh [options]
  --no-install             use the machine as it is
  --install-peers          also install what the other servers need (Go, Node, gevent, Boost.Fiber, ... from Debian)
  --quick                  under 30 seconds: three short rounds, beside epoll and libev only
  --conns N,N,...          numbers of connections, one table each (default 50,1000; none leaves these out)
  --size BYTES             message size (default 64)
  --depth N                messages in flight per connection (default 1)
  --rounds N               interleaved rounds (default 9)
  --seconds S              measured time of each server in each round (default 1)
  --peers all|none|NAME,.. servers beside weft: shim, epoll, libev, asio, boost_fiber, state_threads, go, node, threads, gevent
                           (default all that are built)
  --peer NAME='COMMAND {port}'  adds any other server; it must listen on 127.0.0.1:{port}
  --fairness               adds ten connections beside one that pipelines 4 KB messages without end
  --idle                   adds one active connection beside 10,000 idle ones
  --json FILE, --html FILE where the results go (default build/release/echo/echo.json and echo.html)
  --svg FILE               also draws the picture of the project's README

A run takes about rounds x numbers of connections x (servers + 1) x 1.5 x seconds: with all peers some five minutes, with weft,
epoll, libev and threads two. A first build takes some two minutes more.
END
}

install=yes groups="build bench" quick=no peers_given=no
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --install-peers) groups="build bench peers" ;;
        --quick) quick=yes ;;
        -h | --help) usage; exit 0 ;;
        --peers | --peers=*) peers_given=yes; arguments+=("$1") ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
# The caller's own options come later and win.
if [ $quick = yes ]; then
    defaults=(--rounds 3 --seconds 0.3)
    [ $peers_given = yes ] || defaults+=(--peers epoll,libev)
    arguments=("${defaults[@]}" "${arguments[@]}")
fi

caller=$PWD
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
# Bad options are refused before anything is installed or built; without python3 there is nothing to refuse them yet.
check_options() { (cd "$caller" && python3 "$root/bench/echo/compare.py" --check-options "${arguments[@]}"); }
if command -v python3 > /dev/null; then check_options; fi

if [ $install = yes ]; then
    # shellcheck disable=SC2086
    cmake/install-packages.sh $groups
    check_options
fi
# The tests of a tree that already has them stay; a new one needs no GoogleTest for this.
tests=()
[ -e build/release/CMakeCache.txt ] || tests=(-DWEFT_TESTS=OFF)
cmake --preset release "${tests[@]}" --log-level=NOTICE
cmake --build build/release -j "$(nproc)" --target weft-echo

cd "$caller"
exec python3 "$root/bench/echo/compare.py" "${arguments[@]}"
