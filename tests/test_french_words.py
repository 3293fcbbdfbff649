"""What the program itself words, and no template, has its French: commands, what was done, call sheets, figures."""

from dataclasses import replace

import jinja2
import pytest

from tests.template_values import AT, FRAGMENTS, LETTERS, shown, speaking
from tldops_bot.commands._all import COMMANDS
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.alert_reach import FAILED, REACHED, WAITING, Call
from tldops_bot.domain.call_sheet import SheetContact, SheetLine
from tldops_bot.domain.roster import Coverage, Share
from tldops_bot.domain.tld import REGIONS
from tldops_bot.domain.token import Purpose
from tldops_bot.roster import text
from tldops_bot.roster.call_sheet import text_lines

FRENCH = speaking("fr")


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_help_says_in_french_what_a_command_does_and_how_it_is_written(verb: str) -> None:
    help_text = str(FRENCH.fragment("help/one", {"command": shown(verb)}))
    assert help_text.startswith(f"{verb} : ")
    head = " ".join(help_text.partition("\n\n")[0].split())
    assert COMMANDS[verb].summary not in head
    usage = help_text.split("\n\n")[1]
    assert not any(
        word in usage for word in (" id", "words", "reason", "token", " name", "address", "command]")
    )


def _keys(template: str, name: str) -> set[str]:
    """The keys of a dictionary that a template sets."""
    source = (shipped("templates") / template).read_text(encoding="utf-8")
    for node in jinja2.Environment().parse(source).find_all(jinja2.nodes.Assign):
        if isinstance(node.target, jinja2.nodes.Name) and node.target.name == name:
            assert isinstance(node.node, jinja2.nodes.Dict)
            return {str(pair.key.as_const()) for pair in node.node.items}
    raise AssertionError(f"{template} sets no {name}")


@pytest.mark.parametrize("name", ["WHAT", "BY"])
def test_history_has_french_words_for_all_that_it_has_english_words_for(name: str) -> None:
    english = _keys("history/history.txt.j2", name)
    assert english - _keys("fr/history/_what.txt.j2", name) == set()


@pytest.mark.parametrize("purpose", Purpose)
def test_show_names_each_open_question_in_french(purpose: str) -> None:
    values = FRAGMENTS["show/record"][0] | {"questions": [(AT, purpose, AT)]}
    words = purpose.replace("_", " ")
    assert f"({words})" not in str(FRENCH.fragment("show/record", values))


def test_a_call_sheet_is_read_in_french() -> None:
    ann = SheetContact(
        "Ann Example",
        "Example Registry",
        (("Mobile", "+44 20 7946 0456"), ("Phone", "+44 20 7946 0123")),
        ("Europe/London", "America/New_York"),
    )
    woken = replace(ann, note="woken by sms at 02:47 UTC, has not answered")
    failed = replace(ann, note="could not be woken by sms")
    calls = (Call("nl", False, "Bob Sample", AT, "no reply"), Call("nl", True, "Bob Sample", AT))
    states = ((REACHED, ""), (FAILED, "mailbox refused or bounced, no usable key"), (WAITING, ""))
    lines = [
        SheetLine("nl", "Netherlands", "EU", state, why, (ann, woken, failed), calls, "Carol")
        for state, why in states
    ]
    body = FRENCH.render(
        "jobs/call_sheet", LETTERS["jobs/call_sheet"][0] | {"sheet": text_lines(lines, AT)}
    ).body
    assert "\n  sans réponse : leur serveur" in body
    assert "\n  échec : refusé par la boîte aux lettres, ou revenu, pas de clé utilisable\n" in body
    assert "\n  en route\n" in body
    assert "\n  ! appel 02:47 UTC Bob Sample : pas joint, no reply\n" in body
    assert "\n  ! appel 02:47 UTC Bob Sample : joint\n" in body
    assert "\n    Port.   +44 20 7946 0456\n    Tél.    +44 20 7946 0123\n    Là-bas  " in body
    assert "\n    ! réveillé par sms à 02:47 UTC, n'a pas répondu\n" in body
    assert "\n    ! n'a pas pu être réveillé par sms\n" in body
    assert ", la nuit\n  Appelle : Carol\n" in body


def test_figures_are_named_in_french_and_stay_in_their_columns() -> None:
    share = Share(40, 308)
    regions = Coverage(
        share, share, share, dict.fromkeys(REGIONS, share), share, contacts=3, with_key=2, stale=1
    )
    names = ("ccTLDs", "ASCII ccTLDs", "IDN ccTLDs", "Confirmed in 200 days", "gTLDs")
    lines = [text.share_line(name, share) for name in names] + text.region_lines(regions)
    values = FRAGMENTS["query/stats"][0] | {"coverage_lines": lines}
    printed = [
        line
        for line in str(FRENCH.fragment("query/stats", values)).split("\n")
        if line.endswith("  40 sur 308   12 %")
    ]
    assert len(printed) == len(lines)
    assert {len(line) for line in printed} == {len(lines[0]) + 1}
    changed = {"CERTs": "CERT", "Regional organisations": "Organisations régionales"}
    for english, french in changed.items():
        values |= {"coverage_lines": [text.count_line(english, 4)]}
        assert f"  {french:<28}   4\n" in str(FRENCH.fragment("query/stats", values))
