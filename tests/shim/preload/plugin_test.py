#!/usr/bin/env python3
"""Programs that embed weft by a plugin, which they load themselves.

usage: plugin_test.py weft-run libweft-shim.so shim_preloaded plugin_host PLUGIN"""
import sys

from preload import PreloadTest, launched, main, run

HOST = sys.argv[4:6]
FIBERS, EACH_MS = 20, 50


class Plugin(PreloadTest):
    def work(self, ended):
        """(how many fibers slept at once, milliseconds in all)."""
        self.assertEqual((ended.status, ended.errors), (0, ""))
        return tuple(map(int, ended.output.split()))

    def test_the_calls_of_its_fibers_park_under_weft_run(self):
        at_once, _ = self.work(launched(HOST))  # no limit for the time: the machine may be busy
        self.assertEqual(at_once, FIBERS)

    def test_without_the_shim_they_come_one_after_another(self):
        for ended in (run(HOST), launched(HOST, options=["--shim", "none"])):
            at_once, milliseconds = self.work(ended)
            self.assertEqual(at_once, 1)
            self.assertGreaterEqual(milliseconds, FIBERS * EACH_MS)


if __name__ == "__main__":
    main()
