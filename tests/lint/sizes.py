#!/usr/bin/env python3
"""No file over 700 lines, no function over 60, no public header over 300 (the aim is 400, 40 and 300)."""
import re
import sys

from project import ROOT, Complaints, blank_comments_and_strings, sources

FILE_LIMIT, FUNCTION_LIMIT, PUBLIC_HEADER_LIMIT = 700, 60, 300
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
# Lines that belong to no declaration.
ASIDE = re.compile(r"^[ ]*#(?:[^\n]*\\\n)*[^\n]*|^[ ]*(?:public|protected|private):", re.MULTILINE)


def is_scope(head):
    """Does the text before a { open a block of declarations (or of data), and not a function?"""
    previous = None
    while head != previous:
        previous = head
        head = re.sub(r"<[^<>]*>", "", head)
        head = re.sub(r"\b(alignas|__attribute__)\s*\([^()]*\)", "", head)
        head = re.sub(r"\([^()]+\)", "()", head)
    keyword = SCOPE.search(head)
    return head.rstrip().endswith("=") or bool(keyword and "()" not in head[keyword.end():])


def functions(text):
    """(first line, lines) of each function, by counting braces; what is nested in a function belongs to it."""
    text = ASIDE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), blank_comments_and_strings(text))
    found = []
    depth, head, line, start = 0, "", 1, 1
    for char in text:
        if char == "\n":
            line += 1
        if depth:  # inside a function that began at line start
            depth += (char == "{") - (char == "}")
            if depth == 0:
                found.append((start, line - start + 1))
                head = ""
        elif char == "{":
            depth = 0 if is_scope(head) else 1
            head = ""
        elif char in ";}":
            head = ""
        else:
            if not head.strip():
                start = line
            head += char
    return found


def main():
    complaints = Complaints()
    files = sources("src", "include", "tests", "bench", "docs")
    for path in files:
        text = path.read_text()
        lines = text.count("\n")
        limit = PUBLIC_HEADER_LIMIT if path.is_relative_to(ROOT / "include") else FILE_LIMIT
        if lines > limit:
            complaints.add(path, 1, f"{lines} lines, the limit is {limit}: split it by job")
        for start, length in functions(text):
            if length > FUNCTION_LIMIT:
                complaints.add(path, start, f"a function of {length} lines, the limit is {FUNCTION_LIMIT}")
    return complaints.finish(f"sizes of {len(files)} files")


sys.exit(main())
