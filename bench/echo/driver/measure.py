"""Measurements: servers on one core, the generator on another, and what the generator says."""
import json
import os
import pathlib
import subprocess

from . import servers

DURATION_SLACK = 120
SPARE_DESCRIPTORS = 100


class Case:
    """What is done to every server: `echo`, `fairness` (beside a hog) or `idle` (beside idle connections)."""

    def __init__(self, kind, connections, message_bytes=64, depth=1, idle=0):
        self.kind = kind
        self.connections = connections
        self.message_bytes = message_bytes
        self.depth = depth
        self.idle = idle

    def title(self):
        load = f"{self.connections:,} connection{'s' * (self.connections != 1)}, {self.message_bytes} B, depth {self.depth}"
        if self.kind == "fairness":
            return f"fairness: {load}, beside one that pipelines 4 KB messages 256 deep"
        if self.kind == "idle":
            return f"idle: {load}, beside {self.idle:,} idle connections"
        return load

    def groups(self, names):
        """Which servers are loaded in turns with each other, as lists of (name, variant).

        The reference takes part twice, as its own control. Servers with idle connections are compared with themselves
        without, one server at a time, or the descriptors would not do for them all."""
        if self.kind == "idle":
            return [[(name, "main"), (name, "without_idle")] for name in names]
        return [[(name, "main") for name in names] + [("epoll", "control")] * ("epoll" in names)]

    def idle_of(self, variant):
        return 0 if variant == "without_idle" else self.idle

    def descriptors(self, names):
        group = self.groups(names)[0]
        return sum(self.connections + 1 + self.idle_of(variant) for _, variant in group) + SPARE_DESCRIPTORS

    def slice(self, seconds):
        """(measured, lead): a turn is short, so that whatever disturbs the machine disturbs all servers alike, and long
        against the time of a reply. Beside a hog there is one turn, or starving would end with it."""
        if self.kind == "fairness":
            return seconds, 0.1
        if self.connections * self.depth > 200:
            return 0.1, 0.025
        return 0.04, 0.01

    def generator_options(self, seconds):
        measured, lead = self.slice(seconds)
        options = ["--conns", self.connections, "--size", self.message_bytes, "--depth", self.depth,
                   "--seconds", seconds, "--slice", measured, "--lead", lead]
        return [str(option) for option in options] + ["--hog"] * (self.kind == "fairness")


class Bench:
    """Where things are, and how long each server is measured in a round."""

    def __init__(self, build, seconds, server_cpu, generator_cpu):
        self.generator = str(pathlib.Path(build) / "bin" / "weft-echo-raw")
        self.seconds = seconds
        self.server_cpu = server_cpu
        self.generator_cpu = generator_cpu

    def load(self, case, running, seconds):
        """Runs the generator on (server, idle connections) pairs; its results in their order."""
        targets = []
        for server, idle in running:
            pids = "".join(f",pid={pid}" for pid in server.pids)
            targets.append(f"127.0.0.1:{server.port}{pids},idle={idle}")
        # With one core for both, each side waits for the other all the time.
        repeat = ["--repeat-disturbed"] * (self.server_cpu != self.generator_cpu)
        command = [self.generator, *case.generator_options(seconds), *repeat, *targets]

        def in_child():
            os.sched_setaffinity(0, {self.generator_cpu})
            servers.end_with_parent()

        generator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                     preexec_fn=in_child, start_new_session=True)
        try:
            out, err = generator.communicate(timeout=len(targets) * seconds * 4 + DURATION_SLACK)
        except subprocess.TimeoutExpired as error:
            raise servers.Failure("the generator did not end") from error
        finally:
            if generator.poll() is None:
                generator.kill()
                generator.wait()
        if generator.returncode not in (0, 1) or not out.startswith("["):
            raise servers.Failure(f"the generator failed: {err.strip()}")
        return json.loads(out)

    def measure(self, case, kinds, group):
        """Loads the servers of a group, each started afresh: samples and failures by (name, variant)."""
        samples = {}
        failures = {}
        running = {}
        try:
            for key in group:
                try:
                    running[key] = servers.Running(kinds[key[0]], self.server_cpu)
                except servers.Failure as failure:
                    failures[key] = str(failure)
            loaded = [(server, case.idle_of(variant)) for (_, variant), server in running.items()]
            for key, said in zip(running, self.load(case, loaded, self.seconds) if loaded else []):
                server = running[key]
                if not server.alive():
                    failures[key] = "died under the load"
                elif said["requests"] == 0:
                    failures[key] = "echoed nothing: " + ", ".join(
                        f"{count} {kind}" for kind, count in said["errors_by_kind"].items())
                else:
                    samples[key] = sample(said, server.peak_rss())
        finally:
            for server in running.values():
                server.stop()
        return samples, failures


def sample(said, rss_bytes):
    """The figures of one server in one round. Beside a hog the CPU time is that of an echoed kilobyte-sized mix of
    messages and means nothing per request."""
    with_hog = "hog_messages_per_second" in said
    cpu_us = None if with_hog else said["server_cpu_seconds"] * 1e6 / said["requests"]
    keys = ["requests", "requests_per_second", "latency_us", "errors", "errors_by_kind", "server_utilisation",
            "server_waited", "generator_utilisation", "generator_waited", "slices", "disturbed_slices"]
    result = {key: said[key] for key in keys + ["hog_messages_per_second"] * with_hog}
    result["cpu_us_per_request"] = cpu_us
    result["user_us_per_request"] = cpu_us and cpu_us * said["server_user_share"]
    result["system_us_per_request"] = cpu_us and cpu_us * (1 - said["server_user_share"])
    result["rss_bytes"] = rss_bytes
    return result


def choose_cpus():
    """(server, generator): two cores, not two threads of one core where that can be had; the same one twice on a machine
    with a single core."""
    allowed = sorted(os.sched_getaffinity(0))
    first = allowed[0]
    siblings = {first}
    try:
        text = pathlib.Path(f"/sys/devices/system/cpu/cpu{first}/topology/thread_siblings_list").read_text()
        for part in text.strip().split(","):
            low, _, high = part.partition("-")
            siblings |= set(range(int(low), int(high or low) + 1))
    except (OSError, ValueError):
        pass
    others = [cpu for cpu in allowed if cpu not in siblings] or allowed[1:] or allowed
    return first, others[0]
