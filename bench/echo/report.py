#!/usr/bin/env python3
"""Writes the JSON of compare.py as one self-contained page: report.py IN.json OUT.html"""
import json
import pathlib
import sys

from driver import charts
from driver.charts import duration, escape, plain

STYLE = pathlib.Path(__file__).resolve().parent / "driver" / "style.css"

METHOD = """
<ul>
<li><b>The same work for all.</b> Every server reads into a buffer of 16&nbsp;KiB and writes back what it got; every connection
has <code>TCP_NODELAY</code>; every listener asks for a backlog of 1024 (the system allows {somaxconn}). Each is the small program
that its runtime's users would write, in <code>bench/echo/peers/</code>. Two cannot be told: Node reads into 64&nbsp;KiB buffers of
its own, and Go takes the system's limit as backlog.</li>
<li><b>One core each.</b> {pinning} All servers are single-threaded (Go by <code>GOMAXPROCS=1</code>), but for the one with a
thread per connection, whose threads share that core.</li>
<li><b>In turns.</b> Within a round all servers run at once, but only one is loaded: they take turns of 40 to 100&nbsp;ms in an order
that changes from turn to turn. Whatever disturbs the machine so disturbs all of them. Each round starts all servers afresh.</li>
<li><b>Ratios within the round.</b> A server's figure is divided by that of hand-written epoll in the same round. What is shown is
the median of these ratios over the rounds, with the quartiles beside it and a dot per round in the charts.</li>
<li><b>A control.</b> Epoll runs twice in each round. When it differs from itself by more than 2&nbsp;% (median), the run is void
and says so.</li>
<li><b>CPU time</b> is what the scheduler has charged to the server's process, in nanoseconds, over exactly the measured time,
divided by the messages echoed in it. It includes the kernel's work for the server, which is nearly all of it.</li>
<li><b>The generator</b> is one thread on raw epoll that checks every byte. It is closed-loop: a connection sends its next message
when the last has come back. Where it is the bottleneck, requests per second and latencies are its own, and the page says so.</li>
</ul>
"""


def kind_of(run):
    return run["server"] if run["server"] in ("weft", "epoll") else "other"


def usable(runs):
    return [run for run in runs if run.get("requests_per_second")]


def case_title(run):
    load = (f"{run['connections']:,} connection{'s' * (run['connections'] != 1)}, {run['message_bytes']:,}-byte messages, "
            f"depth {run['depth']}")
    if run.get("case") == "fairness":
        return "Fairness: " + load + ", beside a hog"
    if run.get("case") == "idle":
        return f"{run['idle_connections']:,} idle connections and {run['connections']} active"
    return load


def case_intro(run):
    if run.get("case") == "fairness":
        return ("One further connection pipelines 4&nbsp;KB messages 256 deep and never stops. A server that lets a connection "
                "go on for as long as it has something to read starves the others.")
    if run.get("case") == "idle":
        return "Does a connection cost more because ten thousand others are open and silent?"
    return ""


def ratio_chart(runs, key, title, labelled):
    rows = []
    for run in sorted((run for run in runs if run.get(key)), key=lambda run: run[key]):
        rows.append((labelled(run), kind_of(run), run[key], f"{run[key]:.3f}", run.get(key + "_rounds") or []))
    return f'<h3>{title}</h3><div class="scroll">{charts.bars(title, rows, 1.0)}</div>' if rows else ""


def rate_chart(runs, key, title, labelled):
    rows = [(labelled(run), kind_of(run), run[key], plain(run[key]), [])
            for run in sorted((run for run in runs if run.get(key)), key=lambda run: -run[key])]
    return f'<h3>{title}</h3><div class="scroll">{charts.bars(title, rows)}</div>' if rows else ""


def latency_chart(runs, labelled):
    title = "Latency: median, 99th (large dot, the figure) and 99.9th percentile (ring), logarithmic"
    rows = [(labelled(run), kind_of(run), run["latency_us"])
            for run in sorted(runs, key=lambda run: run["latency_us"]["p99"]) if run["latency_us"]["p99"]]
    return f'<h3>{title}</h3><div class="scroll">{charts.latencies(title, rows)}</div>' if rows else ""


def spread(run, key):
    quartiles = run.get(key + "_quartiles")
    if not quartiles:
        return "–"
    if quartiles["q1"] == quartiles["q3"] == 1:
        return "1"
    return f"{quartiles['median']:.3f} <small>{quartiles['q1']:.3f}–{quartiles['q3']:.3f}</small>"


def optional(value, form=plain):
    return "–" if value is None else form(value)


def columns(runs):
    """(heading, cell) of the table of a case; what no run has is left out."""
    result = [("requests/s", lambda run: optional(run.get("requests_per_second"), lambda value: f"{value:,.0f}")),
              ("CPU µs/request", lambda run: optional(run.get("cpu_us_per_request"), lambda value: f"{value:.2f}")),
              ("to epoll", lambda run: spread(run, "ratio_to_epoll")),
              ("p50", lambda run: optional(run["latency_us"]["p50"], duration)),
              ("p99", lambda run: optional(run["latency_us"]["p99"], duration)),
              ("p99.9", lambda run: optional(run["latency_us"]["p999"], duration)),
              ("max", lambda run: optional(run["latency_us"]["max"], duration)),
              ("hog msg/s", lambda run: optional(run.get("hog_messages_per_second"), lambda value: f"{value:,.0f}")),
              ("CPU to without idle", lambda run: spread(run, "ratio_to_without_idle")),
              ("peak MB", lambda run: optional(run.get("rss_bytes"), lambda value: plain(value / 1e6))),
              ("errors", lambda run: str(run.get("errors", 0)))]
    return [(heading, cell) for heading, cell in result if any(cell(run) != "–" for run in runs)]


def table(runs, labelled):
    shown = columns(runs)
    head = "".join(f"<th>{escape(heading)}</th>" for heading, _ in [("server", None), *shown])
    body = ""
    for run in runs:
        cells = "".join(f"<td>{cell(run)}</td>" for _, cell in shown)
        body += f'<tr class="{kind_of(run)}"><td>{escape(labelled(run))}</td>{cells}</tr>'
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def syscall_table(runs, labelled):
    rows = "".join(
        f'<tr class="{kind_of(run)}"><td>{escape(labelled(run))}</td><td>{sum(run["syscalls_per_request"].values()):.2f}</td>'
        f'<td class="left">{escape(", ".join(f"{name} {share:.2f}" for name, share in run["syscalls_per_request"].items()))}</td></tr>'
        for run in runs if run.get("syscalls_per_request"))
    if not rows:
        return ""
    return ("<details><summary>System calls per request</summary><table><tr><th>server</th><th>in all</th>"
            f'<th class="left">of which</th></tr>{rows}</table></details>')


def warnings(runs, labelled):
    for run in runs:
        control = run.get("control")
        if control and control["void"]:
            yield (f"This run is void: epoll differs from itself by {abs(control['cpu_ratio']['median'] - 1) * 100:.1f} % "
                   "(median), which is more than 2 %. Repeat it on a quieter machine or with more rounds.")
        if run.get("failure"):
            yield f"{labelled(run)} failed: {run['failure']}"
        elif run.get("errors"):
            kinds = ", ".join(f"{count} {kind}" for kind, count in run.get("errors_by_kind", {}).items())
            yield f"{labelled(run)}: {run['errors']} errors ({kinds})"


def control_note(runs):
    for run in runs:
        control = run.get("control")
        if control and control["cpu_ratio"]:
            ratio = control["cpu_ratio"]
            return f"Epoll to itself: {ratio['median']:.3f} (quartiles {ratio['q1']:.3f}–{ratio['q3']:.3f}). "
    return ""


def bottleneck_note(runs, labelled):
    bound = [labelled(run) for run in runs if run.get("generator_is_bottleneck")]
    if not bound:
        return ""
    return f"The generator was the bottleneck with {escape(', '.join(bound))}: requests per second and latencies are its own. "


def case_section(runs, labelled):
    done = usable(runs)
    parts = [f"<h2>{escape(case_title(runs[0]))}</h2>"]
    if case_intro(runs[0]):
        parts.append(f'<p class="soft">{case_intro(runs[0])}</p>')
    parts += [f'<p class="warning">{escape(text)}</p>' for text in warnings(runs, labelled)]
    kind = runs[0].get("case", "echo")
    if kind == "idle":
        parts.append(ratio_chart(done, "ratio_to_without_idle", "CPU per request, over that without the idle ones", labelled))
    else:
        ratios = ratio_chart(done, "ratio_to_epoll", "Server CPU per request, over hand-written epoll (less is better)", labelled)
        if kind == "echo":
            parts.append(ratios or rate_chart(done, "requests_per_second", "Requests per second", labelled))
        parts.append(latency_chart(done, labelled))
    parts.append("<h3>Figures</h3>" + table(runs, labelled))
    parts.append(syscall_table(runs, labelled))
    note = control_note(runs) + bottleneck_note(runs, labelled)
    if note:
        parts.append(f'<p class="note">{note}</p>')
    return f'<section class="card">{"".join(parts)}</section>'


def headlines(groups):
    """What weft reached, in figures large enough to read first."""
    cards = []
    for runs in groups:
        void = any((run.get("control") or {}).get("void") for run in runs)
        for run in runs:
            if run["server"] != "weft":
                continue
            case = run.get("case", "echo")
            if case == "echo" and run.get("ratio_to_epoll"):
                cards.append((f"{run['ratio_to_epoll']:.2f}×", "the CPU per request of hand-written epoll, "
                              f"{run['connections']:,} connections", void))
            elif case == "fairness" and run.get("p99_ratio_to_epoll"):
                cards.append((duration(run["latency_us"]["p99"]), "p99 beside a connection that never stops, "
                              f"{run['p99_ratio_to_epoll']:.2f}× that under epoll", void))
            elif case == "idle" and run.get("ratio_to_without_idle"):
                cards.append((f"{run['ratio_to_without_idle']:.2f}×", f"the CPU per request with {run['idle_connections']:,} "
                              "idle connections, over that without them", void))
    text = "".join(f'<div class="headline{" void" * is_void}"><b>{escape(figure)}</b>'
                   f'<span>{escape(what)}{" (this run is void)" * is_void}</span></div>' for figure, what, is_void in cards)
    return f'<div class="headlines">{text}</div>' if text else ""


def grouped(runs):
    groups = {}
    for run in runs:
        key = (run.get("case"), run["connections"], run.get("idle_connections"), run["message_bytes"], run["depth"])
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def machine_line(machine):
    memory = f"{machine['memory_bytes'] / 2**30:.0f} GiB" if machine.get("memory_bytes") else None
    cores = f"{machine['cores']} core{'s' * (machine['cores'] != 1)}" if machine.get("cores") else None
    kernel = f"Linux {machine['kernel']}" if machine.get("kernel") else None
    parts = [machine.get("processor"), cores, memory, machine.get("system"), kernel,
             machine.get("time", "").replace("T", " ").replace("Z", " UTC")]
    return " · ".join(escape(part) for part in parts if part)


def method(machine):
    server, generator = machine.get("server_cpu"), machine.get("generator_cpu")
    if server is None:
        return ""
    pinning = (f"The servers are pinned to core {server}, the generator to core {generator}." if server != generator else
               "This machine has a single core, which server and generator share: requests per second and latencies are those "
               "of both together.")
    return ('<section class="card"><h2>How it is measured</h2>'
            + METHOD.format(somaxconn=machine.get("somaxconn", "?"), pinning=pinning) + "</section>")


def versions(report):
    rows = "".join(f"<tr><td>{escape(report.get('labels', {}).get(name, name))}</td>"
                   f'<td class="left">{escape(version or "not known")}</td></tr>'
                   for name, version in report.get("versions", {}).items())
    if not rows:
        return ""
    return f'<section class="card"><h2>Versions</h2><table>{rows}</table></section>'


def page(report):
    """The whole page as text."""
    names = report.get("labels", {})

    def labelled(run):
        return names.get(run["server"], run["server"])

    groups = grouped(report["runs"])
    machine = report.get("machine", {})
    # No text in it can end the element early: JSON lets every character be escaped.
    data = json.dumps(report, ensure_ascii=False).replace("<", "\\u003c")
    return "".join((
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Echo servers compared</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE.read_text()}</style></head><body>",
        "<h1>Echo servers compared</h1>",
        f'<p class="soft">{machine_line(machine)}</p>',
        headlines(groups),
        *(case_section(runs, labelled) for runs in groups),
        method(machine),
        versions(report),
        f'<script type="application/json" id="data">{data}</script>',
        "</body></html>\n"))


def main():
    if len(sys.argv) != 3:
        print("usage: report.py IN.json OUT.html", file=sys.stderr)
        return 2
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    pathlib.Path(sys.argv[2]).write_text(page(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
