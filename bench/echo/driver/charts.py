"""Charts as inline SVG. Colours come from the page's style sheet, by class, so that light and dark both work."""
import html
import math

WIDTH = 920
LABEL = 190  # room for the names of the servers
VALUE = 116  # and for the figures at the right
ROW = 30
TOP = 26
BOTTOM = 10


def escape(text):
    return html.escape(str(text), quote=True)


def nice_ticks(most, count=5):
    """Round numbers from 0 to at least `most`."""
    raw = most / count
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw)
    return [step * index for index in range(math.ceil(most / step - 1e-9) + 1)]


def log_ticks(least, most):
    """1, 2 and 5 times the powers of ten within the range, thinned when there are many of them."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    ticks = [factor * 10.0 ** power for power in powers for factor in ((1, 3) if len(powers) <= 4 else (1,))]
    return [tick for tick in ticks if least <= tick <= most]


def plain(value):
    """A figure without noise digits: 0.85, 12.4, 1,300."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(microseconds):
    """Microseconds in the unit that fits."""
    if microseconds >= 1e6:
        return plain(microseconds / 1e6) + " s"
    if microseconds >= 1e3:
        return plain(microseconds / 1e3) + " ms"
    return plain(microseconds) + " µs"


class Plot:
    """Horizontal rows, one per server, on one axis."""

    def __init__(self, title, rows, position):
        self.height = TOP + ROW * rows + BOTTOM
        self.position = position
        self.parts = [f'<svg viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{escape(title)}">']

    def axis(self, ticks, text):
        for tick in ticks:
            x = self.position(tick)
            self.parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{self.height - BOTTOM}"/>'
                              f'<text class="tick" x="{x:.1f}" y="{TOP - 10}" text-anchor="middle">{escape(text(tick))}</text>')

    def middle(self, row):
        return TOP + ROW * row + ROW / 2

    def name(self, row, text, kind):
        self.parts.append(f'<text class="name {kind}" x="{LABEL - 12}" y="{self.middle(row) + 4:.1f}" '
                          f'text-anchor="end">{escape(text)}</text>')

    def value(self, row, text, kind):
        self.parts.append(f'<text class="value {kind}" x="{WIDTH - 4}" y="{self.middle(row) + 4:.1f}" '
                          f'text-anchor="end">{escape(text)}</text>')

    def bar(self, row, value, kind, tip):
        x = self.position(value)
        self.parts.append(f'<rect class="bar {kind}" x="{LABEL}" y="{self.middle(row) - 8:.1f}" height="16" rx="2" '
                          f'width="{max(x - LABEL, 1):.1f}"><title>{escape(tip)}</title></rect>')

    def span(self, row, low, high, kind):
        y = self.middle(row)
        self.parts.append(f'<line class="span {kind}" x1="{self.position(low):.1f}" x2="{self.position(high):.1f}" '
                          f'y1="{y:.1f}" y2="{y:.1f}"/>')

    def dot(self, row, value, kind, radius, tip=""):
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(f'<circle class="dot {kind}" cx="{self.position(value):.1f}" cy="{self.middle(row):.1f}" '
                          f'r="{radius}">{title}</circle>')

    def mark(self, value):
        """A line across all rows: the reference."""
        x = self.position(value)
        self.parts.append(f'<line class="reference" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{self.height - BOTTOM}"/>')

    def text(self):
        return "".join(self.parts) + "</svg>"


def linear(most):
    scale = (WIDTH - LABEL - VALUE) / most
    return lambda value: LABEL + value * scale


def logarithmic(least, most):
    low, high = math.log10(least), math.log10(most)
    scale = (WIDTH - LABEL - VALUE) / max(high - low, 1e-9)
    return lambda value: LABEL + (math.log10(min(max(value, least), most)) - low) * scale


def bars(title, rows, reference=None):
    """rows: (name, kind, value, text, dots): a bar up to the median with the rounds as dots on it."""
    most = max(max([value, *dots]) for _, _, value, _, dots in rows)
    typical = max(value for _, _, value, _, _ in rows)
    ticks = nice_ticks(min(most, 1.25 * typical))  # one wild round must not flatten all the others
    plot = Plot(title, len(rows), linear(ticks[-1]))
    plot.axis(ticks, plain)
    for row, (name, kind, value, text, dots) in enumerate(rows):
        plot.name(row, name, kind)
        plot.bar(row, value, kind, f"{name}: {text}")
        for dot in dots:
            plot.dot(row, min(dot, ticks[-1]), "round", 2)
        plot.value(row, text, kind)
    if reference is not None:
        plot.mark(reference)
    return plot.text()


def latencies(title, rows):
    """rows: (name, kind, {"p50", "p99", "p999"}): three points each on a logarithmic axis."""
    values = [latency[key] for _, _, latency in rows for key in ("p50", "p99", "p999") if latency[key] > 0]
    least, most = min(values) * 0.8, max(values) * 1.1
    plot = Plot(title, len(rows), logarithmic(least, most))
    plot.axis(log_ticks(least, most), duration)
    for row, (name, kind, latency) in enumerate(rows):
        plot.name(row, name, kind)
        plot.span(row, latency["p50"], latency["p999"], kind)
        plot.dot(row, latency["p999"], kind + " hollow", 3.5, f"{name}: p99.9 {duration(latency['p999'])}")
        plot.dot(row, latency["p99"], kind, 5.5, f"{name}: p99 {duration(latency['p99'])}")
        plot.dot(row, latency["p50"], kind, 3.5, f"{name}: p50 {duration(latency['p50'])}")
        plot.value(row, duration(latency["p99"]), kind)
    return plot.text()
