"""`committee` and `secretariat`: who sits in them; the first committee is founded here, by its key."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import (
    ACTOR,
    AsJson,
    Because,
    Confidential,
    Yes,
    acting,
    looking,
    must_be_sure,
    must_say_why,
    refuse_as,
    tell,
)
from tldops_bot.cli._frame import masked, opened, read_file, refuse, say, show
from tldops_bot.cli.members import WhoIs, find
from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._fields import read_candidate
from tldops_bot.domain.address import address_key
from tldops_bot.domain.certificate import Certificate, fitness
from tldops_bot.domain.request import Field
from tldops_bot.mail.attached_keys import MAX_KEY_BYTES
from tldops_bot.store import audit, people, people_keys
from tldops_bot.store.tables import CertificateRow, Office, Person

PersonName = Annotated[str, typer.Argument(metavar="NAME", help="The name of a person, in quotation marks.")]
OwnAddress = Annotated[str, typer.Argument(metavar="EMAIL", help="Their own address; the key must name it.")]
_DUTIES = {"committee": "Who decides what is doubtful", "secretariat": "Who invites and reminds"}
KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="Their OpenPGP public key.")]


def verbs(role: str) -> typer.Typer:
    """`add`, `remove` and `list` of one office."""
    group = typer.Typer(help=f"{_DUTIES[role]}: the {role}.", no_args_is_help=True)

    @group.command("add")
    def add(
        context: typer.Context, name: PersonName, email: OwnAddress, key: KeyFile, because: Because = ""
    ) -> None:
        """Give somebody the office; signed with their key, what they say by mail counts from now on.

        Such as: --key ann.asc "Ann Example" ann@nic.example
        """
        octets = read_file(key, 2 * MAX_KEY_BYTES)
        with opened(context) as parts:
            certificate = _inspected(parts, octets)
            with acting(parts) as ctx:
                _seat(parts, ctx, role, (name, email), certificate, because)
        say(f"{name} sits in the {role}; key {certificate.fingerprint}")

    @group.command("remove")
    def remove(context: typer.Context, who: WhoIs, because: Because = "", yes: Yes = False) -> None:
        """End somebody's seat; they and the committee are told. The last of the committee stays."""
        with opened(context) as parts:
            must_be_sure(
                parts, lambda session: f"End the seat of {find(session, who).name} in the {role}?", yes
            )
            with acting(parts) as ctx:
                must_say_why(ctx.session, because)
                person = find(ctx.session, who)
                _unseat(ctx, role, person, because)
                name = person.name
        say(f"{name} sits in the {role} no more")

    @group.command("list")
    def list_(context: typer.Context, confidential: Confidential = False, as_json: AsJson = False) -> None:
        """Who sits there, and their keys."""
        with looking(context, f"{role} list", confidential) as (_, session):
            rows = [_row(one, role, confidential) for one in people.office_holders(session, role)]
        columns = ("id", "name", "email", "since_at", "has_key")
        show(rows, as_json, empty="nobody", columns=columns)

    return group


committee, secretariat = verbs("committee"), verbs("secretariat")


def _row(person: Person, role: str, confidential: bool) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "email": masked(person.email, confidential),
        "since_at": next(one.since_at for one in person.offices if one.role == role),
        "has_key": person.fingerprint is not None and person.key_blocked_at is None,
        "fingerprint": person.fingerprint,
    }


def _inspected(parts: App, octets: bytes) -> Certificate:
    """The single public key in the file, with all that is held about it; refuses one that can't serve."""
    now = parts.now()
    found = parts.gnupg.inspect(octets, now)
    if len(found) != 1:
        refuse(
            f"the file holds {len(found) or 'no'} OpenPGP public keys that prove themselves; one is needed"
        )
    with parts.database.read() as session:
        row = session.get(CertificateRow, found[0].fingerprint)
        held = row.blob if row is not None else b""
    # An old copy of a key must not revive what its owner has revoked since.
    whole = parts.gnupg.inspect(parts.gnupg.merge(held, found[0].blob, now), now) if held else found
    certificate = whole[0] if whole else found[0]
    if unfit := fitness(certificate, now):
        refuse_as(parts, Refused(unfit, {"fingerprint": certificate.fingerprint}))
    return certificate


def _seat(
    parts: App, ctx: Context, role: str, who: tuple[str, str], certificate: Certificate, because: str
) -> None:
    must_say_why(ctx.session, because)
    candidate = read_candidate(ctx, [Field("Name", who[0], 1), Field("Email", who[1], 2)])
    if isinstance(candidate, Refused):
        refuse_as(parts, candidate)
    if not certificate.names(candidate.email):
        refuse(f"key {certificate.fingerprint} names other addresses; give the one it names, or another key")
    person = _person(ctx, candidate.name, candidate.email, certificate)
    if any(office.role == role for office in person.offices):
        refuse(f"{person.name} sits in the {role} already")
    ctx.session.add(Office(person_id=person.id, role=role, since_at=ctx.now))
    ctx.session.flush()
    ctx.session.refresh(person)
    _note(ctx, "seated", person, role, because)


def _person(ctx: Context, name: str, email: str, certificate: Certificate) -> Person:
    """The stored person with this address, or a new one; with this key, which nobody else may have."""
    person = people.by_address(ctx.session, email)
    holder = people.by_fingerprint(ctx.session, certificate.fingerprint)
    if holder is not None and holder is not person:
        refuse(f"this key is registered for somebody else; `tldops-bot members show {holder.id}` shows who")
    if person is not None and person.fingerprint not in (None, certificate.fingerprint):
        refuse(f"{person.name} has another key here; its owner changes it by mail, with KEY")
    if person is not None and person.key_blocked_at is not None:
        refuse(f"the key of {person.name} is blocked; its owner settles that by mail, with KEY")
    row = ctx.session.get(CertificateRow, certificate.fingerprint)
    if row is not None and row.person_id is not None and (person is None or row.person_id != person.id):
        refuse("this key was registered for somebody else once; give another one")
    if person is None:
        person = Person(
            name=name,
            email=email,
            email_key=address_key(email),
            created_at=ctx.now,
            confirmed_at=ctx.now,
        )
        ctx.session.add(person)
        ctx.session.flush()
    people_keys.register_key(ctx.session, person, certificate, ctx.now)
    return person


def _unseat(ctx: Context, role: str, person: Person, because: str) -> None:
    office = next((one for one in person.offices if one.role == role), None)
    if office is None:
        refuse(f"{person.name} does not sit in the {role}; `tldops-bot {role} list` shows who does")
    if role == "committee" and len(people.office_holders(ctx.session, role)) == 1:
        refuse(f"{person.name} is the last of the committee: add somebody else before")
    _note(ctx, "unseated", person, role, because)
    ctx.session.delete(office)


def _note(ctx: Context, what: str, person: Person, role: str, because: str) -> None:
    audit.record(ctx.session, ctx.now, ACTOR, what, person_id=person.id, role=role, key=person.fingerprint)
    tell(ctx, what, f"{person.name}, {role}", because, also=_letters.to_person(person))
