"""What the lints share: where the project is, its source files, how a complaint is printed."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources(*folders, suffixes=(".hpp", ".cpp", ".h", ".c")):
    """The source files below these folders of the project, in a stable order."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes]


def blank_comments_and_strings(text):
    """The text with comments and the insides of literals replaced by spaces; lines stay where they are."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


class Complaints:
    """Collects complaints; finish() is the exit status of a lint."""

    def __init__(self):
        self.count = 0

    def add(self, path, line, message):
        self.count += 1
        print(f"{path.relative_to(ROOT)}:{line}: {message}")

    def finish(self, checked):
        print(f"{checked}: {self.count} complaint{'' if self.count == 1 else 's'}")
        return 1 if self.count else 0
