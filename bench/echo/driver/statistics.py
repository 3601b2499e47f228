"""From rounds to the figures of a run: medians, and ratios that are taken within each round."""
import statistics as numbers

# A run is void when the reference, measured twice in each round, differs from itself by more than this (median).
CONTROL_LIMIT = 0.02
GENERATOR_BOUND = 0.95


def quartiles(values):
    """{"q1", "median", "q3"} of a list, None for an empty one."""
    if not values:
        return None
    if len(values) == 1:
        return {"q1": values[0], "median": values[0], "q3": values[0]}
    first, middle, third = numbers.quantiles(values, n=4, method="inclusive")
    return {"q1": first, "median": middle, "q3": third}


def median(values):
    values = [value for value in values if value is not None]
    return numbers.median(values) if values else None


def cpu(sample):
    return sample["cpu_us_per_request"]


def p99(sample):
    return sample["latency_us"]["p99"]


class Collected:
    """All samples of one case: by server, variant and round."""

    def __init__(self, case):
        self.case = case
        self.samples = {}  # (name, variant) -> {round: sample}
        self.failures = {}  # name -> text
        self.syscalls = {}  # name -> calls per request, None where they cannot be counted

    def add(self, number, samples, failures):
        for key, sample in samples.items():
            self.samples.setdefault(key, {})[number] = sample
        for (name, _), text in failures.items():
            self.failures[name] = text

    def of(self, name, variant="main"):
        return self.samples.get((name, variant), {})

    def ratios(self, rounds, variants, pick):
        """Per round, the figure over the mean of those of the variants; rounds that lack one of them are left out."""
        result = []
        for number, sample in rounds.items():
            base = [pick(self.samples[variant][number]) for variant in variants
                    if number in self.samples.get(variant, {})]
            if base and None not in base and min(base) > 0:
                result.append(pick(sample) / numbers.mean(base))
        return result

    def control(self):
        """How far epoll is from itself; None where it did not run twice."""
        second = self.of("epoll", "control")
        cpu_ratio = quartiles(self.ratios(second, [("epoll", "main")], cpu))
        p99_ratio = quartiles(self.ratios(second, [("epoll", "main")], p99))
        if p99_ratio is None:
            return None
        return {"cpu_ratio": cpu_ratio, "p99_ratio": p99_ratio,
                "void": cpu_ratio is not None and abs(cpu_ratio["median"] - 1) > CONTROL_LIMIT}

    def runs(self, order):
        return [self.run(name) for name in order if self.of(name) or name in self.failures]

    def run(self, name):
        by_round = self.of(name)
        rounds = [by_round[number] for number in sorted(by_round)]
        run = {"server": name, "case": self.case.kind, "connections": self.case.connections,
               "idle_connections": self.case.idle, "message_bytes": self.case.message_bytes, "depth": self.case.depth}
        run.update(figures(rounds))
        references = [("epoll", "main"), ("epoll", "control")]
        self._ratio(run, "ratio_to_epoll", by_round, references, cpu)
        self._ratio(run, "p99_ratio_to_epoll", by_round, references, p99)
        if self.case.kind == "idle":
            self._ratio(run, "ratio_to_without_idle", by_round, [(name, "without_idle")], cpu)
        if name == "epoll":
            run["control"] = self.control()
            second = self.of("epoll", "control")
            run["control_rounds"] = [second[number] for number in sorted(second)]
        run["syscalls_per_request"] = self.syscalls.get(name)
        if name in self.failures:
            run["failure"] = self.failures[name]
        run["rounds"] = rounds
        return run

    def _ratio(self, run, key, rounds, references, pick):
        ratios = self.ratios(rounds, references, pick)
        spread = quartiles(ratios)
        if spread and run["server"] == "epoll" and references[0][0] == "epoll" and "main" in references[0]:
            spread = dict.fromkeys(spread, 1.0)  # it is the reference; its noise is the control's business
            ratios = []
        run[key] = spread["median"] if spread else None
        run[key + "_quartiles"] = spread
        run[key + "_rounds"] = ratios


def figures(rounds):
    """Medians over the rounds; errors are a sum."""
    result = {key: median([one[key] for one in rounds]) for key in (
        "requests_per_second", "cpu_us_per_request", "user_us_per_request", "system_us_per_request", "rss_bytes",
        "server_utilisation", "generator_utilisation")}
    result["latency_us"] = {key: median([one["latency_us"][key] for one in rounds])
                            for key in ("p50", "p90", "p99", "p999", "max")}
    result["errors"] = sum(one["errors"] for one in rounds)
    kinds = {}
    for one in rounds:
        for kind, count in one["errors_by_kind"].items():
            kinds[kind] = kinds.get(kind, 0) + count
    result["errors_by_kind"] = kinds
    if rounds and "hog_messages_per_second" in rounds[0]:
        result["hog_messages_per_second"] = median([one["hog_messages_per_second"] for one in rounds])
    result["generator_is_bottleneck"] = bool(
        rounds and result["generator_utilisation"] > GENERATOR_BOUND
        and result["server_utilisation"] < GENERATOR_BOUND)
    result["turns"] = sum(one["slices"] for one in rounds)
    result["disturbed_turns"] = sum(one["disturbed_slices"] for one in rounds)
    return result
