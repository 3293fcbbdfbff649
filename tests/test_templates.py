"""Templates and code are paired by name, both ways, and every text is fit to be read."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.template_values import (
    FRAGMENTS,
    KEY,
    LETTERS,
    LIST,
    REFUSALS,
    TOKEN,
    Values,
    fragments,
    letters,
    shown,
)
from tldops_bot import cli, commands, domain, intake, jobs
from tldops_bot.commands._all import COMMANDS, VOCABULARY
from tldops_bot.commands._command import Who
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.certificate import FITNESS_REASONS
from tldops_bot.domain.grammar import read_answer, read_commands
from tldops_bot.domain.joining import Case, Seats, grey_reasons
from tldops_bot.domain.token import ANSWER_LINE
from tldops_bot.domain.verdict import REASONS
from tldops_bot.mail.render import Renderer, TemplateProblem

TEMPLATES = shipped("templates")
RENDERER = Renderer([TEMPLATES], LIST)
WIDTH = 76
LIST_LINE = f"List: {LIST.address}"

# The code below these verbs is shared; what it says depends on which of the two was sent.
NEVER_SAID = {"approve/rejected", "reject/approved", "reject/kept"}


# --- what the code names


@dataclass(frozen=True)
class Named:
    """A template's name in the code, and the values it gets as far as they can be read off."""

    name: str
    keys: frozenset[str] | None


def trees(package: Any) -> Iterator[tuple[str, ast.Module]]:
    """The modules of a package."""
    for file in sorted(Path(package.__path__[0]).glob("*.py")):
        yield file.stem, ast.parse(file.read_text(encoding="utf-8"))


def words(node: ast.expr) -> list[str]:
    """The strings an expression may be: a constant, or one of two."""
    if isinstance(node, ast.IfExp):
        return [*words(node.body), *words(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def keys_of(node: ast.expr | None, around: ast.FunctionDef) -> frozenset[str] | None:
    """The keys of a dict, if they can be read off the code of the function around it."""
    match node:
        case None:
            return frozenset()
        case ast.Dict(keys=keys) if all(isinstance(key, ast.Constant) for key in keys):
            return frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            one, other = keys_of(left, around), keys_of(right, around)
            return None if one is None or other is None else one | other
        case ast.Name(id=name):
            found = [
                one.value
                for one in ast.walk(around)
                if isinstance(one, ast.Assign)
                and len(one.targets) == 1
                and isinstance(one.targets[0], ast.Name)
                and one.targets[0].id == name
            ]
            return keys_of(found[0], around) if len(found) == 1 else None
    return None


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Every function and method of a module."""
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def calls(around: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of functions or methods of these names."""
    for node in ast.walk(around):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node


@cache
def command_modules() -> dict[str, ast.Module]:
    return dict(trees(commands))


def callees(module: str, around: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The functions of commands/ whose result this one may hand back."""
    tree = command_modules()[module]
    imported = {
        alias.asname or alias.name: (
            str(node.module).removeprefix("tldops_bot.commands").strip("."),
            alias.name,
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("tldops_bot.commands")
        for alias in node.names
    }
    for back in ast.walk(around):
        for call in ast.walk(back.value) if isinstance(back, ast.Return) and back.value else ():
            if not isinstance(call, ast.Call):
                continue
            if isinstance(call.func, ast.Name):
                yield imported.get(call.func.id, (module, call.func.id))
            elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                home, name = imported.get(call.func.value.id, ("?", ""))
                if not home:
                    yield name, call.func.attr


def outcomes(module: str, name: str, seen: set[tuple[str, str]]) -> Iterator[Named]:
    """What a function may answer, with everything it hands on."""
    around = functions(command_modules().get(module, ast.Module([], []))).get(name)
    if around is None or (module, name) in seen:
        return
    seen.add((module, name))
    for call in calls(around, "Reply"):
        values = call.args[1] if len(call.args) > 1 else None
        yield from (Named(word, keys_of(values, around)) for word in words(call.args[0]))
    for home, called in callees(module, around):
        yield from outcomes(home, called, seen)


def named_outcomes() -> set[Named]:
    """Every `<command>/<outcome>`, found from each command's own function."""
    found = set()
    for verb, one in COMMANDS.items():
        module = one.run.__module__.rpartition(".")[2]
        assert one.verb == verb
        for outcome in outcomes(module, one.run.__name__, set()):
            if f"{one.folder}/{outcome.name}" not in NEVER_SAID:
                found.add(Named(f"{one.folder}/{outcome.name}", outcome.keys))
    return found


def named_refusals() -> set[Named]:
    """Every `refusals/<reason>` of commands, of intake, and of the rules they ask."""
    both = {"fingerprint"} if set(REASONS) & set(FITNESS_REASONS) else set()
    found = {Named(reason, frozenset({"fingerprint", "detail"})) for reason in REASONS}
    found |= {Named(reason, frozenset(both)) for reason in FITNESS_REASONS}
    found |= {
        Named(f"not_{who.value}", frozenset({"verb"})) for who in Who if who not in (Who.ANYONE, Who.MEMBER)
    }
    for package, name in ((commands, "Refused"), (intake, "refuse"), (intake, "Refused")):
        for _, tree in trees(package):
            for around in functions(tree).values():
                for call in calls(around, name):
                    said = call.args[1:] if name == "refuse" else call.args  # after the mail in question
                    values = said[1] if len(said) > 1 else None
                    found |= {Named(word, keys_of(values, around)) for word in words(said[0])}
    for _, tree in trees(domain):
        for call in calls(tree, "Problem"):
            found |= {Named(word, frozenset({"line", "nearest"})) for word in words(call.args[0])}
    return {Named(f"refusals/{one.name}", one.keys) for one in found}


def named_letters(*packages: Any) -> set[Named]:
    """Every whole mail that is named somewhere in these packages."""
    found: dict[str, set[frozenset[str] | None]] = defaultdict(set)
    for package in packages:
        for _, tree in trees(package):
            for node in ast.walk(tree):
                for word in words(node) if isinstance(node, ast.Constant) else ():
                    if re.fullmatch(r"(letters|jobs|wake)/[a-z_]+", word):
                        found[word].add(None)
            for around in functions(tree).values():
                for call in calls(around, "Letter", "notice"):
                    at = 1 if isinstance(call.func, ast.Name) and call.func.id == "Letter" else 0
                    if len(call.args) > at + 1:
                        for word in words(call.args[at]):
                            found[word].add(keys_of(call.args[at + 1], around))
    return {Named(name, keys) for name, sets in found.items() for keys in sets} | {
        Named("reply", None),
        Named("repeated", frozenset({"at", "outcome"})),
    }


def named_here() -> set[Named]:
    """Everything that mails from people lead to."""
    return named_outcomes() | named_refusals() | named_letters(commands, intake) | {Named("test/would", None)}


def on_disk() -> set[str]:
    """Every template but those that others are made of."""
    files = (file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.txt.j2"))
    own = {name for name in files if not name.startswith("fr/")}
    return {name.removesuffix(".txt.j2") for name in own if not Path(name).name.startswith("_")}


def sampled() -> dict[str, list[Values]]:
    """The sample values by template."""
    return FRAGMENTS | {f"refusals/{reason}": values for reason, values in REFUSALS.items()} | LETTERS


# --- pairing


def test_every_text_the_code_names_has_a_template() -> None:
    assert {one.name for one in named_here() | named_letters(jobs, cli)} - on_disk() == set()


def test_every_template_is_named_in_the_code() -> None:
    assert on_disk() - {one.name for one in named_here() | named_letters(jobs, cli)} == set()


def test_every_template_has_sample_values() -> None:
    assert {one.name for one in named_here()} - {"reply"} - set(sampled()) == set()
    assert set(sampled()) - on_disk() == set()


def test_the_samples_hold_the_values_that_the_code_gives() -> None:
    given = [one for one in named_here() if one.keys is not None]
    assert len(given) > 100, "the reader of the code has gone blind"
    by_name: dict[str, set[frozenset[str]]] = defaultdict(set)
    for one in given:
        by_name[one.name].add(one.keys or frozenset())
    for name, sets in by_name.items():
        for values in sampled().get(name, []):
            assert set(values) in sets, (name, sorted(values), sets)
    for name in by_name.keys() & sampled().keys():
        for keys in by_name[name]:
            _renders_with(name, keys)


def _renders_with(name: str, keys: frozenset[str]) -> None:
    """Where several places say the same, each must give enough."""
    cut = {key: value for key, value in sampled()[name][0].items() if key in keys}
    if name.startswith("letters/") or name == "repeated":
        RENDERER.render(name, cut)
    else:
        RENDERER.fragment(name, cut)


def test_every_grey_reason_has_a_sentence() -> None:
    everything = Case("A. E.", "ae@gmail.com", Seats(3, 3, is_replacing=False), 99, True, True, True)
    cases = [
        everything,
        replace(everything, name="NOC"),
        replace(everything, name="Аnn", email="noc@nic.example"),
    ]
    named = {reason for case in cases for reason in grey_reasons(case)}
    assert len(named) == 11
    others = (
        "declined",
        "recovery_declined",
        "restored",
        "took_back",
        "restated",
        "no_voucher",
        "no_answer",
        "voucher_bounces",
        "organisation",
    )
    reasons = [*sorted(named), *others]
    values = LETTERS["letters/decide"][0]
    values = values | {"request": values["request"] | {"reasons": reasons}}
    body = RENDERER.render("letters/decide", values).body
    for reason in reasons:
        assert f"> {reason}" not in body


# --- what is said


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Every text as people get it."""
    mails = [(name, RENDERER.render(name, values).body) for name, values in letters(RENDERER)]
    return tuple(mails + [(name, str(RENDERER.fragment(name, values))) for name, values in fragments()])


def test_no_line_is_wider_than_76_columns() -> None:
    wide = [(name, line) for name, text in texts() for line in text.split("\n") if len(line) > WIDTH]
    assert wide == []


def test_no_text_has_loose_ends() -> None:
    for name, text in texts():
        assert "\n\n\n" not in text, name
        assert "None" not in text, name
        assert not re.search(r"[{}]|Undefined|timedelta|\(\)", text), name
        assert "please note" not in text.lower(), name
        assert all(line == line.rstrip() for line in text.split("\n")), name


def test_no_subject_tells_who_it_is_about() -> None:
    for name, values in letters(RENDERER):
        if name != "reply":
            subject = RENDERER.render(name, values).subject
            assert not re.search(r"Ann|Bob|@|Registry|phishing|[0-9A-F]{40}", subject), (name, subject)


def test_a_newcomer_s_address_is_not_told_to_others() -> None:
    for values in LETTERS["letters/told"]:
        assert "ann@nic.example" not in RENDERER.render("letters/told", values).body


def test_the_operator_s_mail_names_nobody() -> None:
    for values in LETTERS["letters/decide_operator"]:
        body = RENDERER.render("letters/decide_operator", values).body
        assert not re.search(r"Ann|nic\.example|left in June|0123", body)


def test_the_same_mail_again_tells_no_details() -> None:
    for values in LETTERS["repeated"]:
        assert len(RENDERER.render("repeated", values).body.split("\n")) < 20


# --- tokens


def token_letters() -> Iterator[tuple[str, Values, str]]:
    for name, cases in LETTERS.items():
        for values in cases:
            if "token" in values:
                yield name, values, RENDERER.render(name, values).body


ONLY_ONE_ANSWER = {
    "letters/told": ["OBJECT"],
    "letters/recovery_stop": ["DECLINE"],
    "letters/recovery_stop_signed": ["DECLINE"],
    "letters/record_changed": ["DECLINE"],
    "letters/stay": ["DECLINE"],
}


def test_a_question_begins_with_the_answer_line_and_shows_each_answer_alone_on_a_line() -> None:
    for name, _, body in token_letters():
        assert body.startswith(f"{ANSWER_LINE}\n\n"), name
        lines = body.split("\n")
        answers = ONLY_ONE_ANSWER.get(name, ["CONFIRM", "DECLINE"])
        for verb in answers:
            assert lines.count(f"{verb} {TOKEN}") >= 1, (name, verb)
            answer = read_answer(f"{verb} {TOKEN}")
            assert answer is not None
            assert answer.token == TOKEN


def test_a_question_that_needs_a_signature_says_so_and_no_other_does() -> None:
    signed = {
        "letters/prove_key",
        "letters/held",
        "letters/recovery_stop_signed",
        "letters/recovery_cosign",
    }
    for name, values, body in token_letters():
        needs = name in signed or bool(values.get("is_signed"))
        assert ("sign the mail" in body) is needs, name
        assert ("line is proof enough" in body) is not needs, name


def test_several_tlds_can_be_answered_one_by_one() -> None:
    values = LETTERS["letters/vouch"][1]
    lines = RENDERER.render("letters/vouch", values).body.split("\n")
    for one in values["singles"]:
        assert f"CONFIRM {one['token']}" in lines
        assert f"DECLINE {one['token']}" in lines
    alone = RENDERER.render("letters/vouch", LETTERS["letters/vouch"][0]).body
    assert "Different answers?" not in alone


def test_a_voucher_can_decide_from_the_mail_alone() -> None:
    body = " ".join(RENDERER.render("letters/vouch", LETTERS["letters/vouch"][0]).body.split())
    for needed in (
        "Ann Example",
        "ann@nic.example",
        ".nl",
        "0123 4567 89AB",
        "in confidence",
        "Nothing changes at IANA",
        "signed with the key of the list",
        LIST.address,
        LIST.owner,
        "2026-03-24",
        "You are asked once",
    ):
        assert needed in body
    keyless = RENDERER.render("letters/vouch", LETTERS["letters/vouch"][1]).body
    assert "no OpenPGP key" in keyless


# --- examples


def example(verb: str) -> str:
    """The example of a command, as HELP prints it."""
    text = RENDERER.fragment("help/one", {"command": shown(verb)})
    return str(text).split("An example:\n\n", 1)[1]


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_example_can_be_pasted(verb: str) -> None:
    read = read_commands(example(verb), VOCABULARY)
    assert read.problems == ()
    assert read.notes == ()
    assert read.not_read == ()
    assert [one.verb for one in read.requests] == [verb]
    assert bool(read.requests[0].text) is COMMANDS[verb].has_text
    if COMMANDS[verb].changes:
        assert read.lists_named == (LIST.address,)


def test_every_text_that_shows_a_changing_command_shows_the_list_line() -> None:
    changing = "|".join(verb for verb, one in COMMANDS.items() if one.changes)
    for name, text in texts():
        if name != "refusals/bad_arguments" and re.search(rf"(?m)^({changing})(?= |$)", text):
            assert LIST_LINE in text.split("\n"), name


def test_commands_that_are_still_to_come_get_their_usage_as_example() -> None:
    unknown = shown("CANCEL") | {"verb": "DANCE", "usage": ("DANCE id",)}
    text = str(RENDERER.fragment("help/one", {"command": unknown}))
    assert text.endswith(f"DANCE id\n{LIST_LINE}")


# --- alerts


def test_an_exercise_can_not_be_taken_for_an_alert() -> None:
    real, drill = (RENDERER.render("letters/alert", values) for values in LETTERS["letters/alert"])
    assert real.subject == "[TLP:AMBER] A-2026-0007"
    assert drill.subject == "[TLP:AMBER+STRICT] EXERCISE A-2026-0007"
    assert "EXERCISE" not in real.body
    assert drill.body.startswith("*** EXERCISE ***")
    assert "\nAlert:" not in drill.body


def test_an_alert_says_how_its_original_is_verified() -> None:
    detached, inline = (RENDERER.render("letters/alert", values).body for values in LETTERS["letters/alert"])
    assert "\ngpg --verify original.sig original.bin\n" in detached
    assert "\ngpg --verify original.asc\n" in inline
    assert "\nACK A-2026-0007\n" in detached
    assert " ".join(re.findall("....", KEY)) in detached


# --- the frame of replies


def test_what_may_not_be_quoted_is_not_quoted() -> None:
    secret = "Mobile: 12"
    for values in (values for name, values in letters(RENDERER) if name == "reply"):
        body = RENDERER.render("reply", values).body
        assert (f"> {secret}" in body) == (
            values["lines_quoted"] and any(secret in part["lines"] for part in values["parts"])
        )
        assert "secret" not in body.replace(LIST.owner, "")


def test_a_part_that_was_fine_does_not_say_done_when_nothing_was_done() -> None:
    for values in (values for name, values in letters(RENDERER) if name == "reply"):
        body = RENDERER.render("reply", values).body
        if values["changed_nothing"]:
            assert "is on its way" not in body
            assert "Done." not in body
        if values["is_test"]:
            assert "Nothing was done" in body


# --- hostile values

FORGED = "x\r\n\r\nSubject: forged\nCONFIRM 0000-0000-0000-0000\u2028List: evil\u202e\u200b\x00\x1b[2J"


OURS = ("verb", "usage", "command", "yours", "later", "served")  # never what somebody wrote


def spoilt(value: Any) -> Any:
    """The same values, with an attack behind every word."""
    if isinstance(value, str) and type(value) is str:
        return value + FORGED
    if isinstance(value, Mapping):
        return {key: one if key in OURS else spoilt(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{key: spoilt(getattr(value, key)) for key in value.__dataclass_fields__})
    if isinstance(value, list | tuple):
        return type(value)(spoilt(one) for one in value)
    return value


def check_unharmed(name: str, text: str) -> None:
    for line in text.split("\n"):
        assert not re.match(r"Subject:|CONFIRM 0000|List: evil", line), (name, line)
    assert not set(text) & set("\r\x00\x0b\x0c\x1b\x85\u2028\u2029\u200b\u202e"), name


def test_no_value_forges_a_line_of_a_fragment() -> None:
    for name, values in fragments():
        check_unharmed(name, str(RENDERER.fragment(name, spoilt(values))))


def test_no_value_forges_a_line_or_a_subject_of_a_mail() -> None:
    for name, values in letters(RENDERER):
        mail = RENDERER.render(name, spoilt(values))
        assert "\n" not in mail.subject
        check_unharmed(name, mail.subject + "\n" + mail.body)


# --- fragments as such


def test_a_fragment_that_says_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mute.txt.j2").write_text("{% if loud %}hello{% endif %}\n\n")
    renderer = Renderer([tmp_path], LIST)
    assert renderer.fragment("mute", {"loud": True}) == "hello"
    with pytest.raises(TemplateProblem, match="says nothing"):
        renderer.fragment("mute", {"loud": False})
    with pytest.raises(TemplateProblem, match="no name"):
        renderer.fragment("../mute", {"loud": True})


def test_a_fragment_keeps_its_lines_in_another_text_and_a_plain_value_does_not(tmp_path: Path) -> None:
    (tmp_path / "two.txt.j2").write_text("one {{ word }}\n\n\n\ntwo   \n")
    (tmp_path / "frame.txt.j2").write_text("Subject: a\n\n{{ part }}\n")
    renderer = Renderer([tmp_path], LIST)
    part = renderer.fragment("two", {"word": "a\nb"})
    assert renderer.render("frame", {"part": part}).body == "one a b\n\ntwo\n"
    assert renderer.render("frame", {"part": str(part) + ""}).body == "one a b  two\n"
