"""One whole story over SMTP: a TLD that is missing is invited, says yes with one line, and has a contact in the end."""

from collections.abc import Iterator

import pytest

from tests.keys import KeyPair, person
from tests.service import Town, town

ROLE = "admin@registry.example"


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


def test_a_missing_tld_is_invited_and_takes_part_in_the_end(place: Town, carol: KeyPair) -> None:
    carl = person("Carl Example", "carl@nic.example")
    place.desk.member(carol, office="committee")
    place.roster_is_sent()
    place.desk.iana("nl", ROLE)
    with place.serving():
        place.say_bound(carol, "INVITE nl")
        invitation = place.next_to(ROLE, "Who answers for .nl")
        assert not invitation.was_encrypted
        assert invitation.signed_by == place.list_key.fingerprint
        place.answer(invitation, ROLE)
        form = place.next_to(ROLE, "SUCCESS")
        assert "tld-ops-list-key.asc" in form.files
        lines = form.text.partition("SUBSCRIBE nl\n")[2].partition("\n\n")[0]
        filled = lines.replace("Name:", f"Name: {carl.name}").replace("\nEmail:", f"\nEmail: {carl.address}")
        filled = filled.replace("Mobile:", "Mobile: +44 20 7946 0456")
        place.write(ROLE, f"SUBSCRIBE nl\n{filled}")
        place.answer(place.next_to(carl, "Is this you"), carl.address)
        place.answer(place.next_to(ROLE, "Yes or no"), ROLE)
        place.next_to(carl, "Welcome")
        place.say(carol, "HISTORY nl", headers={"Subject": "how did that go?"})
        told = place.next_to(carol, "SUCCESS: how did that go?")
    assert told.was_encrypted
    happened = ["invitation sent", "invitation answered: yes", "became a contact"]
    assert [told.text.index(words) for words in happened] == sorted(map(told.text.index, happened))
    assert carol.fingerprint in told.text.replace(" ", "")
