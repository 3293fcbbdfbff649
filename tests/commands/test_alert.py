"""ALERT: at 3 a.m. only the text is needed; it goes to everybody in scope, in the poster's own signed words."""

import re
import tempfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, close_home, gpg, person
from tests.outcomes import all_of, answer, outcome, rows, templates
from tldops_bot.domain.outgoing import Entitled, Kind, Letter
from tldops_bot.store.tables import Alert, AlertRecipient, Delivery, Message, Person

TEXT = "Phishing against registrars\n\nThey call and ask for codes.\n"


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    return desk


def post(desk: Desk, who: KeyPair, fields: str = "", text: str = TEXT):
    desk.later(seconds=1)
    return desk.say_bound(who, f"ALERT\n{fields}\n{text}")


def alert_letter(desk: Desk) -> Letter:
    return [one for one in desk.letters if one.template == "letters/alert"][-1]


def reached(desk: Desk) -> set[str]:
    """Whom a copy goes to now; one for who has no key waits in the outbox."""
    return {address for address, state in desk.copies().items() if state == "waiting"}


# --- defaults


def test_only_the_text_is_needed(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert outcome(post(town, ann)) == "posted"
    (alert,) = all_of(town, Alert)
    assert (alert.title, alert.tlp, alert.severity, alert.state) == (
        "Phishing against registrars",
        "AMBER",
        "high",
        "posted",
    )
    assert (alert.id, alert.for_tlds, alert.is_exercise) == (f"A-{town.now.year}-0001", ["nl"], False)
    letter = alert_letter(town)
    assert letter.kind is Kind.ALERT
    assert letter.is_confidential
    assert letter.reply_to == ann.address
    assert reached(town) == {ann.address, bob.address}
    with town.look() as session:
        copies = session.scalars(select(Delivery).where(Delivery.person_id.is_not(None)))
        assert {one.entitled_as for one in copies if one.rcpt_to == bob.address} == {Entitled.MEMBER}
    assert {one.got for one in all_of(town, AlertRecipient)} == {"alert"}


def test_fields_are_taken(town: Desk, ann: KeyPair) -> None:
    post(town, ann, "Title: Look out\nTLP: RED\nSeverity: critical\nScope: tld be\nFor: .NL\n")
    (alert,) = all_of(town, Alert)
    assert (alert.title, alert.tlp, alert.severity, alert.scope["tlds"]) == (
        "Look out",
        "RED",
        "critical",
        ["be"],
    )


def test_title_stands_inside_only(town: Desk, ann: KeyPair) -> None:
    post(town, ann, "TLP: GREEN\n")
    rendered = town.text(alert_letter(town)).split("\n")[0]
    assert rendered == f"Subject: [TLP:GREEN] A-{town.now.year}-0001"


def test_bad_values_take_the_safer_one_and_the_alert_goes(town: Desk, ann: KeyPair) -> None:
    handled = post(town, ann, "TLP: purple\nSeverity: huge\nFor: be, zz\n")
    assert outcome(handled) == "posted"
    values = handled.decision.parts[0].outcome.values
    assert [(one.name, one.instead) for one in values["safer"]] == [
        ("TLP", "AMBER+STRICT"),
        ("Severity", "high"),
    ]
    assert values["notes"] == ["be, zz"]
    assert all_of(town, Alert)[0].for_tlds == ["nl"]


def test_for_names_some_of_the_posters_tlds(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    post(desk, ann, "For: be\n")
    post(desk, ann, "For: be lu\n")
    assert [one.for_tlds for one in all_of(desk, Alert)] == [["be"], ["be"]]


@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ("Scope: nl\n", TEXT, "bad_scope"),
        ("Scope: tld zz\n", TEXT, "bad_scope"),
        ("Scope: region Atlantis\n", TEXT, "bad_scope"),
        ("Scope: organisation No Such Registry\n", TEXT, "bad_scope"),
        ("Scope: ,\n", TEXT, "bad_scope"),
        ("Scpoe: tld be\n", TEXT, "unknown_field"),
        ("Exercise: perhaps\n", TEXT, "bad_exercise"),
        ("Title: x\n", "", "alert_empty"),
        ("", "\n  \n", "alert_empty"),
    ],
)
def test_what_could_go_to_the_wrong_people_or_says_nothing_stops_it(
    town: Desk, ann: KeyPair, fields: str, text: str, reason: str
) -> None:
    before = rows(town)
    assert outcome(post(town, ann, fields, text)) == reason
    assert rows(town) == before
    assert "letters/alert" not in [one.template for one in town.letters]


def test_oversized_alert_is_refused(ann: KeyPair) -> None:
    with open_desk("[alerts]\nmax_bytes = 5000") as desk:
        desk.member(ann, "nl")
        assert outcome(post(desk, ann, text="word " * 2000)) == "alert_too_large"
        assert outcome(post(desk, ann)) == "posted"


# --- who gets it


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("all", {"ann", "bob", "dora", "carol"}),
        ("tld be", {"ann", "bob", "carol"}),
        ("tld be br", {"ann", "bob", "dora", "carol"}),
        ("region LAC", {"ann", "dora", "carol"}),
        ("region LA, tld be", {"ann", "bob", "dora", "carol"}),
        ("organisation example registry", {"ann", "bob", "dora", "carol"}),
    ],
)
def test_scope_reaches_these_with_poster_and_committee(
    town: Desk, ann: KeyPair, carol: KeyPair, scope: str, names: set[str]
) -> None:
    town.member(person("Dora Example", "dora.sample@nic.example"), "br")
    town.member(carol, office="committee")
    post(town, ann, f"Scope: {scope}\n")
    assert {address.split("@")[0].split(".")[0] for address in reached(town)} == names


def test_keyless_contacts_get_a_notice_without_content(town: Desk, ann: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    town.member(dora, "lu", keyless=True)
    post(town, ann, "Title: Secret matter\n")
    assert templates(town, dora.address) == ["letters/alert", "jobs/alert_waiting"]
    assert dora.address not in reached(town)
    with town.look() as session:
        theirs = select(Delivery.state).where(Delivery.rcpt_to == dora.address).order_by(Delivery.id)
        assert session.scalars(theirs).all() == ["held", "waiting"]
    words = town.text(town.last(dora.address))
    for secret in ("Secret matter", "Phishing", ann.name, ann.address):
        assert secret not in words
    assert {one.got for one in all_of(town, AlertRecipient)} == {"alert", "notice"}


def test_notice_names_other_open_alerts_to_the_same_people(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    post(town, ann, "Title: First\n")
    post(town, ann, "Title: Elsewhere\nScope: tld be\n")
    town.say_bound(ann, f"CLOSE A-{town.now.year}-0002")
    post(town, bob, "Title: Second\n")
    assert [one["title"] for one in alert_letter(town).values["beside"]] == ["First"]
    assert f"A-{town.now.year}-0001" in town.text(alert_letter(town))
    town.later(days=3)
    post(town, bob, "Title: Third\n")
    assert alert_letter(town).values["beside"] == []


def test_who_is_the_last_hope_of_a_tld_is_served_first_and_lost_tlds_are_named(
    town: Desk, ann: KeyPair
) -> None:
    dora, emil = person("Dora Example", "dora@nic.example"), person("Emil Example", "emil@nic.example")
    fred, gina = person("Fred Example", "fred@nic.example"), person("Gina Example", "gina@nic.example")
    town.member(dora, "lu", "fr", keyless=True)
    town.member(emil, "fr")
    town.member(fred, "at")
    town.member(gina, "at")
    with town.app.database.write() as session:
        session.query(Person).filter_by(email=fred.address).update({"mailbox_failed_at": town.now})
    handled = post(town, ann)
    copies = town.copies()
    assert set(list(copies)[:2]) == {emil.address, gina.address}
    assert copies.pop(dora.address) == "held"
    assert set(copies.values()) == {"waiting"}
    values = handled.decision.parts[0].outcome.values
    assert (values["out_of_reach"], values["to_query"]) == (["lu"], ["lu"])


def test_blocked_and_departed_members_get_no_copy(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    town.member(dora, "lu")
    town.say(bob, "KEY STOLEN")
    town.say_bound(dora, "UNSUBSCRIBE ALL")
    assert outcome(answer(town, dora.address)) == "left"
    post(town, ann)
    assert reached(town) == {ann.address}
    assert "jobs/alert_waiting" not in templates(town, dora.address)


def test_emergency_addresses_get_it_too(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    town.say_bound(bob, "UPDATE\nEmergency-Email: bob@elsewhere.example")
    post(town, ann)
    assert "bob@elsewhere.example" not in reached(town)
    for address in (bob.address, "bob@elsewhere.example"):
        answer(town, address)
    post(town, ann)
    assert "bob@elsewhere.example" in reached(town)


def test_who_may_not_post(town: Desk, carol: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    town.member(dora, "lu", keyless=True)
    before = rows(town)
    assert outcome(post(town, carol)) == "unknown_key"
    raw = carol.pgp_mime_signed(
        f"{LIST_LINE}\nALERT\n\n{TEXT}", at=town.now, attachments=[carol.key_attachment()]
    )
    assert outcome(town.receive(raw)) == "not_a_contact"
    assert outcome(town.write(dora.address, f"{LIST_LINE}\nALERT\n\n{TEXT}")) == "unsigned"
    assert rows(town) == before


# --- Draft, Exercise, held


@pytest.mark.parametrize("value", ["yes", "perhaps", "tomorrow"])
def test_draft_shows_what_would_go_and_keeps_nothing(town: Desk, ann: KeyPair, value: str) -> None:
    before = rows(town)
    handled = post(town, ann, f"Draft: {value}\n")
    assert outcome(handled) == "draft"
    assert handled.decision.parts[0].outcome.values["members"] == 2
    assert rows(town) == before
    assert [one.template for one in town.letters] == ["reply"]
    assert town.letters[0].is_confidential


def test_member_may_exercise_on_few_tlds_twice_a_year(town: Desk, ann: KeyPair, carol: KeyPair) -> None:
    town.member(carol, office="committee")
    assert outcome(post(town, ann, "Exercise: yes\n")) == "exercise_too_wide"
    assert outcome(post(town, ann, "Exercise: yes\nScope: region EU\n")) == "exercise_too_wide"
    assert outcome(post(town, ann, "Exercise: yes\nScope: organisation Example\n")) == "exercise_too_wide"
    for _ in range(2):
        assert outcome(post(town, ann, "Exercise: yes\nScope: tld be lu\n")) == "posted"
    assert outcome(post(town, ann, "Exercise: yes\nScope: tld be\n")) == "exercise_too_often"
    assert outcome(post(town, carol, "Exercise: yes\n")) == "posted"
    assert "EXERCISE" in town.text(alert_letter(town)).split("\n")[0]
    assert all_of(town, Alert)[-1].is_exercise


def test_fourth_alert_of_an_hour_waits_for_a_second_member(
    town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    town.member(carol, office="committee")
    for _ in range(3):
        assert outcome(post(town, ann)) == "posted"
    assert outcome(post(town, ann)) == "held"
    assert templates(town, carol.address)[-1] == "letters/release"
    assert all_of(town, Alert)[-1].state == "held"
    assert outcome(post(town, bob)) == "posted"
    town.later(hours=1)
    assert outcome(post(town, ann)) == "posted"


def test_eleventh_alert_of_an_hour_by_anybody_waits(ann: KeyPair, bob: KeyPair) -> None:
    with open_desk("[alerts]\nmax_per_member_hour = 100") as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        assert [outcome(post(desk, ann)) for _ in range(10)] == ["posted"] * 10
        handled = post(desk, bob)
        assert (outcome(handled), handled.decision.parts[0].outcome.values["why"]) == (
            "held",
            "too_many_in_all",
        )


# --- the original, in all forms


def as_pgp_mime(desk: Desk, who: KeyPair, text: str) -> bytes:
    return who.pgp_mime_signed(text, at=desk.now)


def as_encrypted(desk: Desk, who: KeyPair, text: str) -> bytes:
    return who.pgp_mime_encrypted(text, list_of(desk), at=desk.now)


def as_signed_then_encrypted(desk: Desk, who: KeyPair, text: str) -> bytes:
    return who.signed_then_encrypted(text, list_of(desk), at=desk.now)


def as_inline(desk: Desk, who: KeyPair, text: str) -> bytes:
    return who.inline_signed(text, at=desk.now)


def as_inline_encrypted(desk: Desk, who: KeyPair, text: str) -> bytes:
    return who.inline_encrypted(text, list_of(desk), at=desk.now)


def list_of(desk: Desk) -> KeyPair:
    return KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)


FORMS = [as_pgp_mime, as_encrypted, as_signed_then_encrypted, as_inline, as_inline_encrypted]


def files_in(letter: Letter) -> Iterator[tuple[str, bytes]]:
    """What a recipient finds attached, by name."""
    for one in letter.attachments:
        if not one.is_raw_entity:
            yield one.name, one.octets
            continue
        for part in message_from_bytes(one.octets).walk():
            if part.get_filename():
                yield part.get_filename(), part.get_payload(decode=True)


def verified(files: dict[str, bytes]) -> str:
    """What gpg alone says of the attached files, in a home that knows only the attached key."""
    home = Path(tempfile.mkdtemp(prefix="alone", dir="/tmp"))
    try:
        for name, octets in files.items():
            (home / name).write_bytes(octets)
        gpg(home, "--import", str(home / "poster-key.asc"))
        if "original.asc" in files:
            said = gpg(home, "--status-fd=1", "--verify", str(home / "original.asc"))
        else:
            said = gpg(
                home, "--status-fd=1", "--verify", str(home / "original.sig"), str(home / "original.bin")
            )
        return said.decode()
    finally:
        close_home(home)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [TEXT, "Zürich → 東京: naïve Räuber\n- dash\nFrom here  \n"])
def test_original_verifies_by_gpg_alone_whatever_form_it_came_in(
    town: Desk, ann: KeyPair, form: Callable[[Desk, KeyPair, str], bytes], text: str
) -> None:
    handled = town.receive(form(town, ann, f"{LIST_LINE}\nALERT\n\n{text}"), ann.address)
    assert outcome(handled) == "posted"
    files = dict(files_in(alert_letter(town)))
    said = verified(files)
    assert f"VALIDSIG {ann.fingerprint}" in said
    words = (files.get("original.asc") or files["original.bin"]).decode()
    assert text.split("\n")[0] in words


@pytest.mark.parametrize("form", [as_pgp_mime, as_inline])
def test_original_travels_octet_for_octet_where_nobody_wrote_around_it(
    town: Desk, ann: KeyPair, form: Callable[[Desk, KeyPair, str], bytes]
) -> None:
    raw = form(town, ann, f"{LIST_LINE}\nALERT\n\n{TEXT}")
    assert outcome(town.receive(raw, ann.address)) == "posted"
    start = raw.index(b"-----BEGIN PGP SIGNED" if form is as_inline else b"\r\n\r\n--")
    assert any(raw[start:].rstrip() in one.octets for one in alert_letter(town).attachments)


@pytest.mark.parametrize("form", [as_pgp_mime, as_inline])
def test_what_was_signed_travels_octet_for_octet_and_nothing_that_stood_beside_it(
    town: Desk, ann: KeyPair, form: Callable[[Desk, KeyPair, str], bytes]
) -> None:
    """Under the list's signature nobody on the way says "retracted", and nobody learns where the poster sat."""
    raw = form(town, ann, f"{LIST_LINE}\nALERT\n\n{TEXT}")
    lie = b"RETRACTED, call evil.example"
    more = raw.replace(b"Subject: a question", b"Received: from home.nic.example\r\nSubject: " + lie)
    more = more.replace(
        b"BEGIN PGP SIGNATURE-----\r\n", b"BEGIN PGP SIGNATURE-----\r\nComment: " + lie + b"\r\n"
    )
    more = more.replace(b"application/pgp-signature;", b"application/pgp-signature; x=evil.example;")
    edge = re.search(rb'boundary="([^"]+)"', raw)
    if edge:
        more = more.replace(b"\r\n\r\n--" + edge[1], b"\r\n\r\n" + lie + b"\r\n--" + edge[1], 1)
    assert more.count(b"RETRACTED") == (3 if edge else 2)
    assert outcome(town.receive(more + lie, ann.address)) == "posted"
    with town.look() as session:
        original = session.scalars(select(Alert.original)).one()
    files = dict(files_in(alert_letter(town)))
    words = files.get("original.bin") or files["original.asc"].partition(b"-----BEGIN PGP SIG")[0]
    assert words.replace(b"\r\n", b"\n") in raw.replace(b"\r\n", b"\n")
    assert any(original in one.octets for one in alert_letter(town).attachments)
    for octets in (original, *(one.octets for one in alert_letter(town).attachments)):
        assert not re.search(rb"(?i)retracted|evil|received|subject", octets)
    assert f"VALIDSIG {ann.fingerprint}" in verified(files)


def test_the_posters_key_names_nobody_else_who_is_here(town: Desk, ann: KeyPair) -> None:
    """Else gpg would say "Good signature from" somebody who has not signed."""
    others = [f"Ann Example <{ann.address}>", f"TLD-OPS <{LIST_ADDRESS}>"]
    mallory = KeyPair.make("Mallory Example", "mallory@be.example", also=others)
    number = town.member(mallory, "fr")
    for address in (mallory.address, "mallory@new.example"):  # the key names the earlier one only
        with town.app.database.write() as session:
            session.get_one(Person, number).email = address
            session.get_one(Person, number).email_key = address
        post(town, mallory)
        key = dict(files_in(alert_letter(town)))["poster-key.asc"]
        listed = gpg(mallory.home, "--show-keys", "--with-colons", octets=key).decode()
        assert re.findall("<(.*?)>", listed) == [mallory.address]


@pytest.mark.parametrize("form", FORMS)
def test_changed_original_verifies_no_more(
    town: Desk, ann: KeyPair, form: Callable[[Desk, KeyPair, str], bytes]
) -> None:
    town.receive(form(town, ann, f"{LIST_LINE}\nALERT\n\n{TEXT}"), ann.address)
    files = dict(files_in(alert_letter(town)))
    changed = {name: octets.replace(b"Phishing", b"Fishing") for name, octets in files.items()}
    assert changed != files
    with pytest.raises(AssertionError, match="BAD signature"):
        verified(changed)


# --- bound to the list


def test_alert_that_does_not_name_the_list_waits_for_a_token(town: Desk, ann: KeyPair) -> None:
    handled = town.say(ann, f"ALERT\n\n{TEXT}")
    assert outcome(handled) == "list_not_named"
    assert all_of(town, Alert) == []
    town.later(seconds=1)
    town.say(ann, f"CONFIRM {town.token_for(ann.address)}")
    assert [one.state for one in all_of(town, Alert)] == ["posted"]


def test_alert_to_the_list_in_a_protected_header_goes_at_once(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed(f"ALERT\n\n{TEXT}", protected={"To": f"<{LIST_ADDRESS}>"}, at=town.now)
    assert outcome(town.receive(raw)) == "posted"


def test_numbers_run_through_the_year_and_start_again(town: Desk, ann: KeyPair) -> None:
    town.now = town.now.replace(year=2030, month=12, day=31, hour=22)
    post(town, ann)
    post(town, ann)
    town.later(hours=3)
    post(town, ann)
    assert [one.id for one in all_of(town, Alert)] == ["A-2030-0001", "A-2030-0002", "A-2031-0001"]


def test_alert_goes_to_who_gets_a_key_afterwards(town: Desk, ann: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    town.iana("lu", "admin@registry.example")
    town.member(dora, "lu", keyless=True)
    post(town, ann)
    town.say(dora, "KEY", attachments=[dora.key_attachment()])
    town.say(dora, f"CONFIRM {town.token_for(dora.address)}")
    town.write("admin@registry.example", f"CONFIRM {town.token_for('admin@registry.example')}")
    with town.look() as session:
        copies = (
            select(Delivery.state)
            .join(Message)
            .where(Delivery.rcpt_to == dora.address, Message.alert_id == alert_letter(town).alert_id)
        )
        assert session.scalars(copies).all() == ["waiting"]
