#!/usr/bin/env python3
"""Writes the pages of the reference from the headers' comments; --check only says which are not current."""
import pathlib
import re
import sys

from header import Reader
from pages import NOT_DESCRIBED, PAGES

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include" / "weft"
KEYS = ("Returns", "Suspends", "Cancel", "Errors", "Threads", "Since")
KEY = re.compile(r"(?:^|(?<=[.)]) |\n)\s*(" + "|".join(KEYS) + r"):\s+")
NOTE = "<!-- Written by docs/reference/generate.py from the headers; change them instead. -->"


def prose(doc):
    """A comment as Markdown: paragraphs, then what each key says."""
    parts = KEY.split(doc)
    paragraphs = re.sub(r"\n(?=\s*- )", "\n", parts[0]).strip()
    keys = "\n".join(f"- **{key}:** {' '.join(said.split())}" for key, said in zip(parts[1::2], parts[2::2]))
    return "\n\n".join(part for part in (paragraphs, keys) if part)


def code(lines):
    return "```cpp\n" + "\n".join(lines) + "\n```"


def is_field(member):
    return member.kind == "declaration" and "(" not in re.split(r"=|///", member.code[0])[0] and \
        not member.code[0].startswith(("static", "using", "friend", "template"))


def listing(members):
    """Fields, or what needs no words, as one block of code."""
    lines = []
    for member in members:
        lines += [f"/// {part}" for part in member.doc.splitlines()] + member.code
    return [code(lines)] if lines else []


def described(item, level):
    heading = "#" * level + " " + ", ".join(f"`{name}`" for name in item.names)
    if not item.kind.startswith(("class", "struct")):
        return [heading, code(item.code), prose(item.doc)]
    parts = [heading, prose(item.doc)]
    plain = [member for member in item.members if is_field(member) or not (member.doc or member.members)]
    if " : " in item.code[0] or item.code[0].startswith("template"):
        parts.append(code([item.code[0] + ";"]))
    parts += listing(plain)
    for member in item.members:
        if member not in plain:
            parts += described(member, level + 1)
    return parts


def page(title, headers):
    parts = [f"# {title}", NOTE]
    for name in headers:
        reader = Reader((INCLUDE / name).read_text())
        parts += [f"## `<weft/{name}>`", reader.purpose()]
        for item in reader.items():
            parts += described(item, 3)
    return "\n\n".join(part for part in parts if part) + "\n"


def existing():
    """The pages with the headers that there are; a header that is on no page is a mistake."""
    known = {name for _, headers in PAGES.values() for name in headers} | NOT_DESCRIBED
    there = {str(path.relative_to(INCLUDE)) for path in INCLUDE.rglob("*.hpp")}
    for name in sorted(there - known):
        print(f"docs/reference/pages.py: no page for include/weft/{name}")
    for name in sorted(known - there):
        print(f"docs/reference/pages.py: there is no include/weft/{name}")
    return {name: (title, headers) for name, (title, headers) in PAGES.items()}, known == there


def main():
    check = sys.argv[1:] == ["--check"]
    pages, complete = existing()
    stale = 0
    for name, (title, headers) in pages.items():
        target = HERE / f"{name}.md"
        text = page(title, headers)
        if not target.exists() or target.read_text() != text:
            stale += 1
            if check:
                print(f"docs/reference/{name}.md is not what its headers say: run docs/reference/generate.py")
            else:
                target.write_text(text)
    return 1 if not complete or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
