#!/usr/bin/env python3
"""weft-run's own options and errors.

usage: launcher_test.py weft-run libweft-shim.so shim_preloaded"""
import os
import pathlib
import shutil
import tempfile

from preload import FIBERS, LAUNCHER, SHIM, PreloadTest, launched, main, run

ENVIRONMENT = ["/bin/sh", "-c", 'echo "$LD_PRELOAD|$WEFT_SHIM"']


class Launcher(PreloadTest):
    def test_help_and_version_are_printed(self):
        for option in ("--help", "-h"):
            ended = run([LAUNCHER, option])
            self.assertEqual((ended.status, ended.errors), (0, ""))
            for word in ("--shim", "--library", "--no-children", "weft"):
                self.assertIn(word, ended.output)
        ended = run([LAUNCHER, "--version"])
        self.assertEqual((ended.status, ended.errors), (0, ""))
        self.assertRegex(ended.output, r"^weft-run \d+\.\d+\.\d+\n$")

    def test_wrong_usage_ends_with_2_and_says_why(self):
        for arguments in (["--no-such-option", "--", "true"], [], ["--"], ["--shim"], ["--library"]):
            with self.subTest(arguments):
                ended = run([LAUNCHER, *arguments])
                self.assertEqual((ended.status, ended.output), (2, ""))
                self.assertNotEqual(ended.errors, "")

    def test_a_program_that_is_not_there_ends_with_127(self):
        for program in ("no-such-program-at-all", "/no/such/program"):
            ended = launched([program])
            self.assertEqual((ended.status, ended.output), (127, ""))
            self.assertIn(program, ended.errors)

    def test_a_program_that_cannot_be_run_ends_with_126(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "text"
            file.write_text("no program\n")
            for program in (file, folder):
                ended = launched([program])
                self.assertEqual(ended.status, 126)
                self.assertIn(str(program), ended.errors)

    def test_the_programs_status_and_signal_are_its_own(self):
        self.assertEqual(launched(["/bin/sh", "-c", "exit 42"]).status, 42)
        self.assertEqual(launched(["/bin/sh", "-c", "kill -TERM $$"]).status, -15)

    def test_what_follows_the_dashes_is_the_programs(self):
        self.assertEqual(launched(["/bin/echo", "--help", "-h", "--", "--shim=x", "a  b"]).output, "--help -h -- --shim=x a  b\n")

    def test_without_dashes_the_first_word_that_is_no_option_is_the_program(self):
        for arguments in (["/bin/echo", "-n", "--help"], ["--shim", "none", "/bin/echo", "-n", "--help"]):
            self.assertEqual(run([LAUNCHER, *arguments]), (0, "--help", ""))

    def test_the_list_reaches_the_program_and_wins_over_the_environment(self):
        with_list = launched(ENVIRONMENT, options=["--shim", "all,-dns"], WEFT_SHIM="none")
        self.assertEqual(with_list.output.strip().split("|")[1], "all,-dns")
        self.assertEqual(launched(ENVIRONMENT, WEFT_SHIM="socket").output.strip().split("|")[1], "socket")
        off = launched([FIBERS, "--gtest_filter=Linked.EveryKind*"], options=["--shim", "none"])
        self.assertEqual(off.status, 1)

    def test_a_word_that_is_no_group_is_named(self):
        ended = launched(["/bin/echo", "never"], options=["--shim", "all,sokcet"])
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertIn("'sokcet'", ended.errors)

    def test_another_library_may_be_named(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(SHIM, folder)
            ended = launched(ENVIRONMENT, options=["--library", copy], LD_LIBRARY_PATH=SHIM.parent)
            self.assertEqual((ended.status, ended.errors), (0, ""))
            self.assertEqual(ended.output.split("|")[0], copy)

    def test_a_library_that_is_not_there_is_named(self):
        ended = launched(["/bin/echo", "never"], options=["--library", "/no/such/library.so"])
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertIn("/no/such/library.so", ended.errors)

    def test_it_finds_the_library_from_where_it_lies_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / "bin").mkdir()
            (place / "lib").mkdir()
            shutil.copy(LAUNCHER, place / "bin" / "weft-run")
            alone = run([place / "bin" / "weft-run", "--", "/bin/true"])
            self.assertEqual(alone.status, 2)
            self.assertIn("--library", alone.errors)
            for file in SHIM.parent.glob("libweft*.so*"):
                os.symlink(file, place / "lib" / file.name)
            self.assertEqual(run([place / "bin" / "weft-run", "--", "/bin/echo", "found"]), (0, "found\n", ""))

    def test_its_children_have_it_too(self):
        self.assertEqual(launched(["/bin/sh", "-c", "/bin/sh -c 'test -n \"$LD_PRELOAD\"'"]).status, 0)


if __name__ == "__main__":
    main()
