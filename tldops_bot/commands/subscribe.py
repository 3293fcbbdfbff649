"""SUBSCRIBE: somebody is to become a contact of one or more TLDs."""

from collections.abc import Sequence
from dataclasses import replace

from tldops_bot.commands._asked_before import already_asked, asked_in_vain, is_from, may_ask
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.commands._fields import blocks, country_of, read_candidate
from tldops_bot.commands._proving import ask_for_proof, open_request
from tldops_bot.commands._requests import number
from tldops_bot.commands._tlds import read_where
from tldops_bot.domain.address import address_key, parse_address
from tldops_bot.domain.candidate import SUBSCRIBE_FIELDS, Candidate
from tldops_bot.domain.certificate import Certificate, fitness
from tldops_bot.domain.organisation import kind_of, shown
from tldops_bot.domain.request import Field, Request
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.tld import Tld
from tldops_bot.store import people
from tldops_bot.store.tables import Person

MAX_PERSONS = 3
MAX_TLDS = 60
_SAYS_WHO_IS_HERE = ("use_key", "key_of_another_address")


@command(
    "SUBSCRIBE tld [tld…]",
    "SUBSCRIBE CERT",
    "SUBSCRIBE REGIONAL",
    who=Who.ANYONE,
    fields=SUBSCRIBE_FIELDS,
)
def subscribe(ctx: Context, request: Request) -> Reply | Refused:
    """Become a contact of your TLD, or enter a colleague."""
    where = read_where(ctx, request.arguments)
    if isinstance(where, Refused):
        return where
    persons = list(blocks(request.fields)) or [()]
    if len(persons) > MAX_PERSONS:
        return Refused("too_many_persons", {"limit": MAX_PERSONS})
    named: dict[str, Tld] = {}
    for fields in persons:
        tlds = where.of(fields)
        if isinstance(tlds, Refused):
            return tlds
        if len(tlds) > MAX_TLDS:
            return Refused("too_many_tlds", {"limit": MAX_TLDS})
        refused = _one_person(ctx, tlds, fields, alone=len(persons) == 1)
        if refused is not None:
            return refused
        named |= {tld.a_label: tld for tld in tlds}
    # It tells nothing that was looked up: anybody may be asking.
    return Reply("waiting", {"tlds": [tld.shown for tld in named.values()]}, Status.WAITING)


def _one_person(ctx: Context, tlds: Sequence[Tld], fields: Sequence[Field], alone: bool) -> Refused | None:
    candidate = read_candidate(ctx, fields, country_of(ctx, tlds))
    if isinstance(candidate, Refused):
        return candidate
    known = _known_sender(ctx, candidate, alone)
    if known is not None:
        candidate = _as_stored(known, candidate)
    candidate = _with_address(ctx, candidate, alone)
    if refused := _incomplete(candidate):
        return refused
    stored = known or people.by_address(ctx.session, candidate.email)
    certificate = _key_of(ctx, candidate, stored, alone)
    if isinstance(certificate, Refused) and certificate.reason not in _SAYS_WHO_IS_HERE:
        return certificate
    replaces = _replaced(ctx, tlds, fields)
    if isinstance(replaces, Refused):
        return replaces
    if isinstance(certificate, Refused):
        holder = people.by_fingerprint(ctx.session, str(certificate.values.get("fingerprint", "")))
        return _unless_a_stranger(ctx, certificate, stored or holder, tlds)
    fingerprint = certificate.fingerprint if certificate else (stored.fingerprint if stored else None)
    details = _details(ctx, candidate if stored is None else _as_stored(stored, candidate), fields, tlds)
    for tld in tlds:
        if refused := _already(ctx, details, tld, stored, fingerprint):
            return _unless_a_stranger(ctx, refused, stored, tlds)
    if not may_ask(ctx, candidate.email, stored):
        return None
    made = [open_request(ctx, details, tld, certificate, replaces, stored) for tld in tlds]
    ask_for_proof(ctx, made, fingerprint, is_from(ctx, candidate.email))
    return None


def _details(
    ctx: Context, candidate: Candidate, fields: Sequence[Field], tlds: Sequence[Tld]
) -> RequestDetails:
    """What the request keeps: the candidate, whom they replace as written, and how sure it is who asked."""
    called = {tld.a_label: tld.u_label for tld in tlds if kind_of(tld.a_label)}
    return candidate.as_details() | {
        "called": called,
        "authentication": ctx.mail.authentication,
        "signed": ctx.actor.is_signed,
        "entered_by": _entered_by(ctx),
        "replaces": next((one.value.strip("<> ")[:254] for one in fields if one.name == "Replaces"), ""),
    }


def _entered_by(ctx: Context) -> int | None:
    """Which stored person enters this, going by the mail's signature, or its domain's word."""
    if ctx.actor.person_id is not None or not ctx.mail.is_authentic:
        return ctx.actor.person_id
    author = people.by_address(ctx.session, ctx.mail.author)
    return author.id if author is not None else None


def _unless_a_stranger(
    ctx: Context, refused: Refused, stored: Person | None, tlds: Sequence[Tld]
) -> Refused | None:
    """Tell members, and people about themselves, why not; strangers must not learn who is a member."""
    actor = ctx.actor
    is_about_oneself = actor.person is not None and actor.person is stored
    if actor.is_signed and (actor.standing.is_member or is_about_oneself or refused.values.get("own")):
        return refused
    if stored is not None:
        asked_in_vain(ctx, stored, tuple(tld.a_label for tld in tlds))
    return None


def _known_sender(ctx: Context, candidate: Candidate, alone: bool) -> Person | None:
    """A contact who asks for another TLD of their own: signed by their registered key."""
    person = ctx.actor.person
    if not alone or person is None or not ctx.actor.is_signed:
        return None
    same = not candidate.email or address_key(candidate.email) == person.email_key
    return person if same else None


def _as_stored(person: Person, candidate: Candidate) -> Candidate:
    """What is stored stays; SUBSCRIBE changes no record."""
    return Candidate(
        name=person.name,
        email=person.email,
        phone=person.phone or candidate.phone,
        phone_e164=person.phone_e164 or candidate.phone_e164,
        mobile=person.mobile or candidate.mobile,
        mobile_e164=person.mobile_e164 or candidate.mobile_e164,
        organisation=person.organisation,
    )


def _with_address(ctx: Context, candidate: Candidate, alone: bool) -> Candidate:
    """Without `Email:` it is the address the mail came from; for several persons each needs one."""
    author = parse_address(ctx.mail.author)
    if candidate.email or not alone or author is None:
        return candidate
    return replace(candidate, email=author)


def _incomplete(candidate: Candidate) -> Refused | None:
    if not candidate.name:
        return Refused("field_missing", {"fields": ("Name",)})
    if not candidate.email:
        return Refused("field_missing", {"fields": ("Email",)})
    if not candidate.phone and not candidate.mobile:
        return Refused("field_missing", {"fields": ("Phone", "Mobile")})
    return None


def _key_of(
    ctx: Context, candidate: Candidate, stored: Person | None, alone: bool
) -> Certificate | Refused | None:
    """The key to register: the one that signed and is attached, if it names the address; None for no key."""
    signer = next((one for one in ctx.mail.certificates if one.fingerprint == ctx.actor.fingerprint), None)
    if ctx.actor.person is not None and signer is not None and not signer.names(candidate.email):
        signer = None  # a contact enters somebody else, and their mail program attaches their own key
    naming = [one for one in ctx.mail.certificates if one.names(candidate.email)]
    offered = signer if signer is not None and alone else (naming[0] if len(naming) == 1 else None)
    if offered is None:
        return None
    is_theirs_already = stored is not None and stored.fingerprint == offered.fingerprint
    if is_theirs_already and stored is ctx.actor.person:
        return None
    # What the key says of itself comes first, so that no answer depends on who is registered.
    if ctx.actor.is_signed and signer is not None and not offered.names(candidate.email):
        return Refused("key_names_another", {"fingerprint": offered.fingerprint})
    if unfit := fitness(offered, ctx.now):
        return Refused(unfit, {"fingerprint": offered.fingerprint})
    if is_theirs_already:
        return None
    if stored is not None:
        return Refused("use_key", {"verb": "KEY"})
    if people.by_fingerprint(ctx.session, offered.fingerprint) is not None:
        return Refused("key_of_another_address", {"fingerprint": offered.fingerprint})
    return offered


def _replaced(ctx: Context, tlds: Sequence[Tld], fields: Sequence[Field]) -> Person | Refused | None:
    wanted = next((one.value for one in fields if one.name == "Replaces"), "")
    if not wanted:
        return None
    if parse_address(wanted.strip("<> ")) is None:
        return Refused("bad_field", {"field": "Replaces", "value": wanted[:80], "limit": 0})
    person = people.by_address(ctx.session, wanted.strip("<> "))
    if person is None or not all(people.entry_of(ctx.session, person, tld.a_label) for tld in tlds):
        return _unless_a_stranger(
            ctx, Refused("replaces_nobody", {"tlds": [tld.shown for tld in tlds]}), None, tlds
        )
    return person


def _already(
    ctx: Context, details: RequestDetails, tld: Tld, stored: Person | None, fingerprint: str | None
) -> Refused | None:
    if stored is not None and people.entry_of(ctx.session, stored, tld.a_label) is not None:
        return Refused("already_contact", {"tld": shown(tld.a_label)})
    held = already_asked(ctx, details["email"], tld.a_label, fingerprint, details)
    if held is None:
        return None
    # Only those who have also proven the mailbox know already what this answer gives away.
    is_own = held.proven_at is not None and held.fingerprint == (ctx.actor.fingerprint or "nobody")
    return Refused("already_asked", {"tld": shown(tld.a_label), "number": number(held), "own": is_own})
