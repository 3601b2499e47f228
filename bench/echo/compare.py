#!/usr/bin/env python3
"""Compares echo servers: interleaved rounds, each side pinned to a core, ratios taken within each round."""
import argparse
import json
import os
import pathlib
import platform
import random
import resource
import shlex
import signal
import sys
import time

import picture
import report as report_page
from driver import measure, servers, statistics, syscalls, table

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def numbers(text):
    """1 or more whole numbers separated by commas; `none` is an empty list."""
    if text == "none":
        return []
    values = [int(part) for part in text.split(",")]
    if not values or min(values) < 1:
        raise ValueError(text)
    return values


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n(--help lists the options)\n")


def checked(convert, form):
    """An argparse type whose refusal says what the valid form is."""
    def parse(text):
        try:
            return convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"needs {form}, not '{text}'") from None
    return parse


def within(convert, least, most):
    def parse(text):
        value = convert(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value
    return parse


def parser():
    result = Parser(description=__doc__, allow_abbrev=False)
    whole = checked(within(int, 1, 10**8), "a whole number from 1")
    result.add_argument("--build", default=str(ROOT / "build" / "release"), metavar="DIR",
                        help="build folder with the programs (default build/release)")
    result.add_argument("--conns", default=[50, 1000], metavar="N,N,…",
                        type=checked(numbers, "whole numbers separated by commas, as in 50,1000, or none"),
                        help="numbers of connections, one table each (default 50,1000; none leaves these out)")
    result.add_argument("--size", default=64, type=whole, metavar="BYTES", help="message size (default 64)")
    result.add_argument("--depth", default=1, type=whole, metavar="N",
                        help="messages in flight per connection (default 1)")
    result.add_argument("--rounds", default=9, type=whole, metavar="N", help="interleaved rounds (default 9)")
    result.add_argument("--seconds", default=1.0, metavar="S",
                        type=checked(within(float, 0.05, 3600), "seconds from 0.05 to 3600"),
                        help="measured time of each server in each round (default 1)")
    result.add_argument("--peers", default="all", metavar="all|none|NAME,…",
                        help="servers beside weft: " + ", ".join(servers.ALL_NAMES[1:]) + " (default all that are built)")
    result.add_argument("--peer", action="append", default=[], metavar="NAME='COMMAND {port}'",
                        type=checked(servers.custom, "NAME='COMMAND {port}', as in mine='./server {port}'"),
                        help="adds any other server; COMMAND must listen on 127.0.0.1:{port}")
    result.add_argument("--fairness", action="store_true",
                        help="adds the case of ten connections beside one that pipelines without end")
    result.add_argument("--idle", action="store_true",
                        help="adds the case of one active connection beside 10,000 idle ones")
    result.add_argument("--check-options", action="store_true", help="only says what is wrong with the options")
    result.add_argument("--json", metavar="FILE", help="where the JSON goes (default DIR/echo/echo.json)")
    result.add_argument("--html", metavar="FILE", help="where the page goes (default DIR/echo/echo.html)")
    result.add_argument("--svg", metavar="FILE", help="also draws the picture of the project's README")
    return result


def check(options, argument_parser):
    """Refuses what argparse cannot see."""
    for name in named_peers(options):
        if name not in servers.ALL_NAMES:
            argument_parser.error(f"argument --peers: needs all, none or names out of "
                                  f"{', '.join(servers.ALL_NAMES[1:])}, separated by commas, not '{name}'")
    names = [kind.name for kind in options.peer]
    for name in names:
        if name in servers.ALL_NAMES or names.count(name) > 1:
            argument_parser.error(f"argument --peer: needs a name that is not taken, not '{name}'")
    if not options.conns and not options.fairness and not options.idle:
        argument_parser.error("argument --conns: needs numbers, or none together with --fairness or --idle")


def named_peers(options):
    return [] if options.peers in ("all", "none") else options.peers.split(",")


def choose(options, argument_parser):
    """The servers to compare, by name, in the order of the tables."""
    built = servers.known(options.build)
    for name in named_peers(options):
        if name not in built:
            argument_parser.error(f"argument --peers: {name} is not built (--install-peers installs what it needs)")
    chosen = {name: kind for name, kind in built.items()
              if options.peers == "all" or name == "weft" or name in named_peers(options)}
    chosen.update({kind.name: kind for kind in options.peer})
    if not chosen:
        argument_parser.error(f"argument --build: needs a build folder with servers in it, not '{options.build}'")
    return chosen


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return float("inf") if hard == resource.RLIM_INFINITY else hard


def cases_of(options):
    cases = [measure.Case("echo", count, options.size, options.depth) for count in options.conns]
    if options.fairness:
        cases.append(measure.Case("fairness", 10))
    if options.idle:
        cases.append(measure.Case("idle", 1, idle=10_000))
    return cases


def check_descriptors(cases, names, limit, argument_parser):
    for case in cases:
        needed = case.descriptors(names)
        if needed > limit:
            argument_parser.error(f"{case.title()}, {len(names)} servers: needs {needed} descriptors, the limit is {limit}; "
                                  "raise it (ulimit -n) or compare fewer servers (--peers)")


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def collect(bench, chosen, cases, rounds):
    """Round by round, all cases in each; a server that failed is left out of the rest of its case."""
    collected = [statistics.Collected(case) for case in cases]
    for number in range(rounds):
        for one in collected:
            names = [name for name in chosen if name not in one.failures]
            for group in one.case.groups(names):
                progress(f"round {number + 1} of {rounds}: {one.case.title()}: {', '.join(dict(group))}")
                random.shuffle(group)  # also the order in which they are started
                one.add(number, *bench.measure(one.case, chosen, group))
    progress("")
    return collected


def count_syscalls(bench, chosen, collected):
    """In the first case of the plain kind, for each server that got through it."""
    for one in collected:
        if one.case.kind == "echo":
            for name, kind in chosen.items():
                if name not in one.failures:
                    progress(f"system calls: {name}")
                    one.syscalls[name] = syscalls.count(bench, kind, one.case)
            break
    progress("")


def machine(bench):
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "server_cpu": bench.server_cpu,
        "generator_cpu": bench.generator_cpu,
        "somaxconn": int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text()),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def write(what, path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(f"{what}: {path}")


def command(arguments):
    """How to get these figures again: without where the results go."""
    shown = ["bench/echo/run.sh"]
    places = ("--json", "--html", "--svg", "--build")
    for before, argument in zip(["", *arguments], arguments):
        if before not in places and argument.split("=")[0] not in places:
            shown.append(argument)
    return shlex.join(shown)


def main():
    argument_parser = parser()
    options = argument_parser.parse_args()
    check(options, argument_parser)
    if options.check_options:
        return 0
    chosen = choose(options, argument_parser)
    cases = cases_of(options)
    check_descriptors(cases, list(chosen), raise_descriptor_limit(), argument_parser)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    server_cpu, generator_cpu = measure.choose_cpus()
    bench = measure.Bench(options.build, options.seconds, server_cpu, generator_cpu)
    if server_cpu == generator_cpu:
        print("one core only: server and generator share it, so requests/s and latencies are those of both together")
    collected = collect(bench, chosen, cases, options.rounds)
    count_syscalls(bench, chosen, collected)
    report = {
        "machine": machine(bench),
        "labels": {name: kind.label for name, kind in chosen.items()},
        "versions": {name: kind.version() for name, kind in chosen.items()},
        "runs": [run for one in collected for run in one.runs(chosen)],
        "command": command(sys.argv[1:]),
    }
    for one in collected:
        print(table.of_case(one.case.title(), one.runs(chosen)) + "\n")
    results = pathlib.Path(options.build) / "echo"
    write("page", options.html or results / "echo.html", report_page.page(report))
    write("JSON", options.json or results / "echo.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    if options.svg:
        write("picture", options.svg, picture.draw(report))
    return 1 if any(one.failures for one in collected) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
