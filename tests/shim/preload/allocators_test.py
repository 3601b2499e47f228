#!/usr/bin/env python3
"""Allocators that are preloaded too, before the shim and behind it: they start up in the middle of its own start.

usage: allocators_test.py weft-run libweft-shim.so shim_preloaded"""
import subprocess
import sys

from preload import FIBERS, SHIM, PreloadTest, launched, main, run

ALLOCATORS = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4"}

PYTHON = """
import subprocess, threading, time
threads = [threading.Thread(target=lambda: [bytearray(n) for n in range(5000)]) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]; time.sleep(0.001)
print(subprocess.run(["/bin/sh", "-c", "echo child; exit 3"], capture_output=True))
print([line.split()[-1].rsplit("/")[-1] for line in open("/proc/self/maps") if "NAME" in line][:1])
"""


ORDERS = [(name, order) for name, file in ALLOCATORS.items() for order in (f"{SHIM} {file}", f"{file} {SHIM}")]


class Allocators(PreloadTest):
    def test_they_are_there(self):
        # Not by loading them here: some want to be loaded with the program, or not at all.
        for file in ALLOCATORS.values():
            done = subprocess.run(["/bin/true"], env={"LD_PRELOAD": file}, capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "")

    def test_programs_without_fibers(self):
        for name, order in ORDERS:
            with self.subTest(order):
                code = PYTHON.replace("NAME", name)
                plain = run([sys.executable, "-c", code], LD_PRELOAD=ALLOCATORS[name])
                self.assertEqual(plain.status, 0, plain.errors)
                self.assertIn(name, plain.output)
                self.assertEqual(run([sys.executable, "-c", code], LD_PRELOAD=order), plain)
                self.assertEqual(run(["/bin/sh", "-c", "echo $(echo x | cat); exit 4"], LD_PRELOAD=order), (4, "x\n", ""))

    def test_programs_with_fibers(self):
        for _, order in ORDERS:
            with self.subTest(order):
                ended = run([FIBERS, "--gtest_brief=1"], LD_PRELOAD=order)
                self.assertEqual(ended.status, 0, ended.output + ended.errors)

    def test_the_launcher_keeps_what_is_preloaded(self):
        for name, file in ALLOCATORS.items():
            with self.subTest(name):
                ended = launched([sys.executable, "-c", PYTHON.replace("NAME", name)], LD_PRELOAD=file)
                self.assertEqual(ended.status, 0, ended.errors)
                self.assertIn(name, ended.output)
                echo = ["/bin/sh", "-c", "echo $LD_PRELOAD"]
                self.assertRegex(launched(echo, LD_PRELOAD=file).output, rf"libweft-shim\.so\S*[: ]{file}\n")


if __name__ == "__main__":
    main()
