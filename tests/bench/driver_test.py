"""The parts of compare.py that need no server: statistics, options, parsers, the page."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

ECHO = pathlib.Path(__file__).resolve().parents[2] / "bench" / "echo"
sys.path.insert(0, str(ECHO))

import report  # noqa: E402
from driver import charts, measure, servers, statistics, syscalls, table  # noqa: E402


def sample(cpu, p99=100.0, errors=0, generator=0.5):
    return {"requests": 1000, "requests_per_second": 1000.0, "cpu_us_per_request": cpu, "user_us_per_request": cpu / 4,
            "system_us_per_request": cpu * 3 / 4, "errors": errors, "errors_by_kind": {"reset": errors} if errors else {},
            "latency_us": {"p50": 10.0, "p90": 50.0, "p99": p99, "p999": 2 * p99, "max": 3 * p99},
            "rss_bytes": 1_000_000, "server_utilisation": 0.9, "generator_utilisation": generator,
            "server_waited": 0.0, "generator_waited": 0.0, "slices": 10, "disturbed_slices": 0}


def collected(rounds, case=None):
    """rounds: a list of {(name, variant): cpu}."""
    result = statistics.Collected(case or measure.Case("echo", 50))
    for number, one in enumerate(rounds):
        result.add(number, {key: sample(cpu) for key, cpu in one.items()}, {})
    return result


class Statistics(unittest.TestCase):
    def test_the_ratio_is_taken_within_each_round(self):
        # The machine is twice as slow in the second round: the medians of each alone would say something else.
        rounds = [{("weft", "main"): 5.0, ("epoll", "main"): 5.0, ("epoll", "control"): 5.0},
                  {("weft", "main"): 12.0, ("epoll", "main"): 10.0, ("epoll", "control"): 10.0},
                  {("weft", "main"): 22.0, ("epoll", "main"): 20.0, ("epoll", "control"): 20.0}]
        run = collected(rounds).run("weft")
        self.assertAlmostEqual(run["ratio_to_epoll"], 1.1)
        self.assertEqual(run["cpu_us_per_request"], 12.0)
        self.assertEqual([round(ratio, 3) for ratio in run["ratio_to_epoll_rounds"]], [1.0, 1.2, 1.1])

    def test_the_reference_is_the_mean_of_both_epolls(self):
        run = collected([{("weft", "main"): 6.0, ("epoll", "main"): 5.0, ("epoll", "control"): 7.0}]).run("weft")
        self.assertAlmostEqual(run["ratio_to_epoll"], 1.0)

    def test_without_epoll_there_is_no_ratio(self):
        run = collected([{("weft", "main"): 5.0}]).run("weft")
        self.assertIsNone(run["ratio_to_epoll"])
        self.assertIsNone(run["p99_ratio_to_epoll"])

    def test_a_round_without_epoll_gives_no_ratio(self):
        run = collected([{("weft", "main"): 5.0}, {("weft", "main"): 6.0, ("epoll", "main"): 5.0}]).run("weft")
        self.assertEqual(run["ratio_to_epoll_rounds"], [1.2])

    def test_a_control_that_differs_by_more_than_two_percent_makes_the_run_void(self):
        for second, void in ((5.05, False), (5.15, True), (4.85, True)):
            run = collected([{("epoll", "main"): 5.0, ("epoll", "control"): second}] * 3).run("epoll")
            self.assertEqual(run["control"]["void"], void, second)
            self.assertEqual(run["ratio_to_epoll"], 1.0)

    def test_one_wild_round_does_not_void_a_run(self):
        quiet = {("epoll", "main"): 5.0, ("epoll", "control"): 5.0}
        wild = {("epoll", "main"): 5.0, ("epoll", "control"): 9.0}
        self.assertFalse(collected([quiet, wild, quiet]).run("epoll")["control"]["void"])

    def test_idle_connections_are_compared_with_the_same_server_without(self):
        case = measure.Case("idle", 1, idle=10_000)
        run = collected([{("weft", "main"): 6.0, ("weft", "without_idle"): 5.0}], case).run("weft")
        self.assertAlmostEqual(run["ratio_to_without_idle"], 1.2)
        self.assertIsNone(run["ratio_to_epoll"])

    def test_errors_are_added_up_and_named(self):
        result = statistics.Collected(measure.Case("echo", 1))
        for number in range(3):
            result.add(number, {("weft", "main"): sample(5.0, errors=2)}, {})
        run = result.run("weft")
        self.assertEqual((run["errors"], run["errors_by_kind"]), (6, {"reset": 6}))

    def test_a_generator_at_its_limit_before_the_server_is_said(self):
        result = statistics.Collected(measure.Case("echo", 1))
        result.add(0, {("weft", "main"): sample(5.0, generator=0.99)}, {})
        self.assertTrue(result.run("weft")["generator_is_bottleneck"])
        self.assertIn("the generator is the bottleneck with weft", table.of_case("x", result.runs(["weft"])))

    def test_a_server_that_failed_is_in_the_runs_without_figures(self):
        result = statistics.Collected(measure.Case("echo", 1))
        result.add(0, {}, {("go", "main"): "died"})
        [run] = result.runs(["weft", "go"])
        self.assertEqual((run["server"], run["failure"], run["cpu_us_per_request"]), ("go", "died", None))
        self.assertIn("FAILED: go: died", table.of_case("x", [run]))


class Groups(unittest.TestCase):
    def test_epoll_takes_part_twice(self):
        group = measure.Case("echo", 50).groups(["weft", "epoll"])
        self.assertEqual(group, [[("weft", "main"), ("epoll", "main"), ("epoll", "control")]])

    def test_without_epoll_there_is_no_control(self):
        self.assertEqual(measure.Case("echo", 50).groups(["weft"]), [[("weft", "main")]])

    def test_idle_servers_are_alone_with_themselves(self):
        case = measure.Case("idle", 1, idle=100)
        self.assertEqual(len(case.groups(["weft", "epoll"])), 2)
        self.assertEqual((case.idle_of("main"), case.idle_of("without_idle")), (100, 0))

    def test_descriptors_cover_all_connections_of_a_group(self):
        self.assertGreater(measure.Case("echo", 1000).descriptors(["weft", "epoll"]), 3000)


class Parsers(unittest.TestCase):
    def test_perf_counts_what_has_no_tracepoint_of_its_own_as_other(self):
        text = "1000;;syscalls:sys_enter_recvfrom;1;100.00;;\n7;;syscalls:sys_enter_futex;1;100.00;;\n" \
               "1010;;raw_syscalls:sys_enter;1;100.00;;\n"
        self.assertEqual(syscalls.parse_perf(text), {"recvfrom": 1000, "futex": 7, "other": 3})

    def test_perf_that_may_not_count_gives_nothing(self):
        self.assertEqual(syscalls.parse_perf("<not supported>;;raw_syscalls:sys_enter;0;0.00;;\n"), {})

    def test_strace_has_begun_when_all_threads_are_traced_and_not_before(self):
        libc = ctypes.CDLL(None)
        free = subprocess.Popen(["sleep", "60"])
        traced = subprocess.Popen(["sleep", "60"], preexec_fn=lambda: libc.ptrace(0, 0, 0, 0))  # PTRACE_TRACEME
        try:
            self.assertTrue(syscalls.strace_begun(free, [traced.pid]))
            self.assertFalse(syscalls.is_traced(free.pid))
        finally:
            # Popen would take the stop of a traced process for its end.
            os.kill(traced.pid, signal.SIGKILL)
            traced.wait()
            free.kill()
            free.wait()
        self.assertFalse(syscalls.strace_begun(free, [os.getpid()]), "a tracer that has ended")

    def test_strace_tells_calls_that_failed(self):
        text = "     calls    errors syscall\n------ ------\n  2000   900 recvfrom\n  1100       sendto\n  3100   900 total\n"
        self.assertEqual(syscalls.parse_strace(text), {"recvfrom": 2000, "recvfrom failed": 900, "sendto": 1100})

    def test_rare_calls_are_no_part_of_a_request(self):
        self.assertEqual(syscalls.per_request({"send": 1000, "recv": 2000, "close": 3}, 1000), {"recv": 2.0, "send": 1.0})

    def test_another_server_is_a_name_and_a_command_with_a_port(self):
        kind = servers.custom("mine=./server --listen 127.0.0.1:{port} 'a b'")
        self.assertEqual(kind.command, ["./server", "--listen", "127.0.0.1:{port}", "a b"])
        for bad in ("mine", "mine=./server", "=./server {port}", "a b=./server {port}"):
            with self.assertRaises(ValueError, msg=bad):
                servers.custom(bad)


class Options(unittest.TestCase):
    BAD = {
        "--conns": ("0", "x", "50,,1000", "-5"),
        "--size": ("0", "64k"),
        "--depth": ("0", "1.5"),
        "--rounds": ("0", "many"),
        "--seconds": ("0", "1s"),
        "--peers": ("nginx", "epoll,nginx"),
        "--peer": ("mine", "epoll=./server {port}"),
    }

    def run_with(self, program, *arguments):
        return subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=60, check=False)

    def test_a_bad_value_names_the_option_and_its_form_and_ends_with_2(self):
        for option, values in self.BAD.items():
            for value in values:
                done = self.run_with(ECHO / "run.sh", "--no-install", option, value)
                self.assertEqual(done.returncode, 2, (option, value, done.stderr))
                self.assertRegex(done.stderr, re.escape(option) + ".*needs .+, not '", (option, value))

    def test_unknown_options_and_missing_values_end_with_2(self):
        for arguments in (["--wat"], ["--size"], ["--conns", "none"], ["stray"]):
            done = self.run_with(ECHO / "run.sh", "--no-install", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertIn(arguments[0], done.stderr)

    def test_help_ends_with_0(self):
        done = self.run_with(ECHO / "run.sh", "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--install-peers", done.stdout)


class Page(unittest.TestCase):
    def report(self):
        rounds = [{("weft", "main"): 5.1, ("epoll", "main"): 5.0, ("epoll", "control"): 5.3, ("evil", "main"): 9.0}] * 3
        runs = collected(rounds).runs(["weft", "epoll", "evil"])
        return {"machine": {"processor": "a processor", "cores": 2, "server_cpu": 0, "generator_cpu": 1},
                "labels": {"evil": "</script><b>evil"}, "versions": {"weft": "weft 0", "evil": None}, "runs": runs}

    def test_it_needs_no_network(self):
        found = re.findall(r"<link|(?:src|href)=.{20}|@import|url\(.{20}|https?://.{20}", report.page(self.report()))
        self.assertEqual(found, [])

    def test_it_shows_the_ratio_and_that_a_void_run_is_void(self):
        page = report.page(self.report())
        for text in ("This run is void", "<b>0.99×</b>"):
            self.assertTrue(text in page, text)
        self.assertEqual(page.count("<svg"), 2)

    def test_names_cannot_break_out_of_it(self):
        page = report.page(self.report())
        for text in ("</script><b>", "<b>evil"):
            self.assertFalse(text in page, text)

    def test_a_run_without_ratios_still_has_a_page(self):
        runs = collected([{("weft", "main"): 5.1}]).runs(["weft"])
        self.assertTrue("Requests per second" in report.page({"runs": runs}))

    def test_a_run_where_everything_failed_still_has_a_page(self):
        result = statistics.Collected(measure.Case("echo", 1))
        result.add(0, {}, {("go", "main"): "died"})
        self.assertTrue("go failed: died" in report.page({"runs": result.runs(["go"])}))


class Charts(unittest.TestCase):
    def test_ticks_are_round_and_reach_the_largest_value(self):
        for most in (0.013, 0.9, 1.02, 4.4, 17, 350_000):
            ticks = charts.nice_ticks(most)
            self.assertGreaterEqual(ticks[-1], most * 0.999)
            self.assertLess(ticks[-1], most * 2)

    def test_durations_are_in_the_unit_that_fits(self):
        self.assertEqual([charts.duration(value) for value in (0.5, 12.34, 1500, 2.5e6)],
                         ["0.5 µs", "12.3 µs", "1.5 ms", "2.5 s"])


if __name__ == "__main__":
    unittest.main()
