#!/bin/sh
# install-packages.sh GROUP...: installs what is missing of these groups of packages.txt, and says so. Does nothing, and asks for
# nothing, when everything is there.
set -eu

list=$(dirname "$0")/packages.txt
[ $# -gt 0 ] || { echo "usage: $0 GROUP... (groups: $(awk '/^[a-z]/ {sub(/\?$/, "", $1); print $1}' "$list" | sort -u | xargs))" >&2; exit 2; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]; }

missing=
optional=
for group in "$@"; do
    grep -Eq "^$group\??[[:space:]]" "$list" || { echo "$0: no group '$group' in $list" >&2; exit 2; }
    for package in $(awk -v g="$group" '$1 == g {print $2}' "$list"); do
        installed "$package" || missing="$missing $package"
    done
    for package in $(awk -v g="$group?" '$1 == g {print $2}' "$list"); do
        installed "$package" || optional="$optional $package"
    done
done
# An optional package alone is no reason to touch the machine.
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "$0: these packages are missing and this is not a Debian system:$missing" >&2
    exit 1
}
root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "$0: need root (or sudo) to install:$missing" >&2; exit 1; }
    root=sudo
fi

export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
known() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }
for package in $missing; do
    known "$package" || { $root apt-get update -q; break; }
done
for package in $optional; do
    if known "$package"; then missing="$missing $package"; fi
done
# The lists may be older than the mirror: one more attempt with new ones.
# shellcheck disable=SC2086
set -- $missing
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || {
    $root apt-get update -q
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}
