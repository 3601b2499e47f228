#!/usr/bin/env python3
"""A folder of src/ or include/weft/ includes only folders of a smaller rank of cmake/layers.cmake, foreign libraries have one user each,
and weft/weft.hpp leads to every public header that is not of an optional part."""
import re
import sys

from project import ROOT, Complaints, sources

# Which folder alone may include a foreign library.
FOREIGN = {"ev.h": "loop", "boost/": "context", "openssl/": "tls"}
# Ranks from here on are optional parts, which a program includes by name.
OPTIONAL_RANK = 6
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def ranks():
    """Folder -> rank, from the table."""
    table = (ROOT / "cmake/layers.cmake").read_text()
    rank = {folder: int(rank) for rank, names in re.findall(r"set\(WEFT_RANK_(\d) ([^)]*)\)", table) for folder in names.split()}
    return {**rank, "launcher": 1}  # a program of its own, on base alone


def layer_of(path):
    """The layer a file belongs to, or None for what stands above all layers (include/weft/weft.hpp, version.hpp)."""
    parts = path.relative_to(ROOT).parts
    folder = parts[1:-1] if parts[0] == "src" else parts[2:-1]
    return folder[0] if folder else None


def complaint(layer, public, kind, target, rank):
    """What is wrong with this include in a file of this layer, or None."""
    for prefix, owner in FOREIGN.items():
        if target.startswith(prefix) and layer != owner:
            return f"only src/{owner} may include {target}"
    parts = target.split("/")
    if kind == '"':
        if public:
            return f'a public header includes the internal "{target}"'
        if len(parts) < 2 or parts[0] not in rank:
            return f'internal headers are included as "layer/x.hpp", not "{target}"'
        included = parts[0]
    elif parts[0] == "weft" and target != "weft/version.hpp":
        if len(parts) == 2:
            return f"<{target}> is for users: include what is needed"
        included = parts[1]
    else:
        return None
    if included not in rank:
        return f"{included} is not a layer of cmake/layers.cmake"
    if included != layer and rank[included] >= rank[layer]:
        return f"{layer} (rank {rank[layer]}) includes {included} (rank {rank[included]})"
    return None


def reached(header, seen):
    """The public headers that including this one includes."""
    if header not in seen and header.exists():
        seen.add(header)
        for name in re.findall(r"^#include <(weft/[^>]+)>", header.read_text(), re.MULTILINE):
            reached(ROOT / "include" / name, seen)
    return seen


def main():
    rank = ranks()
    complaints = Complaints()
    checked = 0
    for path in sources("src", "include"):
        layer = layer_of(path)
        if layer is None and path.name != "version.hpp":
            continue
        if layer is not None and layer not in rank:
            complaints.add(path, 1, f"{layer} is not a layer of cmake/layers.cmake")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            checked += 1
            wrong = complaint(layer or "base", path.is_relative_to(ROOT / "include"), *match.groups(), rank)
            if wrong:
                complaints.add(path, number, wrong)
    umbrella = ROOT / "include/weft/weft.hpp"
    for path in set(sources("include")) - reached(umbrella, set()):
        if rank.get(layer_of(path), 0) < OPTIONAL_RANK:
            complaints.add(umbrella, 1, f"does not include {path.relative_to(ROOT / 'include')}")
    return complaints.finish(f"{checked} includes against {len(rank)} layers")


sys.exit(main())
