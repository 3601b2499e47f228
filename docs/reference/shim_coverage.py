#!/usr/bin/env python3
"""Writes docs/reference/shim-coverage.md from the shim's own lists; --check only says whether it is current."""
import pathlib
import sys
import textwrap

from shim_lists import overlaps, read_passed, read_table

PAGE = pathlib.Path(__file__).resolve().parent / "shim-coverage.md"
NOTE = "<!-- Written by docs/reference/shim_coverage.py from src/shim/table.def and src/shim/passed.txt; change them instead. -->"
INTRODUCTION = """\
The C library has some 2,400 functions. The shim defines those that would stop a hub where a fiber alone can wait, and those
that say what becomes of a descriptor, a child or a lock. It leaves the others alone, each for a reason that stands here; a test
compares the lists with what the library exports, so that none is forgotten. Names may be shell patterns; `name@2.38` is in glibc
from that version on, all others are in glibc 2.36."""
GROUPS = {
    "socket": "Reading, writing and connecting, on everything that can be polled: sockets, pipes, terminals, eventfd, timerfd, "
              "signalfd, inotify, message queues. The fiber waits for readiness.",
    "poll": "Waiting for many descriptors. An epoll instance of the program's stays a real one.",
    "time": "Sleeping and giving way.",
    "dns": "Names and addresses: asked by the library itself, in the threads of the resolver's pool.",
    "process": "Children: their ends, and starting them.",
    "locks": "Locks, of files, threads and C11. They are tried for real; where they are taken, the fiber waits and the hub goes on.",
    "stdio": "Input of stdio. A call on a stream whose buffer is empty waits for readiness first.",
    "signal": "Waiting for signals; and handlers: until one returns or is left by `longjmp`, every call in it is the library's own.",
    "book": "What the hubs have to hear of: descriptors that come, change and end, and children.",
    "file": "Regular files, in threads of a pool. Off unless it is asked for.",
    "keys": "Keys of threads become keys of fibers. Off unless it is asked for.",
}
KINDS = {
    "calm": ("Left alone: never waits",
             "They wait for nothing, or no longer than the kernel needs for its answer."),
    "waits": ("Left alone: may wait",
              "In a fiber these stop its hub until they return. What to do instead stands with each reason."),
    "inside": ("Cannot be reached: waits inside the library",
               "The library calls the kernel from its own code, which looks up no name that a shim could define: defining `poll` "
               "does not change what these do."),
}
BEYOND = """\
## Cannot be reached: no name at all

- System calls made by an instruction of the program's own, and not by `syscall()`: so does Go, and so do users of `io_uring`.
- Programs without a dynamic linker (static ones) and those for which it ignores `LD_PRELOAD` (setuid, and with capabilities).
- What the kernel answers without being entered (the vDSO's clocks); it does not wait either.
- Functions that a program takes from the library itself, by `dlsym` with the handle of `libc.so.6`."""


def block(words):
    lines = textwrap.wrap(" ".join(words), 118, break_long_words=False, break_on_hyphens=False)
    return "```text\n" + "\n".join(lines) + "\n```"


def handled(rows):
    unknown = {row.group for row in rows} - GROUPS.keys()
    if unknown:
        sys.exit(f"docs/reference/shim_coverage.py: no sentence for the group {', '.join(sorted(unknown))}")
    parts = ["## Handled", "By the groups that `WEFT_SHIM` and `weft::shim::enable` name. In parentheses: other names of the same function."]
    for group, sentence in GROUPS.items():
        words = []
        for row in rows:
            if row.group == group and row.canonical == row.name:
                others = [other.name for other in rows if other.canonical == row.name and other is not row]
                words.append(f"{row.name} ({', '.join(others)})" if others else row.name)
        if words:
            parts += [f"### `{group}`", sentence, block(words)]
    return parts


def passed(sections):
    unknown = {section.kind for section in sections} - KINDS.keys()
    if unknown:
        sys.exit(f"docs/reference/shim_coverage.py: no title for the kind {', '.join(sorted(unknown))}")
    parts = []
    for kind, (title, sentence) in KINDS.items():
        parts += [f"## {title}", sentence]
        for section in sections:
            if section.kind == kind:
                words = [entry.text + ("@" + entry.since if entry.since else "") for entry in section.entries]
                parts += [f"**{section.key}.** {section.reason}", block(words)]
    return parts


def main():
    rows, sections = read_table(), read_passed()
    both = overlaps(rows, sections)
    for name, words in both.items():
        print(f"src/shim/passed.txt: {name} is in table.def; take it out here: {words}")
    if both:
        return 1
    parts = ["# What the shim handles", NOTE, INTRODUCTION] + handled(rows) + passed(sections) + [BEYOND]
    text = "\n\n".join(parts) + "\n"
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print("docs/reference/shim-coverage.md is not what the shim's lists say: run docs/reference/shim_coverage.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
