"""SHOW: a contact's own record, all of it, and who asked for it."""

from typing import Any

from tldops_bot.commands import _waking
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._details import masked_record, record_of
from tldops_bot.commands._requests import number
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request import Request
from tldops_bot.domain.roster import wrong_numbers
from tldops_bot.store import own_record, people
from tldops_bot.store.tables import Entry, Person


@command("SHOW", who=Who.CONTACT, by_mailbox="keyless")
def show(ctx: Context, request: Request) -> Reply | Refused:
    """Your own record, and who asked for it."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "SHOW"})
    if request.arguments:
        return bad_arguments(show)
    row = people.usable_key(ctx.session, person, ctx.now)
    values: dict[str, Any] = {
        "person": record_of(person) if row else masked_record(person),
        "is_masked": row is None,
        "fingerprint": person.fingerprint or "",
        "key_expires_at": row.expires_at if row else None,
        "key_blocked": person.key_blocked_because if person.key_blocked_at else "",
        "since": person.created_at,
        "confirmed_at": person.confirmed_at,
        "seen_at": person.seen_at,
        "is_stale": person.stale_at is not None,
        "mail_fails": person.mailbox_failed_at is not None,
        "wrong_numbers": wrong_numbers(person.phone_wrong_at, person.mobile_wrong_at),
        "wake": _waking.shown(ctx, person),
        "offices": sorted(office.role for office in person.offices),
        "entries": [_entry(ctx, one) for one in people.living(person)],
        "former": [
            (shown(one.tld), one.since_at, one.left_at) for one in person.entries if one.state == people.LEFT
        ],
        "lookups": own_record.lookups(ctx.session, person),
        **_beside(ctx, person),
    }
    if row is None:  # it goes in clear, to the mailbox that has just proven itself
        return Reply("record", values | _without_others(values))
    return Reply("record", values, is_confidential=True)


def _without_others(values: dict[str, Any]) -> dict[str, object]:
    """What is left out in clear: who asked, in which words, and what was noted."""
    lookups = [(at, "a member", command.split()[0]) for at, _, command in values["lookups"]]
    notes = [(about, at, "(a note; once you have a key, it is shown)") for about, at, _ in values["notes"]]
    return {"lookups": lookups, "notes": notes, "wake": None}


def _entry(ctx: Context, entry: Entry) -> dict[str, object]:
    return {
        "tld": shown(entry.tld),
        "state": entry.state,
        "since": entry.since_at,
        "vouched_by": entry.vouched_by,
        "voucher_gone_at": entry.voucher_gone_at,
        "suspended_because": entry.suspended_because,
        "final_at": entry.final_at,
        "opens_at": entry.probation_until if entry.probation_until > ctx.now else None,
    }


def _beside(ctx: Context, person: Person) -> dict[str, object]:
    """What is held about them besides the record: requests, notes, questions, mails, the audit."""
    asked = own_record.asked(ctx.session, person)
    addresses = people.addresses_of(person)
    mails = own_record.kept_mails(ctx.session, person, addresses)
    return {
        "requests": [
            {
                "number": number(one),
                "tld": shown(one.tld),
                "kind": one.kind,
                "state": one.state,
                "asked_at": one.asked_at,
                "because": one.decided_because,
            }
            for one in asked
        ],
        "notes": [(one.about, one.at, one.text) for one in own_record.notes(ctx.session, asked)],
        "questions": [
            (one.made_at, one.purpose, one.expires_at)
            for one in own_record.open_tokens(ctx.session, person, addresses, ctx.now)
        ],
        "mails": mails.count,
        "mails_since": mails.oldest_at,
        "mails_kept_days": ctx.config.retention.raw_mail.days,
        "history": [(one.at, one.action, shown(one.tld)) for one in own_record.history(ctx.session, person)],
    }
