"""Turns a template and its values into a subject and a body. Wording lives in templates/ only.

Values that come from people can't forge our structure: whatever is printed by `{{ }}` stays in one line,
unless a template says otherwise by one of these filters:

    {{ text | wrap }}        one paragraph, wrapped at 76 columns
    {{ text | lines }}       free text of many lines, each behind "> " (or another prefix)
    {{ lines | rows }}       a list of lines laid out by us, such as a table
    {{ key | fingerprint }}  ABCD EF01 …; {{ moment | when }} 2026-11-21 06:00 UTC
    {{ name | tld }}         рф (xn--p1ai)
    {{ shown | dotted }}     .рф (xn--p1ai); without a dot what is no TLD
"""

import contextlib
import re
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.language import ENGLISH, is_language_code
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.plain_text import one_line, split_lines, wrapped
from tldops_bot.domain.tld import Tld, dotted

# French puts a blank before some signs and inside its quotation marks; no line may begin with the sign.
_KEPT_TOGETHER = re.compile(
    r"(?<=[\w»).]) (?=[:;?!](?: |$))|(?:(?<=\w)|(?<=\w[:.?!)])|(?<=\w [?!])) (?=»)|(?<=«) (?=[^\s«])"
)
_MANY_BLANK = re.compile("\n{3,}")
_NAME = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*")


class TemplateProblem(Mendable):
    """A template is missing or wrong; the message names its file and says what to mend."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template said: a one-line subject, and a body that ends in a line feed."""

    subject: str
    body: str


class Composed(str):
    """Text laid out in lines by a template or one of the filters here; printed as it is."""

    __slots__ = ()


class _Environment(jinja2.Environment):
    """Jinja2, in which the results of macros and blocks count as composed by a template."""

    @staticmethod
    def _concat(parts: Iterable[str]) -> Composed:
        return Composed("".join(parts))

    concat = _concat

    def make_globals(self, _own: object) -> MutableMapping[str, Any]:
        """The same for every template: they are copied for each text, which is slow with a second layer over them."""
        return self.globals


class _Compiled(jinja2.BytecodeCache):
    """The compiled templates, shared by all environments: English texts are in each of them."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._held.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._held[bucket.key] = bucket.checksum, bucket.code


_compiled = _Compiled()


def environment(directories: Sequence[Path], language: str = ENGLISH) -> jinja2.Environment:
    """Where one language's templates are looked up: in its own folders first, then among the English ones.

    A text in the reader's language wins over any other; of two in one language, the first directory's.
    """
    own = [] if language == ENGLISH else [directory / language for directory in directories]
    made = _Environment(
        loader=jinja2.FileSystemLoader([*own, *directories]),
        autoescape=False,  # mails are plain text; `finalize` keeps values in their line
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled,
    )
    made.filters |= {
        "wrap": _wrap,
        "lines": _lines,
        "rows": _rows,
        "tld": _tld,
        "dotted": dotted,
        "when": _when,
        "fingerprint": _fingerprint,
    }
    return made


class Renderer:
    """Writes in several languages, with the templates in `directories`: the operator's, then ours.

    Without a language, or with one that does not exist, it writes in the list's own.
    """

    def __init__(
        self, directories: Sequence[Path], settings: ListSettings, languages: Collection[str] = (ENGLISH,)
    ) -> None:
        self._home = settings.language
        self._environments = {one: environment(directories, one) for one in {self._home, *languages}}
        for made in self._environments.values():
            made.globals["list"] = settings

    def load_all(self) -> None:
        """Compile every template now, so that nobody waits later; broken ones are reported when used."""
        for made in self._environments.values():
            for name in made.list_templates(extensions=["j2"]):
                if not is_language_code(name.partition("/")[0]):
                    with contextlib.suppress(jinja2.TemplateError):
                        made.get_template(name)

    def render(self, template: str, values: Mapping[str, Any], language: str = "") -> Rendered:
        """Fill `<template>.txt.j2`; TemplateProblem if it is missing, broken or lacks a value."""
        return _parse(f"{template}.txt.j2", self._fill(template, values, language))

    def fragment(self, template: str, values: Mapping[str, Any], language: str = "") -> Composed:
        """Fill a template without Subject and frame: a few lines to put into a mail. Raises as `render`."""
        body = _tidy(self._fill(template, values, language))
        if not body:
            raise TemplateProblem(f"{template}.txt.j2: says nothing")
        return Composed(body)

    def _fill(self, template: str, values: Mapping[str, Any], language: str) -> str:
        if not _NAME.fullmatch(template):
            raise TemplateProblem(f"{template!r} is no name of a template")
        file = f"{template}.txt.j2"
        spoken = self._environments.get(language) or self._environments[self._home]
        try:
            return spoken.get_template(file).render(values)
        except jinja2.TemplateNotFound as problem:
            raise TemplateProblem(f"{file}: there is no template {problem.name}") from None
        except jinja2.TemplateSyntaxError as problem:
            raise TemplateProblem(f"{problem.name}, line {problem.lineno}: {problem.message}") from None
        except jinja2.TemplateError as problem:
            raise TemplateProblem(f"{file}: {problem.message}") from None


def _parse(file: str, text: str) -> Rendered:
    head, blank, body = text.lstrip("\n").partition("\n\n")
    if not head.startswith("Subject:") or "\n" in head or not blank:
        raise TemplateProblem(f"{file}: the first line must be `Subject: …`, the second blank, then the body")
    subject = " ".join(one_line(head.removeprefix("Subject:")).split())
    tidy = _tidy(body)
    if not subject or not tidy:
        raise TemplateProblem(f"{file}: has no {'body' if subject else 'subject'}")
    return Rendered(subject, tidy + "\n")


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, no two blank lines in a row, none at the beginning and the end."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MANY_BLANK.sub("\n\n", lines.strip("\n"))


def _printed(value: Any) -> Any:
    """What stands for a value between `{{` and `}}`: always a part of one line, unless composed."""
    if isinstance(value, Composed):
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _when(value)
    if isinstance(value, Tld):
        return value.shown
    return one_line(str(value))


def _wrap(text: str, prefix: str = "") -> Composed:
    words = " ".join(one_line(text).split())  # no no-break space is left
    kept = _KEPT_TOGETHER.sub("\xa0", words)
    return Composed("\n".join(wrapped([kept], prefix)).replace("\xa0", " "))


def _lines(text: str, prefix: str = "> ") -> Composed:
    return Composed("\n".join(wrapped(split_lines(text), prefix)))


def _rows(lines: Iterable[str], prefix: str = "") -> Composed:
    return Composed("\n".join((prefix + one_line(line)).rstrip() for line in lines))


def _tld(name: str | Tld) -> str:
    tld = name if isinstance(name, Tld) else parse_seat(name)
    return tld.shown if tld else one_line(str(name))


def _when(moment: date) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return moment.isoformat()


def _fingerprint(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
