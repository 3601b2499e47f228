#!/usr/bin/env python3
"""Many requests through client libraries that block, each kept waiting by its server, each in a fiber of one hub: how long all
take together. Runs the programs of a build directory (target weft-shim-delayed and weft-delay-server)."""
import argparse
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys


@contextlib.contextmanager
def server(programs):
    """The port of a weft-delay-server."""
    with subprocess.Popen([programs / "weft-delay-server"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(programs, library, arguments):
    with server(programs) as port:
        done = subprocess.run([programs / "weft-shim-delayed", library, port, str(arguments.requests), str(arguments.delay),
                               str(arguments.rounds)], stdout=subprocess.PIPE, text=True, timeout=arguments.limit, check=True)
    rounds = [[float(figure) for figure in line.split()] for line in done.stdout.splitlines()]
    return {"library": library, "requests": arguments.requests, "delay_ms": arguments.delay,
            "seconds": statistics.median(seconds for seconds, _ in rounds),
            "cpu_seconds": statistics.median(cpu for _, cpu in rounds), "seconds_by_round": [seconds for seconds, _ in rounds]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path, nargs="?", default=pathlib.Path("build/release"), help="build/release by default")
    parser.add_argument("--libraries", default="hiredis,curl")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--delay", type=int, default=100, help="milliseconds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60, help="seconds for each library, after which the run has failed")
    parser.add_argument("--json", action="store_true", help="one line for each library, for programs")
    arguments = parser.parse_args()
    for library in arguments.libraries.split(","):
        try:
            result = measure(arguments.build / "bin", library, arguments)
        except (subprocess.SubprocessError, OSError) as failure:
            sys.exit(f"{library}: {failure}")
        if arguments.json:
            print(json.dumps(result))
        else:
            print(f"{library}: {arguments.requests} requests, {arguments.delay} ms each: {result['seconds']:.3f} s together "
                  f"(median of {arguments.rounds} rounds), of which {result['cpu_seconds']:.3f} s CPU")


if __name__ == "__main__":
    main()
