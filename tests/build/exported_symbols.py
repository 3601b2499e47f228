#!/usr/bin/env python3
"""exported_symbols.py LIBWEFT: fails where libweft.so exports what exported-symbols.txt does not allow."""
import fnmatch
import pathlib
import subprocess
import sys


def exported(library):
    """The demangled names of the dynamic symbols that the library defines."""
    out = subprocess.run(["nm", "-D", "--defined-only", "--demangle", library], check=True, capture_output=True, text=True)
    # "address type name", and a demangled name may hold spaces.
    return [line.split(" ", 2)[2] for line in out.stdout.splitlines()]


def rules(path):
    """Pairs (allowed?, pattern), the last one that matches a name decides."""
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [(not line.startswith("!"), line.lstrip("! ")) for line in lines if line]


def main():
    table = rules(pathlib.Path(__file__).with_name("exported-symbols.txt"))
    names = exported(sys.argv[1])
    wrong = []
    for name in names:
        decisions = [allowed for allowed, pattern in table if fnmatch.fnmatchcase(name, pattern)]
        if not decisions or not decisions[-1]:
            wrong.append(name)
    if not any(name.startswith("weft::version(") for name in names):
        wrong.append("weft::version is missing: this is not libweft.so, or its exports are lost")
    for name in sorted(wrong):
        print(f"exported, but not allowed by exported-symbols.txt: {name}")
    print(f"{len(names)} exported symbols, {len(wrong)} not allowed")
    return 1 if wrong else 0


sys.exit(main())
