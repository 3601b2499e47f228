#!/usr/bin/env python3
"""report_test.py PROGRAM: 10,000 fibers in eight kinds of wait, as the process itself shows them in its dump and its metrics."""
import json
import re
import subprocess
import sys

EACH = 1250
# Kind: (reason in the dump, function that waits).
KINDS = {
    "lock": ("mutex", "lock_it"), "listen": ("event", "listen_to"), "take": ("semaphore", "take_it"),
    "receive": ("an item of a channel", "receive_it"), "rest": ("sleep", "rest"), "read": ("readable", "read_it"),
    "hope": ("future", "hope"), "join": ("join", "join_another"), "inner": ("event", "join_another"),
}
GROUP = re.compile(r"^  (\d+) fibers: ([\w ]+?)(?: 0x\w+| fd \d+|,| of fiber).*\n    \d+ \"(\w+)\".*\n((?:      .*\n)+)", re.MULTILINE)


def main():
    out = subprocess.run([sys.argv[1], str(EACH), "report"], stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout
    dump, _, rest = out.partition("@metrics\n")
    faults = []
    seen = {}
    for count, reason, kind, frames in GROUP.findall(dump):
        seen[kind] = (int(count), reason)
        wanted = KINDS.get(kind, ("?", "?"))
        if int(count) != EACH or reason != wanted[0]:
            faults.append(f"{count} fibers of kind {kind} are said to wait for: {reason}")
        if wanted[1] not in frames:
            faults.append(f"no {wanted[1]} in the frames of {kind}:\n{frames}")
    faults += [f"no group of kind {kind}" for kind in KINDS if kind not in seen]
    if f"weft: {9 * EACH + 2} fibers on 1 hub" not in dump:
        faults.append("the sum is not right: " + dump[:100])
    if not re.search(r'^  fiber \d+ "woken": ready', dump, re.MULTILINE):
        faults.append("a fiber that has been woken is not said to be ready")

    hub = json.loads(rest.partition("\n@\n")[0])["hubs"][0]
    now = {wait["reason"]: wait["now"] for wait in hub["waits"] if wait["now"]}
    expected = {}
    for reason, _ in KINDS.values():
        expected[reason] = expected.get(reason, 0) + EACH
    expected["event"] += 1  # the one that has been woken, and has not run yet
    if now != expected:
        faults.append(f"by the metrics these wait: {now}")
    if hub["fibers"] != 9 * EACH + 1 or hub["outside_waits"] != EACH or hub["timers"] != EACH:
        faults.append(f"by the metrics: {hub['fibers']} fibers, {hub['outside_waits']} outside, {hub['timers']} timers")
    for fault in faults[:10]:
        print("FAILED:", fault)
    if faults:
        print(dump[:3000])
    return 1 if faults else 0


sys.exit(main())
