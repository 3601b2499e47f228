#!/usr/bin/env python3
"""Programs that a program under the shim starts have it too, or not, as WEFT_SHIM_CHILDREN says, in whatever way they are started.

usage: children_test.py weft-run libweft-shim.so started_program"""
import os
import subprocess
import sys
import unittest

RUN, SHIM, PROGRAM = sys.argv[1:4]


def started(*options, **variables):
    """(which environment, LD_PRELOAD) of each program that was started."""
    environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "WEFT_SHIM_CHILDREN")}
    done = subprocess.run([RUN, "--library", SHIM, *options, "--", PROGRAM, SHIM], env=environment | variables, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done, [tuple(line.rstrip("]").split("[")) for line in done.stdout.splitlines()]


class Children(unittest.TestCase):
    def check(self, outcome, preload):
        done, lines = outcome
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual({line[1] for line in lines}, {preload})
        self.assertEqual(sorted({line[0] for line in lines}), ["given", "own"])
        self.assertEqual(len(lines), 12)

    def test_have_the_shim(self):
        self.check(started(), SHIM)
        self.check(started(WEFT_SHIM_CHILDREN="1"), SHIM)

    # CONFORMANCE 304
    def test_run_without_it_where_that_is_asked_for(self):
        self.check(started("--no-children"), "")
        self.check(started(WEFT_SHIM_CHILDREN="0"), "")

    def test_keep_what_else_is_preloaded(self):
        done, lines = started("--no-children", LD_PRELOAD="libc.so.6")
        self.assertEqual(done.returncode, 0)
        self.assertEqual({line[1] for line in lines if line[0] == "own"}, {"libc.so.6"})

    def test_a_value_that_is_none_is_an_error(self):
        done, _ = started(WEFT_SHIM_CHILDREN="perhaps")
        self.assertEqual(done.returncode, 2)
        self.assertIn("WEFT_SHIM_CHILDREN: 'perhaps'", done.stderr)


unittest.main(argv=sys.argv[:1])
