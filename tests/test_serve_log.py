"""The log of a running `serve`: one line for each event, in the form that was chosen, and nobody's words in it."""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.keys import KeyPair
from tests.service import Town, town
from tests.test_serve import serving


@pytest.fixture
def place(ann: KeyPair) -> Iterator[Town]:
    with town('[log]\nformat = "json"\nlevel = "info"\n') as one:
        one.desk.member(ann, "nl")
        one.roster_is_sent()
        yield one


def test_each_event_is_a_line_of_json_without_anybody_s_words(place: Town, ann: KeyPair) -> None:
    place.sink.answer("RCPT", f"550 5.1.1 <{ann.address}>: no such user here", match=ann.address)
    with serving(place.config.file) as process:
        raw = ann.pgp_mime_signed("SHOW", {"Subject": "my words"})
        assert (
            process.send((ann.address, raw), ("stranger@client.example", b"Subject: x\r\n\r\nHELP\r\n")) == 2
        )
        place.next_to("stranger@client.example")
        code, _, err = process.end(signal.SIGTERM)
    assert code == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert {frozenset(one) for one in lines} == {frozenset(("at", "level", "room", "event", "message"))}
    assert "mail %d: %s, %s" in {one["event"] for one in lines}
    for word in ("@", "my words", "no such user", "Ann", ann.fingerprint):
        assert word not in err
