"""What the mail clients of this world send is accepted: verdict good, the right person, each command to the letter.

`python -m tests.test_client_mails` prints the table: client, form, what became of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.client_mails import CLIENTS, Writer
from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, person
from tldops_bot.domain.request import Field
from tldops_bot.intake import Handled

POSTAL = "Zürichstraße 1, with more words in it than fit into one line of a mail, so it is folded, Zürich"
FORMS = ("signed", "signed with key", "encrypted", "encrypted with key")


@dataclass(frozen=True)
class Room:
    """A desk, a member, somebody nobody knows, and the list's key in their hands."""

    desk: Desk
    ann: KeyPair
    stranger: KeyPair
    list_key: KeyPair


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with open_room() as opened:
        yield opened


class open_room:  # noqa: N801  reads as the function that it stands for
    """A context manager, for the tests and for the table."""

    def __enter__(self) -> Room:
        self._desk = open_desk()
        desk = self._desk.__enter__()
        ann, stranger = person("Ann Example", "ann@nic.example"), person("Stan", "stan@elsewhere.example")
        desk.member(ann, "nl")
        certificate = desk.app.gnupg.list_certificate(desk.now).blob
        return Room(desk, ann, stranger, KeyPair.of(certificate, "TLD-OPS", LIST_ADDRESS))

    def __exit__(self, *problem: object) -> None:
        self._desk.__exit__(None, None, None)


def commands(postal: str) -> str:
    return (
        f"TEST\n{LIST_LINE}\nUPDATE\nPostal: {postal}\nTimezone: Europe/Zurich\n\n"
        "From now on it is this one.\n-- \nAnn Example\n"
    )


def written(room: Room, client: str, form: str, who: KeyPair, postal: str) -> bytes | None:
    """A whole mail, or None where the client has no such form."""
    shape = CLIENTS[client]
    writer, at, with_key = Writer(shape, who), room.desk.now, form.endswith("with key")
    if with_key and not shape.key_part:
        return None
    if form.startswith("encrypted"):
        return writer.encrypted(commands(postal), room.list_key, at, with_key)
    if not shape.signed_type and not shape.is_inline:
        return None
    return writer.signed(commands(postal), at, with_key)


def received(room: Room, raw: bytes) -> Handled:
    room.desk.later(seconds=1)
    return room.desk.receive(raw, "ann@nic.example")


def assert_read_to_the_letter(handled: Handled, postal: str) -> None:
    read = handled.decision.commands
    assert read is not None, (handled.judged.verdict, handled.decision)
    assert read.is_test
    assert read.problems == ()
    assert read.lists_named == (LIST_ADDRESS,)
    assert [one.line for one in read.requests] == ["UPDATE"]
    fields = [(one.name, one.value) for one in read.requests[0].fields]
    assert fields == [("Postal", postal), ("Timezone", "Europe/Zurich")]
    assert all(isinstance(one, Field) for one in read.requests[0].fields)


@pytest.mark.parametrize(
    "postal", [POSTAL, POSTAL.replace("ü", "ue").replace("ß", "ss")], ids=["utf-8", "ascii"]
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_members_mail_is_good_and_read_to_the_letter(
    room: Room, client: str, form: str, postal: str
) -> None:
    raw = written(room, client, form, room.ann, postal)
    if raw is None:
        assert (client, form) in missing()
        return
    handled = received(room, raw)
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert handled.person == "ann@nic.example"
    assert handled.judged.was_encrypted is form.startswith("encrypted")
    assert_read_to_the_letter(handled, postal)


def missing() -> set[tuple[str, str]]:
    """What these clients can not do; a new gap in the shapes shows here."""
    return {
        ("Delta Chat", "signed"),
        ("Delta Chat", "signed with key"),
        ("Delta Chat", "encrypted with key"),
    }


@pytest.mark.parametrize("form", ["signed with key", "encrypted with key"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_newcomers_attached_key_is_found_and_verifies_the_mail(room: Room, client: str, form: str) -> None:
    raw = written(room, client, form, room.stranger, POSTAL)
    if raw is None:
        assert (client, form) in missing()
        return
    handled = received(room, raw)
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert handled.judged.verdict.fingerprint == room.stranger.fingerprint
    assert [one.fingerprint for one in handled.judged.certificates] == [room.stranger.fingerprint]
    assert handled.person == ""
    assert_read_to_the_letter(handled, POSTAL)


def test_every_client_of_the_list_has_a_shape() -> None:
    assert len(CLIENTS) == 11


def table() -> list[str]:
    """Client and form, and whether the mail is taken and read to the letter."""
    lines = [f"{'client':22}" + "".join(f"{form:20}" for form in FORMS)]
    with open_room() as room:
        for client in CLIENTS:
            cells = [_cell(room, client, form) for form in FORMS]
            lines.append(f"{client:22}" + "".join(f"{cell:20}" for cell in cells))
    return lines


def _cell(room: Room, client: str, form: str) -> str:
    raw = written(room, client, form, room.ann, POSTAL)
    if raw is None:
        return "not done by it"
    handled = received(room, raw)
    verdict = handled.judged.verdict
    if not verdict.is_good:
        return f"REFUSED {verdict.reason}"
    try:
        assert_read_to_the_letter(handled, POSTAL)
    except AssertionError:
        return "MISREAD"
    return "accepted"


if __name__ == "__main__":
    print("\n".join(table()))
