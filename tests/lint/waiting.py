#!/usr/bin/env python3
"""Every public function that can wait is in the cancellation suite: each `Suspends:` of a header names a function that is registered
there with WEFT_WAITING_CALL (or, with a reason, WEFT_WAITS_OTHERWISE). What only calls a function of its caller's ("as fn does") waits as that does."""
import re
import sys

from project import Complaints, sources

REGISTRATION = re.compile(r'WEFT_(?:WAITING_CALL|WAITS_OTHERWISE)\("([^"]+)"')
CLASS = re.compile(r"^(\s*)(?:template\s*<.*>\s*)?(?:class|struct)\s+(?:\[\[\w+\]\]\s+)?(?:WEFT_API\s+)?(\w+)[^;]*$")
FUNCTION = re.compile(r"(\w+|operator\W+)\s*\(")
SUSPENDS = re.compile(r"///\s+Suspends:\s*(.*)")


def declared_after(lines, start):
    """The name of the function whose declaration follows the comment that holds line `start`."""
    index = start
    while index < len(lines) and lines[index].strip().startswith("///"):
        index += 1
    declaration = ""
    for line in lines[index:index + 6]:
        line = line.strip()
        if line.startswith(("template", "requires")):
            continue
        declaration += " " + re.sub(r"\[\[.*?\]\]", "", line)
        match = FUNCTION.search(declaration)
        if match:
            return match.group(1)
    return None


def enclosing_class(lines, number):
    """The innermost class whose indentation is smaller than that of the line."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    for line in reversed(lines[:number]):
        match = CLASS.match(line)
        if match and len(match.group(1)) < indent:
            return match.group(2)
    return None


def waiting_functions():
    for path in sources("include"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            match = SUSPENDS.search(line)
            if match and not match.group(1).startswith("as "):
                function, owner = declared_after(lines, number), enclosing_class(lines, number)
                yield path, number + 1, f"{owner}::{function}" if owner else function


def main():
    complaints = Complaints()
    registered = {name for path in sources("tests/contract") for name in REGISTRATION.findall(path.read_text())}
    declared = set()
    for path, line, name in waiting_functions():
        declared.add(name)
        if name not in registered:
            complaints.add(path, line, f"{name} can wait and is not in tests/contract: WEFT_WAITING_CALL(\"{name}\", …)")
    for path in sources("tests/contract"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in REGISTRATION.findall(line):
                if name not in declared and not path.name == "waiting_call.hpp":
                    complaints.add(path, number, f"no header has a waiting function {name}")
    return complaints.finish(f"{len(declared)} waiting functions")


sys.exit(main())
