#!/usr/bin/env python3
"""Each number of the list of behaviours (1 to 305) is claimed at most once: by a test (`// CONFORMANCE 27, 28`), or as a difference
(`CONFORMANCE 27` in docs/reference/differences.md)."""
import re
import sys

from project import ROOT, Complaints, sources

FIRST, LAST = 1, 305
CLAIM = re.compile(r"CONFORMANCE\s+(\d+(?:\s*,\s*\d+)*)")


def claims():
    """(path, line number, number claimed)"""
    differences = ROOT / "docs/reference/differences.md"
    for path in sources("tests") + ([differences] if differences.exists() else []):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in CLAIM.finditer(line):
                yield from ((path, number, int(n)) for n in match.group(1).split(","))


def main():
    complaints = Complaints()
    seen = {}
    for path, line, number in claims():
        if not FIRST <= number <= LAST:
            complaints.add(path, line, f"there is no behaviour {number}")
        elif number in seen:
            other, other_line = seen[number]
            complaints.add(path, line, f"{number} is also claimed by {other.relative_to(ROOT)}:{other_line}")
        else:
            seen[number] = (path, line)
    return complaints.finish(f"{len(seen)} of {LAST} behaviours claimed")


sys.exit(main())
