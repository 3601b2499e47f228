"""Reads a public header: its declarations with their doc comments, without what is private or internal."""
import re
import textwrap
from dataclasses import dataclass, field

# What goes without saying: copying, moving, destroying, and what is there for the library itself.
BORING = re.compile(
    r"= (default|delete)\b|^friend\b(?!.*operator)|^using \w+::|^~|std::unique_ptr<impl::|impl::(Wait|Socket)\w+&|impl::FutureState\*|WEFT_INTERNAL|"
    r"^static_assert|^template <> struct|^(?:template <class T>\s)?(struct|class) \w+;|^\w+Handle(?:\(const|& operator=)|^\w+\(\w+&&|^\w+& operator=\(\w+&&")
TYPE = re.compile(r"^(?:template <[^>]*>\s*)?(class|struct|enum class|enum)\s+(?:\[\[nodiscard\]\]\s*)?(?:WEFT_API\s+)?(\w+)")
ACCESS = re.compile(r"\s*(public|protected|private):")
INITIALISERS = re.compile(r"(\)\s*(?:noexcept)?)\s*:\s(?!:).*", re.DOTALL)


@dataclass
class Item:
    """A declaration, or several that share one comment."""
    names: list
    doc: str = ""
    code: list = field(default_factory=list)  # one text for each declaration
    members: list = field(default_factory=list)
    kind: str = "declaration"


class Reader:
    def __init__(self, text):
        self.lines = text.splitlines()
        self.at = 0
        self.internal = {}  # types of weft::impl, whose members a public type may inherit

    def purpose(self):
        """The comment that the file begins with."""
        words = []
        for line in self.lines:
            if not line.startswith("//"):
                break
            words.append(line[2:].strip())
        return " ".join(words)

    def items(self):
        """The public declarations of the file."""
        found = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if re.match(r"namespace [\w:]*impl\b", line):
                self.keep_internal()
            elif line.startswith("namespace weft"):
                found += self.scope("}")
        return found

    def keep_internal(self):
        for item in self.scope("}"):
            if item.members:
                self.internal[item.names[0]] = item.members

    def scope(self, closing, public=True):
        """The items up to the brace that closes this scope."""
        found, doc, together = [], [], False
        while self.at < len(self.lines):
            line = self.lines[self.at]
            stripped = line.strip()
            access = ACCESS.match(line)
            if stripped.startswith("///"):
                doc.append(stripped[3:].removeprefix(" "))
                together = False
            elif stripped.startswith(closing):
                self.at += 1
                return found
            elif access:
                public, doc, together = access.group(1) == "public", [], False
            elif not stripped or stripped.startswith(("#", "//")):
                doc, together = [], False
            elif re.match(r"namespace [\w:]*impl\b", stripped):
                self.at += 1
                self.keep_internal()
                continue
            else:
                item = self.declaration(public)
                if item and together and not doc and item.kind == "declaration":
                    found[-1].names += [name for name in item.names if name not in found[-1].names]
                    found[-1].code += item.code
                elif item:
                    item.doc = "\n".join(doc)
                    found.append(item)
                    together = bool(doc) and item.kind == "declaration"
                doc = []
                continue
            self.at += 1
        return found

    def declaration(self, public):
        """The declaration that begins here, its body skipped; None where it is not to be shown."""
        text, start = "", self.at
        while self.at < len(self.lines):
            line = strip_comment(self.lines[self.at]).strip()
            if TYPE.match(f"{text} {line}".strip()) and line.endswith("{"):
                return self.type_definition(f"{text} {line}".strip(), public)
            for position, letter in enumerate(line):
                before = f"{text} {line[:position]}".strip()
                if before.count("(") != before.count(")"):
                    continue
                if letter == "{" and not before.endswith("="):
                    self.skip_body()
                    return made(INITIALISERS.sub(r"\1", before) + ";", public)
                if letter == ";":
                    self.at += 1
                    # A field keeps the comment behind it.
                    return made(f"{text} {self.lines[self.at - 1].strip()}".strip(), public)
            text = f"{text} {line}".strip()
            self.at += 1
        raise ValueError(f"line {start + 1}: a declaration without an end")

    def skip_body(self):
        """To the line after the one where all braces are closed; an initialiser list may have some of its own."""
        depth = 0
        while True:
            line = strip_comment(self.lines[self.at])
            depth += line.count("{") - line.count("}")
            self.at += 1
            continues = self.at < len(self.lines) and re.match(r"\s+(: |noexcept)", self.lines[self.at])
            if depth == 0 and not continues and line.rstrip().endswith(("}", "};")):
                return

    def type_definition(self, head, public):
        match = TYPE.match(head)
        item = Item([match.group(2)], kind=match.group(1), code=[tidy(head.rstrip("{ "))])
        if match.group(1).startswith("enum"):
            start = self.at
            self.skip_body()
            item.code = [tidy(line) for line in self.lines[start:self.at]]
        else:
            self.at += 1
            item.members = self.scope("};", public=match.group(1) == "struct")
            base = re.search(r" : public impl::(\w+)", item.code[0])
            if base:
                item.code = [item.code[0][:base.start()]]
                item.members += self.internal.get(base.group(1), [])
        return item if public else None


def strip_comment(line):
    return re.sub(r"//.*", "", line)


def made(text, public):
    if not public or BORING.search(text):
        return None
    text = tidy(text)
    return Item([name_of(text)], code=[wrapped(text)])


def tidy(text):
    """Without what is for the compiler only."""
    text = text.replace("[[nodiscard]] ", "").replace("WEFT_API ", "")
    text = text.replace("impl::SpawnResult<F, Args...>", "std::invoke_result_t<F, Args...>")
    text = re.sub(r" (?=;)", "", text)
    text = re.sub(r"impl::(ByteLike|ByteSource|ByteTarget)\b", "class", text)
    return re.sub(r"\( ", "(", without_requires(text))


def without_requires(text):
    match = re.search(r"\brequires\s*", text)
    if not match:
        return text
    depth, end = 0, match.end()
    while end < len(text) and (depth > 0 or not text[end].isspace() or text[match.end():end].count("<") != text[match.end():end].count(">")):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
        if depth == 0 and text[end - 1] == ")":
            break
    return text[:match.start()] + text[end:].lstrip()


def wrapped(text):
    """Template head on a line of its own, the rest within 100 columns."""
    match = re.match(r"template <[^()]*?>(?= \w)", text)
    head = [match.group()] if match else []
    rest = text[match.end():].strip() if match else text
    if " ///<" in rest:
        return rest
    return "\n".join(head + textwrap.wrap(rest, 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False))


def name_of(text):
    text = re.sub(r"^template <[^()]*?>(?= \w)", "", text).strip()
    operator = re.search(r"operator\s*(bool|->|<=>|[^\s\w(]+|\(\))", text)
    if operator:
        return "operator" + (" " if operator.group(1) == "bool" else "") + operator.group(1)
    before = re.split(r"\(|=|;|\{", text)[0].strip()
    return re.split(r"[\s*&]+", before)[-1]
