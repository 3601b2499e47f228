"""Running programs with the shim preloaded and without: what the tests beside this share."""
import collections
import os
import pathlib
import subprocess
import sys
import unittest

TIMEOUT_SECONDS = 60

LAUNCHER, SHIM, FIBERS = (pathlib.Path(path).resolve() for path in sys.argv[1:4])

Ended = collections.namedtuple("Ended", "status output errors")


def environment(**more):
    """This process's, without what a surrounding run has put there; None takes a variable out."""
    clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD" and not name.startswith("WEFT_")}
    clean.update(LC_ALL="C")
    for name, value in more.items():
        clean.pop(name, None)
        if value is not None:
            clean[name] = str(value)
    return clean


def run(command, stdin="", **variables):
    ended = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, text=True, errors="replace",
                           timeout=TIMEOUT_SECONDS, env=environment(**variables), check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def launched(command, stdin="", options=(), **variables):
    return run([LAUNCHER, *options, "--", *command], stdin, **variables)


class PreloadTest(unittest.TestCase):
    """Everything that a program says, with the shim and without."""

    maxDiff = None

    def assert_same(self, command, stdin="", **variables):
        plain = run(command, stdin, **variables)
        self.assertEqual(launched(command, stdin, **variables), plain)
        return plain


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
