"""The grammar of command mails: signed text in, requests or clear problems out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.plain_words import begins_a_sentence
from tldops_bot.domain.request import Answer, Commands, Field, Problem, Request, Vocabulary
from tldops_bot.domain.token import ANSWER_LINE, read_token

TEST_WORDS = ("TEST", "DRY-RUN")
ANSWER_VERBS = ("CONFIRM", "DECLINE", "OBJECT", "ACK", "SEEN")
MAX_COMMANDS = 30
MAX_LINES = 20_000
MAX_GUESSES = 300  # lines searched for a mistyped verb: each takes a while
MAX_PROBLEMS = 100  # then no more is read: nothing of such a mail is carried out, and few of them are told

_FIELD = re.compile(r"([A-Za-z][A-Za-z-]{0,30})[ \t]*:[ \t]*(.*)")


class _Reader:
    """Reads one text line by line; one method per kind of line."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.requests: list[Request] = []
        self.fields: list[list[Field]] = []  # of each of them
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.lists: list[str] = []
        self.not_read: list[str] = []
        self.guesses = 0
        self.is_test = False
        self.after_blank = False
        self.in_field = False

    def read(self, text: str) -> Commands:
        lines = _lines(text)
        for number, line in lines:
            if self._ends_here(line) or len(self.problems) == MAX_PROBLEMS:
                self.not_read += [rest for _, rest in lines if rest.strip()]
                break
            if self._line(number, line):
                self._free_text(line, lines)
        self._check_company()
        return Commands(
            tuple(map(_with, self.requests, self.fields)),
            tuple(self.problems),
            tuple(self.lists),
            self.is_test,
            tuple(self.not_read[:20]),
            tuple(self.notes),
        )

    def _ends_here(self, line: str) -> bool:
        if line.rstrip() in ("--", "END", "end", "End") or line.strip() == ANSWER_LINE:
            return True
        if not (self.requests or self.problems) or not self.after_blank or not line.strip():
            return False
        if line[:1] in " \t#>" or self._verb(line) or self._near_verb(line) or self._known_field(line):
            return False
        self.not_read.append(line)
        return True

    def _line(self, number: int, line: str) -> bool:
        """Take one line; True if free text begins with it."""
        stripped = line.strip()
        if not stripped or stripped[0] in "#>":
            self.after_blank = self.after_blank or not stripped
            return not stripped and self._awaits_text()
        if line[0] in " \t" and self.in_field and not self.after_blank:
            self._continue_field(stripped)
            return False
        self.after_blank = False
        if self._list_line(stripped) or (self._awaits_text() and self._field(number, stripped)):
            return False
        if self._awaits_text():
            return self._text_begins(number, stripped)
        self._command_line(number, stripped)
        return False

    def _command_line(self, number: int, line: str) -> None:
        # "Roster: pdf" under UPDATE is a field, though ROSTER is a verb.
        verb = "" if self._known_field(line) else self._verb(line)
        if verb in TEST_WORDS and not self.requests and not self.is_test:
            self._test(number, line)
        elif verb and verb not in TEST_WORDS:
            self._start(number, line, verb)
        elif self.requests and self._field(number, line):
            return
        elif near := self._near_verb(line):
            self.problems.append(Problem("unknown_verb", line, number, near))
        elif self.requests or self.problems:
            self._stray(number, line)

    def _test(self, number: int, line: str) -> None:
        """ "TEST please" and "TEST UNSUBSCRIBE nl" are tests too: nobody wrote them to have something done."""
        self.is_test = True
        rest = line.partition(" ")[2].strip()
        verb = self._verb(rest)
        if verb and verb not in TEST_WORDS:
            self._start(number, rest, verb)

    def _start(self, number: int, line: str, verb: str) -> None:
        self.in_field = False
        if len(self.requests) >= MAX_COMMANDS:
            self.problems.append(Problem("too_many_commands", line, number))
            return
        words = line.replace(",", " ").replace(";", " ").split() if verb != "ALERT" else line.split()
        self.requests.append(Request(verb, tuple(words[1:]), line, number))
        self.fields.append([])

    def _stray(self, number: int, line: str) -> None:
        match = _FIELD.fullmatch(line)
        if match and self.requests:
            known = self.vocabulary[self.requests[-1].verb].fields
            near = nearest(match[1], known, within=4)
            self.problems.append(Problem("unknown_field", line, number, near))
        else:
            self.problems.append(Problem("unreadable_line", line, number))

    def _field(self, number: int, line: str) -> bool:
        name = self._known_field(line)
        if not name or not self.requests:
            return False
        value = line.split(":", 1)[1].strip()
        self.fields[-1].append(Field(name, value, number))
        self.in_field = True
        return True

    def _continue_field(self, text: str) -> None:
        last = self.fields[-1][-1]
        self.fields[-1][-1] = Field(last.name, f"{last.value} {text}".strip(), last.line_number)

    def _list_line(self, line: str) -> bool:
        match = _FIELD.fullmatch(line)
        if not match or match[1].lower() != "list":
            return False
        self.lists.append(match[2].strip().strip("<>").lower())
        self.in_field = False
        return True

    def _awaits_text(self) -> bool:
        return bool(self.requests) and self.vocabulary[self.requests[-1].verb].has_text

    def _text_begins(self, number: int, line: str) -> bool:
        """The first line that is not a field begins the text, unless it nearly is a field that matters."""
        match = _FIELD.fullmatch(line)
        spec = self.vocabulary[self.requests[-1].verb]
        near = nearest(match[1], spec.fields) if match else ""
        if near in spec.strict_fields:
            self.problems.append(Problem("unknown_field", line, number, near))
            return False
        if near:
            self.notes.append(Problem("unknown_field", line, number, near))
        return True

    def _free_text(self, line: str, rest: Iterator[tuple[int, str]]) -> None:
        """All that is left. Who put the List line below the text has named the list all the same."""
        text = [line, *(following for _, following in rest)]
        for one in text:
            self._list_line(one)
        self.requests[-1] = replace(self.requests[-1], text="\n".join(text).strip("\n"))

    def _check_company(self) -> None:
        """A command with free text is alone in its mail: its text runs to the end of the part."""
        texts = [request for request in self.requests if self.vocabulary[request.verb].has_text]
        if texts and len(self.requests) > 1:
            alone = texts[0]
            self.problems.append(Problem("not_alone", alone.line, alone.line_number, alone.verb))

    def _verb(self, line: str) -> str:
        word = line.split(maxsplit=1)[0].rstrip(":").upper() if line.strip() else ""
        return word if word in self.vocabulary or word in TEST_WORDS else ""

    def _near_verb(self, line: str) -> str:
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        if not word.replace("-", "").isalpha() or begins_a_sentence(word):
            return ""
        self.guesses += 1
        if self.guesses > MAX_GUESSES:
            return ""
        near = nearest(word, (*self.vocabulary, *TEST_WORDS))
        # "Jack" is a name, "and" a word, "akc" and "AKX" are slips
        if near and len(near) <= 4 and not word.isupper():
            near = nearest(word, (near,), within=1) if word.islower() else ""
        return near if near.lower() != word.lower() else ""

    def _known_field(self, line: str) -> str:
        match = _FIELD.fullmatch(line.strip())
        if not match:
            return ""
        if match[1].lower() == "list":
            return "List"
        if not self.requests:
            return ""
        fields = self.vocabulary[self.requests[-1].verb].fields
        return next((name for name in fields if name.lower() == match[1].lower()), "")


def read_commands(text: str, vocabulary: Vocabulary) -> Commands:
    """Read the commands in a text whose origin has been established. Never raises."""
    return _Reader(vocabulary).read(text)


def read_answer(text: str) -> Answer | None:
    """The answer to a token in an unsigned mail: its first non-blank line, which must be the whole answer.

    None for anything else: people write "No!" above a quoted CONFIRM, and vacation programs quote without `>`.
    """
    first = next((line.strip() for _, line in _lines(text) if line.strip()), "")
    words = first.replace("\u200b", "").split()
    if len(words) < 2 or words[0].upper() not in ANSWER_VERBS:
        return None
    verb = words[0].upper()
    token = read_token(words[1])
    if token is None or (verb == "CONFIRM" and len(words) > 2):
        return None
    return Answer("ACK" if verb == "SEEN" else verb, token, " ".join(words[2:])[:500])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").lstrip("\ufeff")
    return iter(list(enumerate(plain.split("\n", MAX_LINES)[:MAX_LINES], 1)))


def _with(request: Request, fields: Iterable[Field]) -> Request:
    return replace(request, fields=tuple(fields))
