#!/usr/bin/env python3
"""A thousand requests on connections that are open already, each kept waiting for 100 ms: delayed_test.py DELAYED_PY BUILD LIBRARY.
The benchmark's programs, asked for right answers and for overlap; how fast they are is the benchmark's matter."""
import json
import subprocess
import sys

LIMIT = 20


def main():
    script, build, library = sys.argv[1:]
    done = subprocess.run([sys.executable, "-B", script, build, "--libraries", library, "--rounds", "2", "--json", "--limit", str(LIMIT)],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit("the benchmark has failed")
    result = json.loads(done.stdout)
    in_turn = result["requests"] * result["delay_ms"] / 1000
    print(f"{result['requests']} requests: {result['seconds']:.2f} s together, the delays alone take {in_turn:.0f} s in turn")
    if result["requests"] != 1000 or result["seconds"] > in_turn / 4:
        sys.exit("the requests do not overlap")


if __name__ == "__main__":
    main()
