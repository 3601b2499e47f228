"""The text that compare.py prints: one table per case."""


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def ratio(run, key):
    spread = run.get(key + "_quartiles")
    if not spread:
        return "–"
    if spread["q1"] == spread["q3"] == 1:
        return "1"
    return f"{spread['median']:.3f}  ({spread['q1']:.3f}–{spread['q3']:.3f})"


def megabytes(value):
    return "–" if value is None else f"{value / 1e6:.1f}"


COLUMNS = (
    ("server", lambda run: run["server"]),
    ("CPU µs/request", lambda run: number(run["cpu_us_per_request"], 3)),
    ("to epoll (quartiles)", lambda run: ratio(run, "ratio_to_epoll")),
    ("requests/s", lambda run: number(run["requests_per_second"])),
    ("p50 µs", lambda run: number(run["latency_us"]["p50"])),
    ("p99 µs", lambda run: number(run["latency_us"]["p99"])),
    ("p99 to epoll (quartiles)", lambda run: ratio(run, "p99_ratio_to_epoll")),
    ("RSS MB", lambda run: megabytes(run["rss_bytes"])),
    ("errors", lambda run: str(run["errors"])),
)
HOG = ("hog msg/s", lambda run: number(run.get("hog_messages_per_second")))
IDLE = ("CPU to that without idle (quartiles)", lambda run: ratio(run, "ratio_to_without_idle"))


def lines(columns, runs):
    rows = [[title for title, _ in columns]] + [[cell(run) for _, cell in columns] for run in runs]
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  " + "  ".join(cells).rstrip()


def of_case(title, runs):
    """The table of one case, with what has to be said about it below."""
    columns = list(COLUMNS)
    if any("hog_messages_per_second" in run for run in runs):
        columns.append(HOG)
    if any("ratio_to_without_idle" in run for run in runs):
        columns.append(IDLE)
    return "\n".join([title, *lines(columns, runs), *notes(runs)])


def notes(runs):
    for run in runs:
        if run.get("control"):
            yield from control_notes(run["control"])
    bound = [run["server"] for run in runs if run["generator_is_bottleneck"]]
    if bound:
        yield (f"  the generator is the bottleneck with {', '.join(bound)}: "
               "requests/s and latencies are its own, CPU per request is not")
    disturbed = sum(run["disturbed_turns"] for run in runs)
    if disturbed:
        yield (f"  other programs took more than 2 % of a core in {disturbed} turns, which were repeated; "
               f"{sum(run['turns'] for run in runs)} count")
    counted = [run for run in runs if run.get("syscalls_per_request")]
    if counted:
        yield "  system calls per request:"
        width = max(len(run["server"]) for run in counted)
        for run in counted:
            calls = ", ".join(f"{name} {count:.2f}" for name, count in run["syscalls_per_request"].items())
            yield f"    {run['server'].ljust(width)}  {calls}"
    for run in runs:
        if run.get("failure"):
            yield f"  FAILED: {run['server']}: {run['failure']}"


def control_notes(control):
    yield "  control: epoll to itself: " + ", ".join(
        f"{what} {spread['median']:.3f} ({spread['q1']:.3f}–{spread['q3']:.3f})"
        for what, spread in (("CPU", control["cpu_ratio"]), ("p99", control["p99_ratio"])) if spread)
    if control["void"]:
        yield ("  VOID: the control differs from itself by more than 2 %, so this run says nothing. "
               "Repeat it on a quieter machine, or with more rounds.")
