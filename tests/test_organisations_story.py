"""One whole story over SMTP: a CERT joins by the committee's word, is found, warned, and leaves by its own word."""

from collections.abc import Iterator

import pytest

from tests.desk import LIST_LINE
from tests.keys import KeyPair
from tests.service import Town, town

SERVES = '[membership]\nconstituencies = ["cctld", "cert"]\n'
LABEL = "cert:example-cert"


@pytest.fixture
def place() -> Iterator[Town]:
    with town(SERVES) as one:
        yield one


def test_a_cert_joins_is_found_is_warned_and_leaves(
    place: Town, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    place.desk.member(carol, office="committee")
    place.desk.member(bob, "nl")
    place.roster_is_sent()
    text = f"SUBSCRIBE CERT\nName: {ann.name}\nPhone: +44 20 7946 0123\nOrganisation: Example CERT\n"
    with place.serving():
        place.say(ann, text, attachments=[ann.key_attachment()])
        place.answer(place.next_to(ann, "Is this you"), ann)
        asked = place.next_to(carol, "To decide: R-1")
        assert asked.was_encrypted
        assert f"Example CERT ({LABEL})" in asked.text
        assert "our committee vouches" in " ".join(asked.text.split())
        place.say_bound(carol, "APPROVE R-1 known since 2019")
        assert LABEL in place.next_to(ann, "Welcome").text

        place.say(bob, "QUERY ORGANISATION example cert", headers={"Subject": "who is it?"})
        assert ann.address in place.next_to(bob, "SUCCESS: who is it?").text

        place.say(bob, f"ALERT\n{LIST_LINE}\nScope: organisation Example CERT\n\nPhishing in your name.\n")
        warned = place.next_to(ann, "[TLP:AMBER]")
        assert warned.was_encrypted

        place.say_bound(ann, "UNSUBSCRIBE CERT")
        place.answer(place.next_to(ann, "Do you want to leave"), ann.address)
        told = place.next_to(carol, f"{LABEL} has no contact any more")
    assert f"SUBSCRIBE {LABEL}" in told.text
