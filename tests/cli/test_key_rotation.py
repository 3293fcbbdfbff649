"""`keys rotate` and `keys export --wkd`: the list's own key, as others find it and as it changes."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.cli.conftest import Cli
from tests.keys import LIST_ADDRESS, KeyPair, gpg
from tests.service import town
from tldops_bot.adapters.gnupg_keyring import ListKeyring
from tldops_bot.app import App
from tldops_bot.cli._key_rotation import OLD_KEY_IS_KEPT, rotate
from tldops_bot.domain.key_discovery import web_key_name, web_keys
from tldops_bot.mail.mime_slices import slice_entity
from tldops_bot.store import facts
from tldops_bot.store.tables import Delivery, Message


def keys_of(cli: Cli) -> tuple[str, ...]:
    return App(cli.desk.app.config).gnupg.keyring.fingerprints()


def announced(cli: Cli) -> tuple[Message, list[str]]:
    with cli.desk.look() as session:
        message = session.scalars(select(Message)).one()
        to = session.scalars(select(Delivery.rcpt_to).where(Delivery.message_id == message.id)).all()
        session.expunge_all()
        return message, sorted(to)


def test_the_new_key_is_announced_by_the_old_one_to_everybody(cli: Cli, ann: KeyPair, carol: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(carol, office="committee")
    (old,) = keys_of(cli)
    shown = cli("keys", "rotate").stdout
    new, kept = keys_of(cli)
    assert kept == old
    assert old in shown
    assert new in shown
    message, to = announced(cli)
    assert to == sorted([ann.address, carol.address])
    content, signature = slice_entity(message.sealed or b"").children
    verdict = cli.desk.app.gnupg.verify_detached(
        content.octets, signature.body, cli.desk.app.gnupg.keyring.export(old), cli.desk.now
    )
    assert verdict.is_good
    assert verdict.fingerprint == old
    assert new[:4] in content.octets.decode()
    assert b"list-key.asc" in content.octets
    assert "list_key_rotated" in cli.actions()


def test_the_new_key_is_announced_in_each_language_signed_by_the_old_one(
    cli: Cli, ann: KeyPair, bob: KeyPair
) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "be")
    cli.desk.say_bound(bob, "UPDATE\nLanguage: fr")
    (old,) = keys_of(cli)
    public = cli.desk.app.gnupg.keyring.export(old)
    cli("keys", "rotate")
    with cli.desk.look() as session:
        mails = session.scalars(select(Message).where(Message.kind == "notice")).all()
        assert {one.subject for one in mails} == {
            "The list has a new OpenPGP key",
            "La liste a une nouvelle clé OpenPGP",
        }
        for one in mails:
            content, signature = slice_entity(one.sealed or b"").children
            verdict = cli.desk.app.gnupg.verify_detached(content.octets, signature.body, public, cli.desk.now)
            assert verdict.is_good
            assert verdict.fingerprint == old


def test_after_a_restart_the_new_key_signs_and_the_old_one_still_opens(cli: Cli, ann: KeyPair) -> None:
    app = cli.desk.app
    before = KeyPair.of(app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    cli.desk.member(ann, "nl")
    cli("keys", "rotate")
    restarted = App(app.config, now=lambda: cli.desk.now)
    try:
        new, _ = restarted.gnupg.keyring.fingerprints()
        assert restarted.gnupg.list_certificate(cli.desk.now).fingerprint == new != before.fingerprint
        signature = restarted.gnupg.sign_detached(b"words")
        public = restarted.gnupg.keyring.export()
        assert restarted.gnupg.verify_detached(b"words", signature, public, cli.desk.now).is_good
        cli.desk.app = restarted
        for to in (before, KeyPair.of(public, "TLD-OPS", LIST_ADDRESS)):
            cli.desk.later(seconds=1)
            raw = ann.pgp_mime_encrypted("SHOW\n", to, at=cli.desk.now)
            assert cli.desk.receive(raw, ann.address).judged.verdict.is_good
    finally:
        restarted.close()
        cli.desk.app = app


def test_a_second_rotation_is_announced_by_the_first_new_key(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli("keys", "rotate")
    first = keys_of(cli)
    cli("keys", "rotate")
    assert keys_of(cli)[1:] == first


def test_nobody_to_tell_is_no_hindrance(cli: Cli) -> None:
    assert "0 addresses" in cli("keys", "rotate").stdout
    assert len(keys_of(cli)) == 2


def test_only_the_key_that_signs_now_is_published(cli: Cli) -> None:
    """Where both were, programs would go on encrypting to the old one."""
    cli("keys", "rotate")
    new, _old = keys_of(cli)
    file, folder = cli.folder / "list.asc", cli.folder / "openpgpkey"
    cli("keys", "export", "--out", str(file))
    cli("keys", "export", "--wkd", str(folder))
    for octets in (file.read_bytes(), *(one.read_bytes() for one in folder.rglob("hu/*"))):
        found = cli.desk.app.gnupg.inspect(octets, cli.desk.now)
        assert [one.fingerprint for one in found] == [new]


def test_the_day_until_which_the_old_key_reads_is_stated(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    (old,) = keys_of(cli)
    cli("keys", "rotate")
    until = f"{cli.desk.now + OLD_KEY_IS_KEPT:%Y-%m-%d}"
    message, _ = announced(cli)
    assert f"can be read here until {until}" in (message.sealed or b"").decode()
    shown = cli("keys", "show").stdout
    assert old in shown
    assert until in shown
    (before,) = json.loads(cli("keys", "show", "--json").stdout)["before"]
    assert before["fingerprint"] == old
    cli("keys", "rotate")
    assert len(json.loads(cli("keys", "show", "--json").stdout)["before"]) == 2


def test_a_key_that_nobody_was_told_of_signs_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine dies in the middle of a rotation."""
    (old,) = keys_of(cli)

    def dies(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(ListKeyring, "sign_detached", dies)
    cli("keys", "rotate", code=130)
    monkeypatch.undo()
    assert len(keys_of(cli)) == 2
    restarted = App(cli.desk.app.config, now=lambda: cli.desk.now)
    try:
        assert restarted.gnupg.keyring.fingerprint == old
    finally:
        restarted.close()


def test_a_node_that_lacks_the_new_key_says_so_and_signs_with_the_old(
    cli: Cli, caplog: pytest.LogCaptureFixture
) -> None:
    """It was rotated on another node, and the gpg home was not copied."""
    (old,) = keys_of(cli)
    with cli.desk.app.database.write() as session:
        facts.put(session, facts.LIST_KEY, "A" * 40)
    keyring = cli.desk.app.gnupg.keyring
    keyring.look_again()
    assert keyring.fingerprint == old
    assert f"{'A' * 40} is not in this gpg home" in caplog.text


def test_a_running_service_notices_without_a_restart(ann: KeyPair) -> None:
    """What its clock does each minute is done by hand here."""
    with town() as place:
        place.desk.member(ann, "nl")
        place.roster_is_sent()
        before = place.list_key
        with place.serving() as running:
            assert "list_key" in running.service.calls
            operator = App(place.config)
            try:
                old, new, told = rotate(operator)
            finally:
                operator.close()
            assert (old, told) == (before.fingerprint, 1)
            announcement = place.next_to(ann, "The list has a new OpenPGP key")
            assert announcement.signed_by == old
            after = KeyPair.of(announcement.files["list-key.asc"], "TLD-OPS", LIST_ADDRESS)
            assert after.fingerprint == new
            place.send(ann.pgp_mime_encrypted("QUERY nl", after), ann.address)  # before anybody has looked
            place.next_to(ann, "SUCCESS")

            running.service.calls["list_key"][1]()
            place.say(ann, "HELP")
            got = place.next_to(ann, "SUCCESS")
            assert got.signed_by == new
            (attached,) = [octets for octets in got.files.values() if b"PUBLIC KEY" in octets]
            (found,) = place.desk.app.gnupg.inspect(attached, place.desk.now)
            assert found.fingerprint == new
            place.send(ann.pgp_mime_encrypted("QUERY be", before), ann.address)
            assert place.next_to(ann, "SUCCESS").signed_by == new, "what is encrypted to the old key is read"


def test_a_web_key_directory_is_where_mail_programs_look(cli: Cli) -> None:
    folder = cli.folder / "openpgpkey"
    cli("keys", "export", "--wkd", str(folder))
    for place in web_keys(LIST_ADDRESS):
        path = place.path.partition("?")[0].removeprefix("/.well-known/openpgpkey/")
        octets = (folder / path).read_bytes()
        assert octets[:1] >= b"\x80", "binary, not armored"
        (found,) = cli.desk.app.gnupg.inspect(octets, cli.desk.now)
        assert found.addresses == (LIST_ADDRESS,)
    assert (folder / "policy").exists()
    assert (folder / "lists.example" / "policy").exists()


def test_gpg_itself_computes_the_same_name(cli: Cli, tmp_path: Path) -> None:
    gpg(tmp_path, "--import", octets=cli.desk.app.gnupg.keyring.export())
    listing = gpg(tmp_path, "--with-wkd-hash", "--list-keys").decode()
    assert f"{web_key_name('tld-ops')}@lists.example" in listing


def test_a_directory_that_can_not_be_written_is_refused_in_one_line(cli: Cli) -> None:
    file = cli.folder / "in-the-way"
    file.write_text("")
    assert "cannot be written" in cli.refused("keys", "export", "--wkd", str(file))
