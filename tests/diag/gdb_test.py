#!/usr/bin/env python3
"""gdb_test.py live|core PROGRAM LIBRARY SCRIPT: eight kinds of wait, 10,000 fibers, seen by gdb in a process and in a core file, with a
libweft.so that has no debug information."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import session

EACH = 1250
SKIPPED = 77
# What "info fibers" is to say of each kind.
KINDS = {
    "lock": r"mutex 0x", "listen": r"event 0x", "take": r"semaphore 0x", "receive": r"an item of a channel 0x",
    "rest": r"sleep, deadline in 60 min", "read": r"readable fd \d+", "hope": r"future 0x", "join": r'join of \d+ "inner"',
    "inner": r"event 0x",
}
FUNCTIONS = {"lock": "lock_it", "listen": "listen_to", "take": "take_it", "receive": "receive_it", "rest": "rest", "read": "read_it",
             "hope": "hope", "join": "join_another"}
LINE = re.compile(r'^[* ] (\d+) "(\w+)" +[\d.]+ \w+ +\S.*?  (.+)$', re.MULTILINE)


class Test:
    def __init__(self, mode, program, library, script):
        self.mode, self.program, self.script = mode, pathlib.Path(program).resolve(), script
        self.failures = []
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.library = self.work / "libweft.so.0"
        subprocess.run(["strip", "-o", self.library, library], check=True)

    def run(self):
        try:
            start = self.start_live() if self.mode == "live" else self.leave_core()
            if start is None:
                return SKIPPED
            listing = self.gdb(start, ["info fibers"])
            fibers = self.check_list(listing)
            if fibers:
                self.check_commands(start, fibers)
            if self.mode == "live":
                self.check("went on" in self.gdb(start, ["fiber 2", "continue"]), "the process does not go on after it was looked at")
        finally:
            shutil.rmtree(self.work)
        for failure in self.failures:
            print("FAILED:", failure[:1500])
        return 1 if self.failures else 0

    def check(self, holds, what):
        if not holds:
            self.failures.append(what)

    def start_live(self):
        reason = session.why_not_traced()
        if reason:
            print(f"nobody may trace a process here: {reason}")
        return None if reason else [f"run {EACH}"]

    def leave_core(self):
        reason = session.why_no_cores()
        if reason:
            print(reason)
            return None
        core = session.leave_core([self.program, str(EACH), "abort"], self.work, {"LD_LIBRARY_PATH": str(self.work)})
        return [f"core-file {core}"]

    def gdb(self, start, commands):
        library = [f"set environment LD_LIBRARY_PATH={self.work}", f"set solib-search-path {self.work}"]
        return session.run_gdb(self.script, [*library, *start, *commands], self.program)

    def check_list(self, listing):
        found = LINE.findall(listing)
        by_kind = {}
        for number, kind, what in found:
            by_kind.setdefault(kind, []).append(int(number))
            if kind not in ("main", "woken"):
                self.check(re.search(KINDS.get(kind, "^$"), what), f"fiber {number} ({kind}) is said to be in: {what}")
        for kind in KINDS:
            self.check(len(by_kind.get(kind, [])) == EACH, f"{len(by_kind.get(kind, []))} fibers of kind {kind}, not {EACH}")
        self.check(f"{9 * EACH + 2} fibers" in listing, "the sum is missing")
        self.check(re.search(r'"main".*  running$', listing, re.MULTILINE), "main is not said to be running")
        self.check(re.search(r'"woken".*  ready$', listing, re.MULTILINE), "a fiber that has been woken is not said to be ready")
        if self.failures:
            print(listing[:2000])
            self.failures = self.failures[:10]
        return by_kind

    def check_commands(self, start, fibers):
        commands, parts = [], {}

        def part(name, *these):
            commands.extend([f"echo \\n@{name}\\n", *these])

        for kind, function in FUNCTIONS.items():
            part(kind, f"fiber {sorted(fibers[kind])[7]}", "bt", f"frame function {function}", "print mark")
        one, other = fibers["listen"][:2]
        part("apply", f"fiber apply {one},{other} bt")
        part("none", f"fiber {one}", "echo \\n@thread\\n", "fiber none", "bt")
        part("find", 'fiber find "take"')
        part("printers", "fiber 1", "frame function operator()", "print world.half_full", "print world.channel", "print world.answer",
             "print world.future", "print fibers[0]", "print woken")
        part("unknown", "fiber 99999999")
        part("nonsense", "fiber sideways")
        out = self.gdb(start, commands)
        for text in re.split(r"^@", out, flags=re.MULTILINE)[1:]:
            name, _, parts_text = text.partition("\n")
            parts[name] = parts_text
        for kind, function in FUNCTIONS.items():
            self.check(re.search(rf"#\d+ .*\b{function}\(", parts[kind]), f"no {function}() in its backtrace: {parts[kind]}")
            self.check("= 1007" in parts[kind], f"its mark is not 1007: {parts[kind]}")
        self.check(parts["apply"].count("listen_to(") == 2, f"fiber apply: {parts['apply']}")
        self.check("listen_to(" not in parts["thread"] and "#0" in parts["thread"], f"fiber none: {parts['thread']}")
        self.check(f"{EACH} of {9 * EACH + 2} fibers" in parts["find"], f"fiber find: {parts['find'][-300:]}")
        for shown in (r"3 items, room for 4 = \{\[0\] = 7, \[1\] = 8, \[2\] = 9\}", rf"0 items, room for 0, {EACH} receiving",
                      r"= set = \{value = ", r"= not set", r'= fiber \d+ "lock": mutex 0x', r'= fiber \d+ "woken": ready'):
            self.check(re.search(shown, parts["printers"]), f"no {shown} in: {parts['printers']}")
        self.check("No fiber 99999999" in parts["unknown"], f"an unknown id: {parts['unknown']}")
        self.check("help fiber" in parts["nonsense"], f"an unknown word: {parts['nonsense']}")
        out = self.gdb([], ["file /bin/true", "info fibers"])
        self.check("no symbol weft_debugger_table" in out, f"a program without weft: {out}")


sys.exit(Test(*sys.argv[1:]).run())
