"""compare.py from end to end: what it prints, writes, and leaves behind."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ECHO = pathlib.Path(__file__).resolve().parents[2] / "bench" / "echo"
BUILD = os.environ["WEFT_BUILD"]
EPOLL = f"{BUILD}/echo/peers/epoll"
RUN_KEYS = {"server", "connections", "message_bytes", "depth", "requests_per_second", "cpu_us_per_request", "latency_us",
            "errors", "rss_bytes", "ratio_to_epoll", "rounds"}


def command(folder, *options):
    return [sys.executable, "-B", str(ECHO / "compare.py"), "--build", BUILD, "--rounds", "2", "--seconds", "0.1",
            "--json", f"{folder}/out.json", "--html", f"{folder}/out.html", *options]


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def exists(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


class Compare(unittest.TestCase):
    def compare(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(command(folder, *options), capture_output=True, text=True, timeout=250, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            page = pathlib.Path(folder, "out.html").read_text()
            return done.stdout, json.loads(pathlib.Path(folder, "out.json").read_text()), page

    def test_the_json_has_what_the_documentation_promises(self):
        text, report, page = self.compare("--conns", "2,7", "--peers", "epoll,threads", "--size", "100", "--depth", "2")
        self.assertEqual({"machine", "versions", "runs"} - set(report), set())
        runs = [run for run in report["runs"] if run["server"] == "threads"]
        self.assertEqual([(run["connections"], run["message_bytes"], run["depth"]) for run in runs], [(2, 100, 2), (7, 100, 2)])
        for run in runs:
            self.assertEqual(RUN_KEYS - set(run), set())
            self.assertEqual(set(run["latency_us"]), {"p50", "p90", "p99", "p999", "max"})
            self.assertEqual((len(run["rounds"]), run["errors"]), (2, 0))
            self.assertGreater(run["ratio_to_epoll"], 0)
            self.assertGreater(run["cpu_us_per_request"], 0)
            self.assertGreater(run["rss_bytes"], 100_000)
        self.assertIn("control: epoll to itself", text)
        self.assertTrue("threads" in page)

    def test_without_epoll_the_ratio_is_null(self):
        _, report, _ = self.compare("--conns", "2", "--peers", "threads")
        [run] = [run for run in report["runs"] if run["server"] == "threads"]
        self.assertIsNone(run["ratio_to_epoll"])

    def test_any_server_can_be_added(self):
        text, report, _ = self.compare("--conns", "2", "--peers", "none", "--peer", f"mine={EPOLL} {{port}}")
        self.assertIn("mine", [run["server"] for run in report["runs"]])
        self.assertIn("mine", text)

    def test_the_fairness_case_has_its_figures(self):
        _, report, _ = self.compare("--conns", "none", "--peers", "epoll", "--fairness")
        [run] = [run for run in report["runs"] if run["server"] == "epoll"]
        self.assertEqual(run["case"], "fairness")
        self.assertGreater(run["hog_messages_per_second"], 0)
        self.assertIsNone(run["cpu_us_per_request"])

    def test_a_server_that_cannot_start_is_said_and_the_others_are_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(command(folder, "--conns", "2", "--peers", "epoll", "--peer", "bad=/bin/false {port}"),
                                  capture_output=True, text=True, timeout=250, check=False)
            report = json.loads(pathlib.Path(folder, "out.json").read_text())
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED: bad", done.stdout)
        runs = {run["server"]: run for run in report["runs"]}
        self.assertIsNone(runs["bad"]["ratio_to_epoll"])
        self.assertEqual(runs["epoll"]["errors"], 0)

    def test_an_interrupted_run_leaves_no_process_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number.name), tempfile.TemporaryDirectory() as folder:
                driver = subprocess.Popen(command(folder, "--conns", "2", "--peers", "epoll,threads", "--seconds", "30"),
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    children = self.wait_for(lambda: [pid for pid in children_of(driver.pid)] or None, enough=4)
                    driver.send_signal(number)
                    driver.wait(20)
                finally:
                    if driver.poll() is None:
                        driver.kill()
                        driver.wait()
                self.wait_for(lambda: not any(map(exists, children)))

    def wait_for(self, condition, enough=0):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            result = condition()
            if result and (result is True or len(result) >= enough):
                return result
            time.sleep(0.02)
        self.fail("waited in vain")


if __name__ == "__main__":
    unittest.main()
