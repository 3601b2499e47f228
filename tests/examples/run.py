#!/usr/bin/env python3
"""run.py SOURCE PROGRAM: runs an example as its comments say.

// example: build-only     it is compiled and not run (a server that runs until it is stopped)
// expect: TEXT            its output has TEXT, after the texts of earlier `expect` lines
// expect-exit: N          its exit status, 0 where this is not said; -11 is signal 11
// example-env: NAME=VALUE it is run with that in its environment
"""
import os
import pathlib
import re
import subprocess
import sys

TIMEOUT_SECONDS = 10


def first_missing(expected, output):
    """The first expected text that does not follow the ones before it, or None."""
    position = 0
    for text in expected:
        found = output.find(text, position)
        if found < 0:
            return text
        position = found + len(text)
    return None


def main():
    source = pathlib.Path(sys.argv[1]).read_text()
    if re.search(r"^// example: build-only", source, re.MULTILINE):
        print("build-only")
        return 0
    expected = re.findall(r"// expect: (.*\S)", source)
    status = int((re.findall(r"// expect-exit: (-?\d+)", source) or ["0"])[0])
    environment = dict(pair.split("=", 1) for pair in re.findall(r"// example-env: (\S+)", source))
    try:
        run = subprocess.run([sys.argv[2]], env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=TIMEOUT_SECONDS, text=True, errors="replace")
    except subprocess.TimeoutExpired as late:
        print(f"{late.stdout or ''}\nstill running after {TIMEOUT_SECONDS} s")
        return 1
    print(run.stdout, end="")
    if run.returncode != status:
        print(f"exit status {run.returncode}, expected {status}")
        return 1
    missing = first_missing(expected, run.stdout)
    if missing is not None:
        print(f"not in the output (in this order): {missing}")
        return 1
    return 0


sys.exit(main())
