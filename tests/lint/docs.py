#!/usr/bin/env python3
"""What the documentation shows is what the tests compile and run; --fix writes the whole files in again.

A block of code stands below a comment that says where it is from:
    <!-- example: hello.cpp -->    the whole of docs/examples/hello.cpp
    <!-- part of: hello.cpp -->    lines that follow each other there, perhaps indented less
    <!-- output: hello.cpp -->     what it prints: its `// expect:` texts, in order, one for each line
and so does a table whose second column has code:
    <!-- rows from: hello.cpp -->  each piece of it is somewhere in docs/examples/hello.cpp, line breaks and spaces aside
Also: links lead somewhere, each README.md below docs/ names the pages beside it, the reference is current, and each
WEFT_ variable of src/ is described."""
import re
import subprocess
import sys
import textwrap

from project import ROOT, Complaints, sources

EXAMPLES = ROOT / "docs/examples"
REFERENCE = ROOT / "docs/reference"
BLOCK = re.compile(r"(?:<!-- (?P<how>example|part of|output): (?P<file>\S+) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$",
                   re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"<!-- rows from: (?P<file>\S+) -->\n(?P<rows>(?:^\|.*\n)*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"")
STEERING = re.compile(r"^// (example: build-only|expect-exit: -?\d+|example-env: .*|expect: .*)\n", re.MULTILINE)


def pages():
    """The pages that people write; generators answer for the others."""
    generated = {path for path in REFERENCE.glob("*.md") if "Written by docs/reference/" in path.read_text()}
    files = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    return [path for path in files if path not in generated]


def shown(name):
    """An example without the comments that steer its test."""
    text = STEERING.sub("", (EXAMPLES / name).read_text())
    return re.sub(r"\s*// expect: .*", "", text)


def is_part(code, text):
    wanted = code.rstrip("\n").split("\n")
    lines = text.split("\n")
    for start in range(len(lines) - len(wanted) + 1):
        part = textwrap.dedent("\n".join(lines[start:start + len(wanted)])).rstrip("\n")
        if part == "\n".join(wanted):
            return True
    return False


def unlike_output(code, name):
    """The first line that is not, in its turn, what the example is tested for; None if all are."""
    expected = re.findall(r"// expect: (.*\S)", (EXAMPLES / name).read_text())
    lines = code.rstrip("\n").split("\n")
    for line, text in zip(lines, expected):
        if text not in line:
            return line
    return None if len(lines) == len(expected) else f"{len(lines)} lines, {len(expected)} tested"


def fault(match):
    """What is wrong with a block, or None."""
    how, name, code = match["how"], match["file"], match["code"]
    if how is None:
        return "code that no test compiles: say which example it is from" if match["language"] in ("cpp", "cmake") else None
    if not (EXAMPLES / name).exists():
        return f"there is no docs/examples/{name}"
    if how == "output":
        line = unlike_output(code, name)
        return None if line is None else f"not what docs/examples/{name} is tested to print: {line}"
    if how == "example":
        return None if code == shown(name) else f"differs from docs/examples/{name}: run tests/lint/docs.py --fix"
    return None if is_part(code, shown(name)) else f"is not a part of docs/examples/{name}"


def check_blocks(path, text, complaints):
    for match in BLOCK.finditer(text):
        message = fault(match)
        if message:
            complaints.add(path, text.count("\n", 0, match.start()) + 1, message)


def cells(row):
    """The texts between the bars of a table's row; a bar in a cell is written with a backslash."""
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


def check_tables(path, text, complaints):
    for match in TABLE.finditer(text):
        first = text.count("\n", 0, match.start("rows")) + 1
        rows = match["rows"].splitlines()
        if len(rows) < 3 or not (EXAMPLES / match["file"]).exists():
            complaints.add(path, first - 1, "rows from: no table, or no such example")
            continue
        known = re.sub(r"\s", "", shown(match["file"]))
        for number, row in enumerate(rows):
            for code in re.findall(r"`([^`]+)`", cells(row)[1]):
                if re.sub(r"\s", "", code) not in known:
                    complaints.add(path, first + number, f"not in docs/examples/{match['file']}: {code}")


def check_links(path, text, complaints):
    for match in LINK.finditer(text):
        target = match.group(1) or match.group(2)
        if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
            complaints.add(path, text.count("\n", 0, match.start()) + 1, f"leads nowhere: {target}")


def check_indexes(complaints):
    """A page that no index names is not found."""
    for index in (ROOT / "docs").glob("*/README.md"):
        named = {match.group(1) for match in LINK.finditer(index.read_text())}
        for page in index.parent.glob("*.md"):
            if page != index and page.name not in named:
                complaints.add(page, 1, f"{index.relative_to(ROOT)} does not name this page")


def check_variables(complaints):
    page = REFERENCE / "environment.md"
    described = page.read_text()
    used = {name for path in sources("src") for name in re.findall(r'"(WEFT_[A-Z_]+)"', path.read_text())}
    for name in sorted(used):
        if f"`{name}`" not in described:
            complaints.add(page, 1, f"does not describe {name}")


def fix(path):
    def whole(match):
        if match["how"] != "example":
            return match.group()
        return f"<!-- example: {match['file']} -->\n```{match['language']}\n{shown(match['file'])}```"
    path.write_text(BLOCK.sub(whole, path.read_text()))


def main():
    if sys.argv[1:] == ["--fix"]:
        for path in pages():
            fix(path)
    complaints = Complaints()
    for path in pages():
        text = path.read_text()
        check_blocks(path, text, complaints)
        check_tables(path, text, complaints)
        check_links(path, text, complaints)
    check_indexes(complaints)
    check_variables(complaints)
    stale = 0
    for generator in ("generate.py", "shim_coverage.py"):
        reference = subprocess.run([REFERENCE / generator, "--check"], stdout=subprocess.PIPE, text=True)
        print(reference.stdout, end="")
        stale |= reference.returncode
    return complaints.finish(f"{len(pages())} pages") or stale


sys.exit(main())
