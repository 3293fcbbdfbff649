"""`keys`: the list's own key, and how long everybody's will last."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import AsJson, Confidential, Yes, disclose, must_be_sure
from tldops_bot.cli._frame import card, masked, opened, print_json, refuse, say, show
from tldops_bot.cli._key_rotation import rotate, write_wkd
from tldops_bot.cli._progress import working
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store import facts, overview, people
from tldops_bot.store.database import Session
from tldops_bot.store.tables import CertificateRow, Person

app = typer.Typer(help="The list's key, and those of its members.", no_args_is_help=True)


@app.command("show")
def show_(context: typer.Context, confidential: Confidential = False, as_json: AsJson = False) -> None:
    """The list's key, then everybody's; what ends first comes first."""
    with opened(context) as parts:
        own = _own(parts)
        if confidential:
            disclose(parts, "keys show")
        with parts.database.read() as session:
            rows = [_row(person, key, confidential) for person, key in overview.keys_in_use(session)]
            now = parts.now()
            before = [
                {"fingerprint": old, "kept_until": until}
                for old, until in facts.old_list_keys(session).items()
            ]
    if as_json:
        print_json({"list": own, "before": before, "members": rows})
        return
    card(own, False, now)
    if before:
        say("")
        show(before, False, title="keys of the list before, kept for reading", now=now)
    say("")
    shown = [one | {"key_expires_at": one["expires_at"], "marks": _marks(one)} for one in rows]
    columns = ["fingerprint", "email", "key_expires_at", *(["marks"] if any(map(_marks, rows)) else [])]
    show(shown, False, title="members", empty="no member has a key", columns=columns, now=now)


@app.command()
def export(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file to write it to; else it is printed.")
    ] = None,
    wkd: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder for a web server to show as /.well-known/openpgpkey/."),
    ] = None,
) -> None:
    """The list's public key, armored, for members; or as a Web Key Directory."""
    with opened(context) as parts:
        if wkd is not None:
            _export_wkd(parts, wkd)
            return
        armored = encode(parts.gnupg.keyring.export(), PUBLIC_KEY)
    if out is None:
        print(armored.decode("ascii"), end="")  # noqa: T201
        return
    try:
        out.write_bytes(armored)
    except OSError as problem:
        refuse(f"{out}: cannot be written ({problem.strerror})")
    say(f"{out}  {len(armored)} bytes")


@app.command("rotate")
def rotate_(context: typer.Context, yes: Yes = False) -> None:
    """A new key for the list; everybody is told in a mail signed with the old one."""
    with opened(context) as parts:
        must_be_sure(parts, _how_many_are_told, yes)
        with working("making and announcing the new key"):
            old, new, told = rotate(parts)
    say(f"old key  {old}")
    say(f"new key  {new}")
    say(f"told     {told} addresses, signed with the old key")
    say("`serve` signs with the new key within a minute, and still reads what is encrypted to the old one.")
    say("Now publish the new one: `keys export`, `keys export --wkd DIR`.")


def _how_many_are_told(session: Session) -> str:
    return f"Make a new key for the list, and mail {len(people.everybody_served(session))} people about it?"


def _export_wkd(parts: App, folder: Path) -> None:
    try:
        written = write_wkd(parts, folder)
    except OSError as problem:
        refuse(f"{folder}: cannot be written ({problem.strerror})")
    for file in written:
        say(str(file))


def _own(parts: App) -> dict[str, Any]:
    found = parts.gnupg.inspect(parts.gnupg.keyring.export(), parts.now())
    if len(found) != 1:
        refuse("the list's own key can't be read: look at the folder that [openpgp] home names")
    return {
        "address": parts.config.list.address,
        "fingerprint": found[0].fingerprint,
        "algorithm": found[0].algorithm,
        "created_at": found[0].created_at,
        "expires_at": found[0].expires_at,
    }


def _row(person: Person, key: CertificateRow, confidential: bool) -> dict[str, Any]:
    return {
        "person": person.id,
        "email": masked(person.email, confidential),
        "fingerprint": key.fingerprint,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "is_revoked": key.is_revoked,
        "is_blocked": person.key_blocked_at is not None,
    }


def _marks(row: dict[str, Any]) -> list[str]:
    marks = (("is_revoked", "key-revoked"), ("is_blocked", "key-blocked"))
    return [word for name, word in marks if row[name]]
