"""REACHED names TLDs and then says something; a word that is a TLD, too, must not mark the wrong one."""

import pytest

from tldops_bot.domain.called_tlds import Called, read_called

KNOWN = {"nl", "be", "it", "is", "no", "xn--p1ai", "cert:example-cert"}


@pytest.mark.parametrize(
    ("text", "tlds", "words"),
    [
        ("nl", ("nl",), ""),
        ("nl be", ("nl", "be"), ""),
        ("nl, be, .it", ("nl", "be", "it"), ""),
        ("NL .РФ: they know", ("nl", "xn--p1ai"), "they know"),
        ("nl they know", ("nl",), "they know"),
        ("nl it is fine", ("nl",), "it is fine"),
        ("cert:example-cert nl: they know", ("cert:example-cert", "nl"), "they know"),
        ("CERT:Example-CERT: they know", ("cert:example-cert",), "they know"),
        ("nl cert:other they know", ("nl",), "cert:other they know"),
        ("nl .it is fine", ("nl", "it"), "is fine"),
        ("nl be they answer", ("nl",), "be they answer"),
        ("nl, be, they answer, all", ("nl", "be"), "they answer, all"),
        ("nl be - it is fine", ("nl", "be"), "it is fine"),
        ("it is fine", ("it",), "is fine"),
        ("nl no answer", ("nl",), "no answer"),
        ("nl nl be", ("nl", "be"), ""),
        ("no", ("no",), ""),
        ("fr", (), "fr"),
        ("", (), ""),
        (": nobody", (), "nobody"),
        ("nobody knows nl", (), "nobody knows nl"),
    ],
)
def test_tlds_stand_first(text: str, tlds: tuple[str, ...], words: str) -> None:
    assert read_called(text, KNOWN) == Called(tlds, words)
