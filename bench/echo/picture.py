#!/usr/bin/env python3
"""Draws the README's picture from the JSON of compare.py: picture.py IN.json OUT.svg"""
import argparse
import html
import json
import pathlib

WIDTH, LABEL, VALUE = 880, 190, 190
ROW, PANEL_HEAD, HEAD, MARGIN = 24, 46, 46, 16
COLOURS = {"weft": "#0b6e4f", "epoll": "#5b6770"}
OTHER = "#b9c2c9"
STYLE = "text{font-family:system-ui,Helvetica,Arial,sans-serif;fill:#1d2429;font-size:13px}.small{font-size:11.5px;fill:#56616a}" \
        ".title{font-size:17px;font-weight:600}.case{font-weight:600}.weft{font-weight:700}"


def text(x, y, content, kind="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{html.escape(content)}</text>'


def panels(report):
    """(connections, runs with the cheapest first) of each plain case."""
    cases = {}
    for run in report["runs"]:
        if run.get("case", "echo") == "echo" and run.get("cpu_us_per_request"):
            cases.setdefault(run["connections"], []).append(run)
    return [(count, sorted(runs, key=lambda run: run["cpu_us_per_request"])) for count, runs in sorted(cases.items())]


def figure(run):
    ratio = run.get("ratio_to_epoll")
    beside = f"  ({ratio:.2f} of epoll)" if ratio and run["server"] != "epoll" else ""
    return f"{run['cpu_us_per_request']:.2f} µs{beside}"


def panel(count, runs, labels, most, top):
    first = runs[0]
    yield text(MARGIN, top + 26, f"{count:,} connections, {first['message_bytes']}-byte messages, one in flight on each", "case")
    scale = (WIDTH - LABEL - VALUE - 2 * MARGIN) / most
    for row, run in enumerate(runs):
        y = top + PANEL_HEAD - 8 + row * ROW
        name = run["server"]
        kind = "weft" if name == "weft" else ""
        yield text(LABEL + MARGIN - 10, y + 15, labels.get(name, name), kind, "end")
        width = run["cpu_us_per_request"] * scale
        yield (f'<rect x="{LABEL + MARGIN}" y="{y + 2}" width="{width:.1f}" height="{ROW - 6}" rx="2" '
               f'fill="{COLOURS.get(name, OTHER)}"/>')
        yield text(f"{LABEL + MARGIN + width + 8:.1f}", y + 15, figure(run), kind)


def captions(report, cases):
    machine = report["machine"]
    rounds = len(cases[0][1][0]["rounds"])
    yield (f"Made by {report['command']}, medians of {rounds} interleaved rounds, server and generator on one core each. "
           f"{machine['time'][:10]}.")
    yield f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}, {machine['system']}."
    if any((run.get("control") or {}).get("void") for _, runs in cases for run in runs):
        yield "Void: epoll, measured twice, differs from itself by more than 2 %."


def draw(report):
    cases = panels(report)
    if not cases:
        raise SystemExit("picture.py: no plain case (--conns) in this JSON")
    most = max(run["cpu_us_per_request"] for _, runs in cases for run in runs)
    parts, top = [], HEAD
    for count, runs in cases:
        parts += panel(count, runs, report["labels"], most, top)
        top += PANEL_HEAD + ROW * len(runs)
    lines = list(captions(report, cases))
    parts += [text(MARGIN, top + 20 + 17 * number, line, "small") for number, line in enumerate(lines)]
    height = top + 20 + 17 * len(lines)
    title = "Echo servers: CPU time of the server per request (less is better)"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{title}">',
        f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(MARGIN, 30, title, "title"), *parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", type=pathlib.Path)
    parser.add_argument("svg", type=pathlib.Path)
    options = parser.parse_args()
    options.svg.write_text(draw(json.loads(options.json.read_text())))


if __name__ == "__main__":
    main()
