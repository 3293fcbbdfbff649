"""Invitations: which TLDs have nobody, whom IANA lists for them, the one mail that asks, and its answer."""

from collections.abc import Iterable

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._tlds import is_in_root
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.domain.outreach import ANSWERED, DECLINED, NEEDLESS, PERIOD, SENT
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Invited, read_details
from tldops_bot.store import iana, lookups, requests
from tldops_bot.store.tables import Invitation, Token


def missing(ctx: Context) -> tuple[str, ...]:
    """The TLDs this list serves that have no contact, nor anybody about to become one."""
    served = ctx.tlds.of_kind(*ctx.config.membership.constituencies)
    held = lookups.listed_tlds(ctx.session)
    coming = {one.tld for one in requests.listing(ctx.session, (requests.VOUCHING, requests.COMMITTEE))}
    return tuple(
        facts.tld.a_label
        for facts in served
        if facts.tld.a_label not in held and facts.tld.a_label not in coming and is_in_root(ctx, facts.tld)
    )


def addresses_of(ctx: Context, tld: str) -> tuple[str, ...]:
    """The addresses IANA shows for a TLD, as it writes them, each once."""
    held = [parse_address(one.email) for one in iana.current_contacts(ctx.session, tld)]
    return tuple(dict.fromkeys(one for one in held if one))


def all_of(ctx: Context, address: str, asked: Iterable[str], lacking: Iterable[str]) -> tuple[str, ...]:
    """What one mail to an address is about: the TLDs asked for, and its others that lack a contact."""
    also = set(iana.tlds_of_address(ctx.session, address)) & set(lacking)
    return tuple(sorted({*asked, *also}))


def send(ctx: Context, row: Invitation, tlds: tuple[str, ...], template: str = "letters/invite") -> None:
    """Send one invitation; one line in answer tells yes or no."""
    row.state, row.sent_at, row.tlds = SENT, ctx.now, list(tlds)
    until = ctx.now + PERIOD
    values = {
        "tlds": [shown(one) for one in tlds],
        "is_found": row.is_found,
        "address": row.address,
        "until": until,
    }
    to, details = _letters.to_address(row.address), Invited(row.id)
    _letters.ask(ctx, Purpose.INVITE, template, to, until, values, details=details)
    _record(ctx, row, "invited")


def send_planned(ctx: Context, row: Invitation, lacking: Iterable[str]) -> bool:
    """Send one whose turn has come; False if the TLD has got people, or another mailbox, meanwhile."""
    tlds = tuple(sorted(set(iana.tlds_of_address(ctx.session, row.address)) & set(lacking)))
    if not tlds:
        row.state = NEEDLESS
        return False
    send(ctx, row, tlds)
    return True


def accepted(ctx: Context, token: Token) -> Reply | Refused:
    """Yes, we want to take part: the form that does it, with the TLDs filled in, and the list's key."""
    row = _row(ctx, token)
    if row is None:
        return Refused("token_void")
    row.state, row.answered_at = ANSWERED, ctx.now
    _record(ctx, row, "invitation_accepted")
    key = Attachment("tld-ops-list-key.asc", "application/pgp-keys", ctx.list_certificate)
    values = {"tlds": [shown(one) for one in row.tlds], "words": " ".join(row.tlds)}
    return Reply("invited", values, attachments=(key,))


def declined(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """No: noted, and the address is left in peace for the rest of the period."""
    row = _row(ctx, token)
    if row is None:
        return Refused("token_void")
    row.state, row.answered_at, row.because = DECLINED, ctx.now, because[:255]
    _record(ctx, row, "invitation_declined")
    return Reply("not_invited", {"until": (row.sent_at or ctx.now) + PERIOD})


def _row(ctx: Context, token: Token) -> Invitation | None:
    return ctx.session.get(Invitation, read_details(Invited, token.details).invitation)


def _record(ctx: Context, row: Invitation, action: str) -> None:
    for tld in row.tlds:
        ctx.record(action, tld=tld, invitation=f"I-{row.id}")
