"""The pages in docs/ taken apart: fenced blocks, links, headings; and how a page's words are compared with real ones.

What stands in a block is run, or checked:

    ```console     lines with "$ " are run in order in a folder of the page's own; the others are what they print
    ```mail        a mail that somebody sends: From, Sign: yes, Attach: public key, Encrypt: yes, Subject, then the text
    ```reply       the next mail to somebody whose Subject is this one; the text, without the footer
    ```csv         a table, which lies in that folder as roster.csv
    ```sh          what no test can do for real (systemctl, a package manager): ELSEWHERE says where it is shown
    ```text, toml  to be read: nothing is run

Wherever output is shown, "…" stands for any words, and alone on its line for any lines. Tokens, fingerprints, numbers
of alerts and requests are whatever they are the first time a page shows them, and must be the same after that.
Dates and times are any.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SKIP = "…"
_KINDS = {
    "token": r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b",
    "alert": r"\bA-\d{4}-\d{4}\b",
    "request": r"\bR-\d+\b",
    "spaced": r"\b(?:[0-9A-F]{4} {1,2}){9}[0-9A-F]{4}\b",
    "hash": r"\b[0-9a-f]{64}\b",
    "fingerprint": r"\b[0-9A-F]{40}\b",
    "key_id": r"\b[0-9A-F]{16}\b",
    "port": r"(?<=127\.0\.0\.1:)\d+",
    "day": r"\b\d{4}-\d\d-\d\d\b",
    "gpg_day": r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [ \d]\d \w{3} \d{4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d",
    "hour": r"\b\d\d:\d\d(?::\d\d)?(?: [AP]M)?\b",
}
_ANY = {"port", "day", "gpg_day", "hour"}  # no two need be the same
_PART = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items()))
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})([\w-]*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)


def compact(value: str) -> str:
    """A fingerprint without its blanks."""
    return value.replace(" ", "")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; `line` is that of its fence, for messages."""

    kind: str
    text: str
    line: int

    def head_and_body(self) -> tuple[Mapping[str, str], str]:
        """Of a mail or a reply: its fields, and the text below the blank line."""
        head, _, body = self.text.partition("\n\n")
        pairs = (line.partition(": ")[::2] for line in head.splitlines())
        return dict(pairs), body.strip("\n")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of Markdown."""

    file: Path

    @property
    def name(self) -> str:
        return self.file.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The page without its blocks, quoted words and comments."""
        bare = re.sub(r"<!--.*?-->", "", _FENCE.sub("", self.text), flags=re.DOTALL)
        return re.sub(r"`[^`\n]+`", "", bare)

    @property
    def scene(self) -> tuple[str, ...]:
        """How things stand when the page begins: the words of its comment `<!-- tested with: … -->`."""
        found = re.search(r"<!-- tested with: ([^>]*?) -->", self.text)
        return tuple(found[1].split()) if found else ()

    def blocks(self, *kinds: str) -> list[Block]:
        text = self.text
        found = []
        for one in _FENCE.finditer(text):
            body = "".join(line.removeprefix(one[1]) for line in one[4].splitlines(keepends=True))
            if not kinds or one[3] in kinds:
                found.append(Block(one[3], body.rstrip("\n"), text[: one.start()].count("\n") + 1))
        return found

    def links(self) -> Iterator[str]:
        for found in re.finditer(r"\]\(<?([^)>\s]+)>?\)", self.prose):
            yield found[1]

    def anchors(self) -> set[str]:
        """What `#…` may name: headings as Python-Markdown and GitHub both write them."""
        without_blocks = _FENCE.sub("", self.text)
        heads = re.findall(r"^#+ (.+?)\s*$", without_blocks, re.MULTILINE)
        return {slug(one) for one in heads}


def slug(heading: str) -> str:
    words = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", words)).strip("-")


def pages() -> list[Page]:
    return [Page(file) for file in sorted(DOCS.rglob("*.md"))]


# --- words of a page against words that came


class Differs(AssertionError):
    """What a page shows is not what came."""


@dataclass(slots=True)
class Words:
    """What the page's tokens, numbers and fingerprints really are, as far as they have been seen."""

    real: dict[str, str]

    def filled_in(self, text: str) -> str:
        """A text of the page with the real ones in their place."""

        def one(found: re.Match[str]) -> str:
            held = self.real.get(compact(found[0]))
            if held is None:
                return found[0]
            return _respaced(held) if found.lastgroup == "spaced" else held

        return _PART.sub(one, text)

    def known_start(self, text: str) -> str:
        """A line as far as it is known how it really reads."""
        for part in _PART.finditer(text.partition(SKIP)[0]):
            if compact(part[0]) not in self.real:
                return self.filled_in(text[: part.start()])
        return self.filled_in(text.partition(SKIP)[0])

    def check(self, shown: Sequence[str], came: Sequence[str]) -> None:
        """Line by line; raises Differs, with the first line of the page that is not there."""
        at = 0
        for number, line in enumerate(shown):
            if line.strip() == SKIP:
                continue
            may_skip = number > 0 and shown[number - 1].strip() == SKIP
            places = range(at, len(came)) if may_skip else range(at, min(at + 1, len(came)))
            found = next((place for place in places if self._takes(line, came[place])), None)
            if found is None:
                raise Differs(f"{line!r} is not there, but:\n" + "\n".join(came[at:] or ["(nothing more)"]))
            at = found + 1
        if at < len(came) and not (shown and shown[-1].strip() == SKIP):
            raise Differs("more came than is shown:\n" + "\n".join(came[at:]))

    def _takes(self, line: str, came: str) -> bool:
        pattern, seen, last = "", [], 0
        line = line.rstrip()
        for part in _PART.finditer(line):
            kind = part.lastgroup or ""
            pattern += _literal(line[last : part.start()]) + f"({_KINDS[kind]})"
            seen.append((kind, part[0]))
            last = part.end()
        found = re.fullmatch(pattern + _literal(line[last:]), came.rstrip())
        if found is None:
            return False
        values = [one for one in found.groups() if one is not None]
        new: dict[str, str] = {}
        for (kind, ours), theirs in zip(seen, values, strict=True):
            if kind in _ANY:
                continue
            held = self.real.get(compact(ours), new.get(compact(ours)))
            if held is not None and held != compact(theirs):
                return False
            new[compact(ours)] = compact(theirs)
        self.real.update(new)
        return True


def _literal(text: str) -> str:
    return ".*?".join(re.escape(part) for part in text.split(SKIP))


def _respaced(fingerprint: str) -> str:
    return " ".join(fingerprint[at : at + 4] for at in range(0, 40, 4))
