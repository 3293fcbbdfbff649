"""Other people's rosters: whom to ask to join ours, whom to invite, and what is wrong with a line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from tldops_bot.commands import _inviting
from tldops_bot.commands._asked_before import already_asked
from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._fields import country_of, read_candidate
from tldops_bot.commands._proving import ask_for_proof, open_request
from tldops_bot.commands._tlds import read_where
from tldops_bot.domain.address import address_key
from tldops_bot.domain.candidate import Candidate
from tldops_bot.domain.certificate import Certificate, fitness
from tldops_bot.domain.organisation import kind_of
from tldops_bot.domain.personal_address import looks_freemail
from tldops_bot.domain.request import Field
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.tld import Tld
from tldops_bot.store import iana, invitations, people
from tldops_bot.store.tables import Person

ASK, INVITE, KNOWN = "asked", "invited", "known"


@dataclass(frozen=True, slots=True)
class Wish:
    """One person in the file: the fields as written, the TLDs, and the key that came with them."""

    number: int
    fields: Mapping[str, str]
    tlds: Sequence[str]
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one person; nothing for one who is KNOWN."""

    number: int
    action: str
    candidate: Candidate
    tlds: tuple[Tld, ...]
    certificate: Certificate | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that can't be used, and why: in the words of our mails, or of this command."""

    number: int
    why: Refused | str


def plan(ctx: Context, wishes: Iterable[Wish]) -> tuple[list[Step], list[Wrong]]:
    """What each line leads to. Changes nothing."""
    steps: dict[str, Step] = {}
    wrong: list[Wrong] = []
    for wish in wishes:
        found = _read(ctx, wish)
        if isinstance(found, Refused):
            wrong.append(Wrong(wish.number, found))
            continue
        key = address_key(found.candidate.email)
        before = steps.get(key)
        if before is None:
            steps[key] = found
        elif before.candidate.name != found.candidate.name:
            wrong.append(Wrong(wish.number, f"has the address of line {before.number}, and another name"))
        else:  # one line for each TLD
            tlds = {one.a_label: one for one in (*before.tlds, *found.tlds)}
            steps[key] = replace(before, tlds=tuple(tlds.values()))
    return [_settled(ctx, one) for one in steps.values()], wrong


def carry_out(ctx: Context, steps: Iterable[Step]) -> None:
    """Ask and invite."""
    for step in steps:
        if step.action == ASK:
            _ask(ctx, step)
        elif step.action == INVITE:
            labels = [one.a_label for one in step.tlds]
            row = invitations.plan(ctx.session, step.candidate.email, labels, None, ctx.now, is_found=True)
            _inviting.send(ctx, row, tuple(labels), "letters/invite_imported")


def _read(ctx: Context, wish: Wish) -> Step | Refused:
    tlds: tuple[Tld, ...] = ()
    if wish.tlds:
        where = read_where(ctx, wish.tlds)
        named = where if isinstance(where, Refused) else where.of(_as_fields(wish))
        if isinstance(named, Refused):
            return named
        tlds = tuple(named)
    candidate = read_candidate(ctx, _as_fields(wish), country_of(ctx, tlds))
    if isinstance(candidate, Refused):
        return candidate
    if not candidate.email:
        return Refused("field_missing", {"fields": ("Email",)})
    return Step(wish.number, ASK, candidate, tlds, wish.certificate)


def _as_fields(wish: Wish) -> list[Field]:
    return [Field(name, value, wish.number) for name, value in wish.fields.items()]


def _settled(ctx: Context, step: Step) -> Step:
    """Ask those with all that SUBSCRIBE needs, invite the others to send it; nobody twice."""
    candidate, person = step.candidate, people.by_address(ctx.session, step.candidate.email)
    if person is not None:
        held = [one for one in step.tlds if people.entry_of(ctx.session, person, one.a_label) is None]
        return replace(step, action=ASK if held else KNOWN, tlds=tuple(held), person=person, certificate=None)
    if not (step.tlds and candidate.name and (candidate.phone or candidate.mobile)):
        is_asked = invitations.in_the_way(ctx.session, candidate.email, ctx.now) is not None
        return replace(step, action=KNOWN if is_asked else INVITE, tlds=step.tlds or _guessed(ctx, candidate))
    certificate = _usable(ctx, step)
    details = _details(candidate, step.tlds)
    fingerprint = certificate.fingerprint if certificate else None
    new = [
        one
        for one in step.tlds
        if already_asked(ctx, candidate.email, one.a_label, fingerprint, details) is None
    ]
    return replace(step, action=ASK if new else KNOWN, tlds=tuple(new), certificate=certificate)


def _usable(ctx: Context, step: Step) -> Certificate | None:
    """The key, where it could be registered: fit, naming the address, nobody else's. Else it can be sent later."""
    one = step.certificate
    if one is None or fitness(one, ctx.now):
        return None
    is_free = people.by_fingerprint(ctx.session, one.fingerprint) is None
    return one if is_free and one.names(step.candidate.email) else None


def _guessed(ctx: Context, candidate: Candidate) -> tuple[Tld, ...]:
    """The TLDs whose IANA contact has this address, or its domain: only suggestions in a form."""
    labels = iana.tlds_of_address(ctx.session, candidate.email)
    if not labels and not looks_freemail(candidate.email):
        labels = iana.tlds_of_domain(ctx.session, candidate.email.rpartition("@")[2])
    return tuple(Tld(one, one) for one in labels)


def _ask(ctx: Context, step: Step) -> None:
    person, certificate = step.person, step.certificate
    details = _details(step.candidate, step.tlds)
    if person is not None:  # what is stored stands
        own = ("name", "email", "phone", "phone_e164", "mobile", "mobile_e164", "organisation")
        stands = {name: getattr(person, name) for name in own if getattr(person, name)}
        details |= cast(RequestDetails, stands)
    made = [open_request(ctx, details, tld, certificate, None, person) for tld in step.tlds]
    stored = person.fingerprint if person is not None else None
    ask_for_proof(ctx, made, certificate.fingerprint if certificate else stored, is_imported=True)


def _details(candidate: Candidate, tlds: Iterable[Tld]) -> RequestDetails:
    called = {tld.a_label: tld.u_label for tld in tlds if kind_of(tld.a_label)}
    unknown: RequestDetails = {"authentication": "", "signed": False, "entered_by": None, "replaces": ""}
    return candidate.as_details() | {"called": called} | unknown
