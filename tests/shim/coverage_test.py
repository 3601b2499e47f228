#!/usr/bin/env python3
"""Every function of the C library is handled by the shim or left alone for a reason; nothing is forgotten, stale or there twice.

usage: coverage_test.py libweft-shim.so"""
import collections
import pathlib
import re
import subprocess
import sys

from required import NEWER, OF_CXX, REQUIRED

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "reference"))
from shim_lists import overlaps, read_passed, read_table  # noqa: E402

# What the C library's names are spread over; most are empty now, but old programs are linked with them.
COMPANIONS = ("libresolv.so.2", "libpthread.so.0", "librt.so.1", "libdl.so.2", "libanl.so.1", "libutil.so.1")
OWN_API = re.compile(r"_Z(N|NK|TI|TS|TV|TIN|TSN|TVN)4weft")


def the_library():
    """The path of the C library that this process runs with."""
    maps = pathlib.Path("/proc/self/maps").read_text()
    return pathlib.Path(re.search(r"(/\S*/libc\.so\.6)$", maps, re.MULTILINE).group(1))


def exported(path):
    """The functions that a library defines for others, under any version but the library's private one."""
    lines = subprocess.run(["nm", "-D", "--defined-only", str(path)], stdout=subprocess.PIPE, text=True, check=True).stdout
    names = set()
    for kind, symbol in re.findall(r"^[0-9a-f]+ (\w) (\S+)$", lines, re.MULTILINE):
        name, _, version = symbol.partition("@")
        if kind in "TWi" and not version.endswith("GLIBC_PRIVATE"):
            names.add(name)
    return names


def twice(names):
    return sorted(name for name, count in collections.Counter(names).items() if count > 1)


class Findings:
    """What is wrong, printed as it is found."""

    def __init__(self):
        self.count = 0

    def add(self, file, message, names):
        for name in sorted(names):
            self.count += 1
            print(f"{file}: {name}: {message}")


def check_passed(findings, sections, functions, handled):
    """The list itself, and that with the table it has all of the library's functions. Returns what it passes through."""
    file = "src/shim/passed.txt"
    exact = [entry for section in sections for entry in section.entries if not entry.is_pattern()]
    names = {entry.text for entry in exact}
    findings.add(file, "stands there twice", twice(entry.text for entry in exact))
    findings.add(file, "the C library has no such function", {entry.text for entry in exact if not entry.since} - functions)
    passed = names & functions
    used = set()
    for name in sorted(functions - names - handled):
        claims = {section.key: entry.text for section in sections for entry in section.entries
                  if entry.is_pattern() and entry.matches(name)}
        used.update(claims.values())
        if len(claims) > 1:
            findings.add(file, f"more than one reason: {', '.join(claims)}", [name])
        elif claims:
            passed.add(name)
    patterns = {entry.text for section in sections for entry in section.entries if entry.is_pattern() and not entry.since}
    findings.add(file, "no function is like this pattern", patterns - used)
    findings.add(file, "neither in the table nor left alone for a reason", functions - passed - handled)
    return passed


def check_table(findings, rows, functions):
    file = "src/shim/table.def"
    names = {row.name for row in rows}
    findings.add(file, "stands there twice", twice(row.name for row in rows))
    findings.add(file, "no library has such a function", names - functions - NEWER - OF_CXX)
    findings.add(file, "an alias of what the table has not", {row.name for row in rows if row.canonical not in names})
    findings.add(file, "has to be handled", REQUIRED - names)
    findings.add(file, "has to be handled: this library has it", (NEWER & functions) - names)


def check_shim(findings, path, rows):
    names = {row.name for row in rows}
    symbols = exported(path)
    findings.add(path.name, "in the table, but not exported", names - symbols)
    findings.add(path.name, "exported, but not in the table", {name for name in symbols - names if not OWN_API.match(name)})


def main():
    library = the_library()
    functions = exported(library)
    for name in COMPANIONS:
        if (library.parent / name).exists():
            functions |= exported(library.parent / name)
    rows, sections = read_table(), read_passed()
    findings = Findings()
    for name, words in overlaps(rows, sections).items():
        findings.add("src/shim/passed.txt", f"the table handles it, but here is {words}", [name])
    passed = check_passed(findings, sections, functions, {row.name for row in rows})
    check_table(findings, rows, functions)
    check_shim(findings, pathlib.Path(sys.argv[1]), rows)
    print(f"{library}: {len(functions)} functions, {len(rows)} handled, {len(passed)} left alone: {findings.count} findings")
    return 1 if findings.count else 0


if __name__ == "__main__":
    sys.exit(main())
