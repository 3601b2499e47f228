"""Reads what the shim says of itself: the rows of src/shim/table.def, the sections of src/shim/passed.txt."""
import dataclasses
import fnmatch
import pathlib
import re

SHIM = pathlib.Path(__file__).resolve().parents[2] / "src" / "shim"
ROW = re.compile(r"^([A-Z_]+)\((\w+), (\w+)(?:, (\w+)\)$)?", re.MULTILINE)
HEADING = re.compile(r"^\[(?P<kind>\w+) (?P<key>[\w-]+): (?P<reason>[^\]]+)\]$", re.MULTILINE)


@dataclasses.dataclass
class Row:
    """A name that the shim exports."""
    group: str
    name: str
    canonical: str  # the name that it is an alias of, or its own


@dataclasses.dataclass
class Entry:
    """A name or a pattern of names that the shim leaves alone."""
    text: str
    since: str  # the version of the library that brought it, or nothing

    def is_pattern(self):
        return any(char in self.text for char in "*?[")

    def matches(self, name):
        return fnmatch.fnmatchcase(name, self.text) if self.is_pattern() else name == self.text


@dataclasses.dataclass
class Section:
    """Names that are left alone for one reason."""
    kind: str
    key: str
    reason: str
    entries: list


def read_table(path=SHIM / "table.def"):
    rows = []
    for macro, group, name, other in ROW.findall(path.read_text()):
        rows.append(Row(group, name, other if macro == "ALIAS" else name))
    return rows


def read_passed(path=SHIM / "passed.txt"):
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    sections = []
    for heading, end in zip(headings, ends):
        entries = [Entry(*word.partition("@")[::2]) for word in text[heading.end():end].split()]
        sections.append(Section(heading["kind"], heading["key"], " ".join(heading["reason"].split()), entries))
    return sections


def overlaps(rows, sections):
    """Names of the table that the other list claims too, each with the words by which it does."""
    found = {}
    for row in rows:
        words = [entry.text for section in sections for entry in section.entries if entry.matches(row.name)]
        if words:
            found[row.name] = ", ".join(words)
    return found
