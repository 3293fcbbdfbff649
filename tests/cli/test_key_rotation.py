"""`keys rotate` and `keys export --wkd`: the list's own key, as others find it and as it changes."""

from pathlib import Path

from sqlalchemy import select

from tests.cli.conftest import Cli
from tests.keys import LIST_ADDRESS, KeyPair, gpg
from tldops_bot.app import App
from tldops_bot.domain.key_discovery import web_key_name, web_keys
from tldops_bot.mail.mime_slices import slice_entity
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


def test_both_keys_are_exported_the_newest_first(cli: Cli) -> None:
    cli("keys", "rotate")
    file = cli.folder / "list.asc"
    cli("keys", "export", "--out", str(file))
    found = cli.desk.app.gnupg.inspect(file.read_bytes(), cli.desk.now)
    assert tuple(one.fingerprint for one in found) == keys_of(cli)


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
