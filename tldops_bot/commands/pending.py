"""PENDING: what waits for a decision, with what is known of each case."""

from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._joining import describe
from tldops_bot.domain.request import Request
from tldops_bot.store import iana, people, requests
from tldops_bot.store.tables import CertificateRow
from tldops_bot.store.tables import Request as RequestRow


@command("PENDING", who=Who.SECRETARIAT)
def pending(ctx: Context, request: Request) -> Reply | Refused:
    """What waits for a decision."""
    if request.arguments:
        return Refused("bad_arguments", {"verb": "PENDING", "usage": pending.usage})
    held = requests.listing(ctx.session)
    values = {
        "decide": [_known(ctx, one) for one in held if one.state == requests.COMMITTEE],
        "others": [describe(one) | {"state": one.state} for one in held if one.state != requests.COMMITTEE],
    }
    return Reply("pending", values, is_confidential=True)


def _known(ctx: Context, request: RequestRow) -> dict[str, object]:
    """A case as the committee needs it: key age, the person's other TLDs, what IANA lists, who asked."""
    row = ctx.session.get(CertificateRow, request.fingerprint) if request.fingerprint else None
    person = people.by_address(ctx.session, request.details.get("email", ""))
    return describe(request) | {
        "key_made_at": row.created_at if row else None,
        "other_tlds": [one.tld for one in person.entries if one.state == people.LISTED] if person else [],
        "iana": [(one.kind, one.email) for one in iana.current_contacts(ctx.session, request.tld)],
        "contacts": len(people.contacts_of(ctx.session, request.tld)),
        "votes": [(one.approves, one.because) for one in requests.votes(ctx.session, request)],
        "declined_because": request.details.get("declined_because", ""),
    }
