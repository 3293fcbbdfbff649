"""A new key for the list, announced under the old one; and the list's keys as a Web Key Directory."""

from datetime import timedelta
from pathlib import Path

from tldops_bot.app import App
from tldops_bot.commands import _letters
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.key_discovery import web_key_name
from tldops_bot.domain.outgoing import Attachment, Kind, Letter
from tldops_bot.mail import compose
from tldops_bot.mail.mime_entities import signed_part
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store import audit, facts, languages, outbox, outbox_copies, people

ACTOR = "operator"
OLD_KEY_IS_KEPT = timedelta(days=180)


def rotate(app: App) -> tuple[str, str, int]:
    """Make the list's next key and tell everybody; the old fingerprint, the new one, how many are told.

    The letter is signed here and now, with the old key. The new one signs once that is in the outbox: a
    running `serve` notices within a minute. The old key stays in the gpg home, so that what is encrypted to
    it can still be read.
    """
    keyring, now = app.gnupg.keyring, app.now()
    old, until = keyring.fingerprint, now + OLD_KEY_IS_KEPT
    with app.database.write() as session:
        facts.put(session, facts.LIST_KEY, old)  # a new key that nobody was told about signs nothing
    with app.database.read() as session:
        to = _letters.to_people(people.everybody_served(session))
    new = keyring.make(app.config.list.address)
    key = Attachment("list-key.asc", "application/pgp-keys", encode(keyring.export(new), PUBLIC_KEY))
    values = {"old": old, "fingerprint": new, "until": until}
    letter = Letter(Kind.NOTICE, "letters/list_key_rotated", values, to, attachments=(key,))
    with app.database.read() as session:
        letters = languages.by_language(session, letter) or [letter]
    drafts = [_draft(app, one) for one in letters]
    sealed = [signed_part(one.entity, keyring.sign_detached(one.entity, old)) for one in drafts]
    with app.database.write() as session:
        audit.record(session, now, ACTOR, "list_key_rotated", old=old, new=new)
        facts.rotate_list_key(session, old, new, until)
        for one, draft, octets in zip(letters, drafts, sealed, strict=True):
            if one.to:
                outbox.store_sealed(session, outbox_copies.enqueue(session, one, draft, now), octets)
    keyring.look_again()
    return old, new, len(to)


def _draft(app: App, letter: Letter) -> Draft:
    rendered = app.renderer.render(letter.template, letter.values, letter.language or "")
    return compose.draft(letter, rendered, app.config.list, app.now())


def write_wkd(app: App, folder: Path) -> tuple[Path, ...]:
    """Write what a web server shows as `/.well-known/openpgpkey/`; raises OSError.

    For either way of asking: of `openpgpkey.DOMAIN` (with the domain in the path), and of the domain itself.
    """
    local, _, domain = app.config.list.address.rpartition("@")
    octets = app.gnupg.keyring.export()
    written = []
    for place in (folder / domain.lower(), folder):
        (place / "hu").mkdir(parents=True, exist_ok=True)
        (place / "policy").touch()
        file = place / "hu" / web_key_name(local)
        file.write_bytes(octets)
        written.append(file)
    return tuple(written)
