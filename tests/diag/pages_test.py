#!/usr/bin/env python3
"""pages_test.py SCRIPT BINARIES PAGE...: what the pages show of gdb is what gdb shows.

A block below <!-- gdb: NAME core --> has commands, as `(gdb) COMMAND`, each followed by lines that it prints, in this order; `…`
stands for anything, and so does each number and address. BINARIES/page_NAME is the program; it leaves a core file, or is run until
it stops where core files cannot be had."""
import pathlib
import re
import shutil
import sys
import tempfile

import session

SKIPPED = 77
BLOCK = re.compile(r"<!-- gdb: (?P<name>\w+) core -->\n```text\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text):
    """(command, lines) for each command of a block."""
    found = []
    for line in text.splitlines():
        if line.startswith("(gdb) "):
            found.append((line.removeprefix("(gdb) "), []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def pattern(line):
    """What a line that looks like this matches."""
    wanted = re.escape(line.strip()).replace("…", ".*")
    wanted = re.sub(r"0x[0-9a-f]+", "0x[0-9a-f]+", wanted)
    wanted = re.sub(r"\d+(\\\.\d+)?", r"\\d+(\\.\\d+)?", wanted.replace("0x[0-9a-f]+", "\0")).replace("\0", "0x[0-9a-f]+")
    return re.sub(r"(\\ )+", r"\\s+", wanted)


def missing(lines, output):
    """The first of the lines that does not follow the ones before it; None if all do."""
    position = 0
    for line in lines:
        match = re.compile(pattern(line)).search(output, position)
        if match is None:
            return line
        position = match.end()
    return None


def check(script, program, block):
    commands = []
    for number, (command, _) in enumerate(steps(block)):
        commands += [f"echo \\n@{number}@\\n", command]
    work = tempfile.mkdtemp()
    try:
        start = "run" if session.why_no_cores() else f"core-file {session.leave_core([program], work)}"
        output = session.run_gdb(script, [start, *commands], program)
    finally:
        shutil.rmtree(work)
    parts = dict(re.findall(r"^@(\d+)@\n(.*?)(?=^@\d+@$|\Z)", output, re.MULTILINE | re.DOTALL))
    faults = 0
    for number, (command, lines) in enumerate(steps(block)):
        line = missing(lines, parts.get(str(number), ""))
        if line is not None:
            print(f"after (gdb) {command}\nnot shown, in this order: {line}\nbut:\n{parts.get(str(number), output)}")
            faults += 1
    return faults


def main():
    script, binaries, *pages = sys.argv[1:]
    if session.why_no_cores() and session.why_not_traced():
        print("neither core files nor tracing can be had here")
        return SKIPPED
    faults = blocks = 0
    for page in pages:
        for match in BLOCK.finditer(pathlib.Path(page).read_text()):
            blocks += 1
            faults += check(script, pathlib.Path(binaries) / f"page_{match['name']}", match["text"])
    if blocks == 0:
        print("the pages show nothing of gdb")
    return 1 if faults or blocks == 0 else 0


sys.exit(main())
