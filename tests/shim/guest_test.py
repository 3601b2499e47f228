#!/usr/bin/env python3
"""guest_test.py [--times N] EXPECTED PROGRAM [ARGUMENT...]: runs a guest, and compares.

Its standard output is that of the file EXPECTED, byte by byte; its standard error is empty; its exit status is 0. With --times N, for
N fibers that run the guest at once, the lines may come in any order, each N times as often."""
import argparse
import difflib
import os
import pathlib
import signal
import subprocess
import sys

TIMEOUT_SECONDS = 30


def run(command):
    """(exit status or None where it hung, output, errors). What the guest may have started ends with it."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as guest:
        try:
            output, errors = guest.communicate(timeout=TIMEOUT_SECONDS)
            return guest.returncode, output, errors
        except subprocess.TimeoutExpired:
            os.killpg(guest.pid, signal.SIGKILL)
            output, errors = guest.communicate()
            return None, output, errors


def lines(data, times=1):
    return data.decode(errors="replace").splitlines(keepends=True) * times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("expected", type=pathlib.Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    status, output, errors = run(options.command)
    expected, found = lines(options.expected.read_bytes(), options.times or 1), lines(output)
    if options.times:
        expected, found = sorted(expected), sorted(found)
    difference = list(difflib.unified_diff(expected, found, "expected", "found", n=1))
    sys.stdout.writelines(line if line.endswith("\n") else line + "\\\n" for line in difference)
    if errors:
        print("standard error:\n" + errors.decode(errors="replace"))
    if status is None:
        print(f"still running after {TIMEOUT_SECONDS} s")
    elif status != 0:
        print(f"exit status {status}")
    return 1 if difference or errors or status != 0 else 0


sys.exit(main())
