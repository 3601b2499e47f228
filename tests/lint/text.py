#!/usr/bin/env python3
"""Small rules on the text of files: what they begin with, no marks of unfinished work, no stray whitespace."""
import re
import sys

from project import ROOT, Complaints, sources

# Put together here, or this file would be its own first complaint.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
CODE = (".hpp", ".cpp", ".h", ".c")
TEXT = CODE + (".md", ".py", ".sh", ".cmake", ".txt", ".js", ".go")


def main():
    complaints = Complaints()
    files = [p for p in sources("src", "include", "tests", "bench", "docs", "cmake", suffixes=TEXT)]
    files += sorted(ROOT.glob("*.md")) + [ROOT / "CMakeLists.txt"]
    for path in files:
        text = path.read_text()
        lines = text.splitlines()
        if path.suffix in CODE and not text.startswith(("//", "/*")):
            complaints.add(path, 1, "a file begins with a comment on its job")
        if path.suffix == ".hpp" and "#pragma once" not in lines:
            complaints.add(path, 1, "no #pragma once")
        if not text.endswith("\n") or text.endswith("\n\n"):
            complaints.add(path, len(lines), "a file ends with one newline")
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                complaints.add(path, number, "unfinished work: do it, or open an issue")
            if line != line.rstrip() or ("\t" in line and path.suffix in CODE):
                complaints.add(path, number, "trailing whitespace or a tab")
    return complaints.finish(f"text of {len(files)} files")


sys.exit(main())
