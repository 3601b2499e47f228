#!/usr/bin/env python3
"""A public function that can wait carries the block Suspends, Cancel, Errors, Threads, Since, in this order."""
import re
import sys

from project import Complaints, sources

ORDER = ["Suspends", "Cancel", "Errors", "Threads", "Since"]
KEY = re.compile(r"///\s+(" + "|".join(ORDER) + r"):(\s*)(.*)")
# What a function that suspends cannot leave out: the others may have nothing to say.
NEEDED = {"Suspends", "Threads", "Since"}


def blocks(lines):
    """(first line, [(key, text)]) of each run of /// lines that holds a key."""
    keys, start = [], 0
    for number, line in enumerate(lines + [""], 1):
        stripped = line.strip()
        if stripped.startswith("///"):
            match = KEY.match(stripped)
            if match:
                start = start or number
                keys.append((match.group(1), match.group(3)))
        elif keys:
            yield start, keys
            keys, start = [], 0


def main():
    complaints = Complaints()
    count = 0
    for path in sources("include"):
        for line, entries in blocks(path.read_text().splitlines()):
            count += 1
            keys = [key for key, _ in entries]
            if keys != [key for key in ORDER if key in keys]:
                complaints.add(path, line, f"order is {', '.join(ORDER)}; here: {', '.join(keys)}")
            if "Suspends" in keys and not NEEDED <= set(keys):
                complaints.add(path, line, f"missing: {', '.join(sorted(NEEDED - set(keys)))}")
            for key, text in entries:
                if not text:
                    complaints.add(path, line, f"{key} says nothing: leave it out")
    return complaints.finish(f"{count} doc blocks")


sys.exit(main())
