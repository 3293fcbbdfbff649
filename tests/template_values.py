"""Sample values for every template that a person reads: `python -m tests.template_values` prints them all."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tldops_bot.commands import COMMANDS
from tldops_bot.config.settings import ListSettings
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.alert import Safer
from tldops_bot.domain.certificate import FITNESS_REASONS
from tldops_bot.domain.mail_authentication import Authentication
from tldops_bot.domain.verdict import REASONS
from tldops_bot.mail.render import Renderer

LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")
KEY = "0123456789ABCDEF0123456789ABCDEF01234567"
TOKEN = "7F3K-9QWX-2M4T-B8RD"
AT = datetime(2026, 3, 10, 2, 47, tzinfo=UTC)
LATER = AT + timedelta(days=14)
IDN = "рф (xn--p1ai)"

Values = dict[str, Any]


def request(number: int = 17, tld: str = "nl", **changed: Any) -> Values:
    """A request as `describe` gives it."""
    values: Values = {
        "number": f"R-{number}",
        "kind": "subscribe",
        "tld": tld,
        "name": "Ann Example",
        "email": "ann@nic.example",
        "organisation": "Example Registry",
        "fingerprint": KEY,
        "reasons": ("initials", "no_free_seat"),
        "asked_at": AT,
        "vouched_by": "IANA administrative contact",
        "authentication": Authentication(
            "softfail", "permerror", "fail", "trusted header", "quarantine"
        ).words,
        "replaces": "bob.sample@nic.example",
    }
    return values | changed


def contact(**changed: Any) -> Values:
    """A person as QUERY shows one."""
    values: Values = {
        "name": "Ann Example",
        "organisation": "Example Registry",
        "email": "ann@nic.example",
        "emergency_email": "ann@home.example",
        "phone": "+442079460123",
        "phone_written": "020 7946 0123",
        "mobile": "+442079460456",
        "mobile_written": "+442079460456",
        "fax": "+442079460999",
        "postal": "1 Example Street, Exampletown",
        "timezone": "Europe/London",
        "fingerprint": KEY,
        "is_stale": False,
        "confirmed_at": AT,
        "tlds": ["nl", IDN],
    }
    return values | changed


def shown(verb: str) -> Values:
    """A command as HELP gets it."""
    one = COMMANDS[verb]
    return {
        "verb": one.verb,
        "usage": one.usage,
        "summary": one.summary,
        "fields": one.fields,
        "has_text": one.has_text,
        "who": one.who.value,
        "names_list": one.changes,
    }


BARE = contact(
    emergency_email="",
    phone="",
    phone_written="",
    fax="",
    postal="",
    timezone="",
    fingerprint="",
    is_stale=True,
)
BY_PERSON = request(
    18, IDN, kind="objection", reasons=["He left in June.\nSubject: I know him"], vouched_by=""
)
NEW_KEY = request(19, kind="key", organisation="", reasons=("recovery_declined",), vouched_by="")

ALERT: Values = {
    "id": "A-2026-0007",
    "title": "Registrar accounts taken over by phishing",
    "tlp": "AMBER",
    "severity": "high",
    "scope": "all",
    "is_exercise": False,
}
POSTED: Values = ALERT | {
    "notes": ["zz"],
    "safer": (Safer("Severity", "hihg", "high"), Safer("TLP", "blue", "AMBER+STRICT")),
}
NOTICE: Values = ALERT | {
    "name": "Ann Example",
    "for_tlds": ["nl", IDN],
    "fingerprint": KEY,
    "signed_at": AT,
    "posted_at": AT,
    "is_inline": False,
}
DRAFT: Values = NOTICE | {"members": 412, "notices": 37, "safer": ()}

_PENDING = {
    "key_made_at": AT,
    "other_tlds": ["be"],
    "iana": [("administrative", "admin@nic.example"), ("technical", "")],
    "contacts": 3,
    "votes": [(True, "known to me since 2019"), (False, "")],
    "declined_because": "never heard of her",
}

_ROSTER: Values = {
    "serial": "2026-03-01",
    "made_at": AT,
    "coverage": SimpleNamespace(contacts=3, with_key=2, stale=1),
    "coverage_lines": ["ccTLDs          2 of 3"],
    "contact_lines": [".nl  Netherlands ------", "Ann Example", "  Phone      +442079460123"],
    "missing_lines": [".be"],
    "missing_count": 1,
    "audit_head": "00" * 32,
    "since_on": "",
    "changes": None,
    "is_unchanged": False,
}

_SUSPENDED = {"person": "Ann Example", "tld": "nl", "because": "He left in June.", "request": BY_PERSON}

# Each outcome with one or more sets of values, so that every branch is read.
FRAGMENTS: dict[str, list[Values]] = {
    "ack/seen": [{"id": "A-2026-0007"}],
    "alert/posted": [
        POSTED | {"members": 412, "notices": 37},
        POSTED
        | {"members": 5, "notices": 0, "notes": [], "safer": (), "is_exercise": True, "scope": "tld nl be"},
    ],
    "alert/held": [
        POSTED | {"why": why, "notes": [], "safer": ()}
        for why in ("second_member", "too_many_by_member", "too_many_in_all")
    ],
    "alert/draft": [DRAFT, DRAFT | {"is_exercise": True, "notices": 0, "safer": POSTED["safer"]}],
    "approve/approved": [{"request": request(), "because": ""}, {"request": NEW_KEY, "because": ""}],
    "approve/kept": [{"request": BY_PERSON, "because": ""}],
    "approve/noted": [{"request": request(), "have": 1}],
    "reject/rejected": [{"request": request(), "because": "no"}, {"request": BY_PERSON, "because": "no"}],
    "reject/noted": [{"request": request(), "have": 1}],
    "cancel/cancelled": [{"id": "A-2026-0007"}],
    "confirm/proven": [
        {"requests": [request()], "with_committee": [], "done": []},
        {
            "requests": [request(), request(18, IDN), request(19, "be")],
            "with_committee": [request(18, IDN)],
            "done": [request(19, "be")],
        },
    ],
    "confirm/vouched": [
        {"requests": [request()], "later": [], "with_committee": []},
        {
            "requests": [request(), request(18, IDN)],
            "later": [("nl", LATER), (IDN, None)],
            "with_committee": [request(18, IDN)],
        },
    ],
    "confirm/carried_out": [{}],
    "confirm/emergency_proven": [{}],
    "confirm/address_half": [{}],
    "confirm/address_changed": [{}],
    "confirm/still_right": [{}],
    "confirm/key_registered": [{"fingerprint": KEY}],
    "confirm/cosigned": [{"requests": [NEW_KEY]}],
    "decline/stopped": [{"requests": [NEW_KEY]}],
    "decline/withdrawn": [{"requests": [request()]}],
    "decline/not_vouched": [{"requests": [request(), request(18, IDN)]}],
    "decline/noted": [{"what": "still_right"}],
    "decline/dropped": [
        {"what": what}
        for what in ("carry_out", "emergency", "key_new", "old_address", "new_address", "something_new")
    ],
    "object/suspended": [{"name": "Ann Example", "tld": IDN, "number": "R-18"}],
    "forget/forgotten": [{"tlds": ["nl"]}, {"tlds": []}],
    "help/commands": [
        {
            "yours": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who == "anyone"],
            "later": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who in ("contact", "member")],
            "is_member": False,
            "is_known": False,
        },
        {
            "yours": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who in ("anyone", "contact")],
            "later": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who == "member"],
            "is_member": False,
            "is_known": True,
        },
        {"yours": [shown(verb) for verb in COMMANDS], "later": [], "is_member": True, "is_known": True},
    ],
    "help/one": [{"command": shown(verb)} for verb in COMMANDS],
    "key/blocked": [{"name": "Ann Example", "why": "lost", "fingerprint": KEY}],
    "key/renewed": [{"fingerprint": KEY}],
    "key/waiting": [{"fingerprint": KEY, "needs_word": True}, {"fingerprint": KEY, "needs_word": False}],
    "pending/pending": [
        {"decide": [], "others": []},
        {
            "decide": [
                request() | _PENDING,
                BY_PERSON | _PENDING | {"votes": [], "fingerprint": "", "iana": []},
            ],
            "others": [
                request(20) | {"state": "proving"},
                NEW_KEY | {"state": "vouching"},
                NEW_KEY | {"state": "waiting"},
            ],
        },
    ],
    "query/contacts": [
        {"blocks": [{"tld": "nl", "contacts": [contact(), BARE]}, {"tld": IDN, "contacts": []}]},
    ],
    "query/people": [{"people": [contact(), BARE]}],
    "query/nobody": [{}],
    "query/missing": [{"tlds": ["be", "br", IDN]}, {"tlds": []}],
    "query/stats": [
        {"tlds": 12, "ascii_have": 8, "ascii_all": 248, "idn_have": 4, "idn_all": 61, "contacts": 31},
    ],
    "query/alerts": [
        {"alerts": [("A-2026-0007", AT, "AMBER+STRICT", "critical", "held", ALERT["title"])]},
        {"alerts": []},
    ],
    "query/alert": [
        {
            "id": "A-2026-0007",
            "posted_at": AT,
            "tlp": "AMBER",
            "severity": "high",
            "fingerprint": KEY,
            "title": "Registrar accounts taken over by phishing",
        }
    ],
    "release/released": [{"id": "A-2026-0007", "members": 412}],
    "remove/suspended": [{"name": "Ann Example", "tld": "nl", "final_at": LATER, "number": "R-18"}],
    "restore/restored": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "roster/roster": [_ROSTER],
    "show/record": [
        {
            "person": [("Name", "Ann Example"), ("Emergency e-mail", "ann@home.example (not proven yet)")],
            "fingerprint": KEY,
            "key_expires_at": LATER,
            "key_blocked": "",
            "confirmed_at": AT,
            "is_stale": True,
            "offices": ["committee"],
            "entries": [
                {
                    "tld": IDN,
                    "state": "listed",
                    "since": AT,
                    "vouched_by": "IANA administrative contact",
                    "opens_at": LATER,
                }
            ],
            "lookups": [(AT, "Bob Example", "QUERY nl be"), (AT, "", "QUERY +44 20 7946 0123")],
        },
        {
            "person": [("Name", "Ann Example")],
            "fingerprint": KEY,
            "key_expires_at": None,
            "key_blocked": "stolen",
            "confirmed_at": None,
            "is_stale": False,
            "offices": [],
            "entries": [],
            "lookups": [],
        },
        {
            "person": [("Name", "Ann Example")],
            "fingerprint": "",
            "key_expires_at": None,
            "key_blocked": "",
            "confirmed_at": None,
            "is_stale": False,
            "offices": [],
            "entries": [],
            "lookups": [],
        },
    ],
    "status/reach": [
        {
            "id": "A-2026-0007",
            "state": "posted",
            "posted_at": AT,
            "counts": {"seen": 12, "reached": 400, "waiting": 3, "failed": 2},
            "tlds": [
                {"tld": "nl", "state": "seen", "why": ""},
                {"tld": IDN, "state": "failed", "why": "no usable key"},
            ],
            "words": [("Bob Example", "we see it, too\nA-2026-0008")],
        }
    ],
    "subscribe/waiting": [{"tlds": ["nl", IDN]}, {"tlds": ["nl"]}],
    "test/would": [{"verb": "UPDATE", "status": "SUCCESS"}, {"verb": "SUBSCRIBE", "status": "WAITING"}],
    "unsubscribe/left": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "update/updated": [
        {"changed": ["Phone", "Timezone"], "waiting": []},
        {"changed": [], "waiting": ["Email", "Emergency-Email"]},
    ],
}

_NUMBER: Values = {"number": "R-17"}
REFUSALS: dict[str, list[Values]] = {
    **{reason: [{"fingerprint": KEY, "detail": ""}, {"fingerprint": "", "detail": ""}] for reason in REASONS},
    **{reason: [{"fingerprint": KEY}] for reason in FITNESS_REASONS},
    "address_in_use": [{}],
    "alert_empty": [{}],
    "alert_is_red": [{"id": "A-2026-0007"}],
    "alert_not_waiting": [{"id": "A-2026-0007"}],
    "alert_too_large": [{"limit": 1_000_000}],
    "already_asked": [
        {"tld": tld, "number": "R-17", "own": own} for tld, own in (("nl", True), (IDN, False))
    ],
    "already_contact": [{"tld": IDN}],
    "already_decided": [{}],
    "bad_arguments": [
        {"verb": verb, "usage": COMMANDS[verb].usage} for verb in ("REMOVE", "QUERY", "UNSUBSCRIBE")
    ],
    "bad_exercise": [{"value": "maybe"}],
    "bad_field": [{"field": field, "value": "x"} for field in ("Email", "Timezone", "Name", "Postal")],
    "bad_phone": [{"field": "Mobile", "value": "12"}],
    "bad_scope": [
        {"word": "regoin EU", "nearest": "region"},
        {"word": "zz", "nearest": ""},
        {"word": "", "nearest": ""},
    ],
    "blocked_key": [{"fingerprint": KEY}],
    "dmarc_failed": [{"policy": "reject"}],
    "empty_mail": [{}],
    "exercise_too_often": [{"limit": 2}],
    "exercise_too_wide": [{"limit": 5}],
    "field_missing": [
        {"fields": fields} for fields in (("Name",), ("Email",), ("Phone", "Mobile"), ("Name", "Email"))
    ],
    "field_twice": [{"field": "Phone"}],
    "has_no_key": [{}],
    "key_in_use": [{"fingerprint": KEY}],
    "key_names_another": [{"fingerprint": KEY}],
    "key_not_covered": [{"fingerprint": KEY}],
    "may_not_cosign": [{}],
    "no_command": [{}],
    "no_key_attached": [{}],
    "no_longer_iana_contact": [{}],
    "no_seat_even_so": [_NUMBER],
    "no_such_alert": [{"id": "A-2026-0099"}, {"id": ""}],
    "no_such_request": [{"number": "R-99"}, {"number": ""}],
    "no_tld": [{}],
    "nobody_suspended": [{}],
    "nobody_there": [{"tld": "nl"}],
    "not_a_contact": [{"verb": "UNSUBSCRIBE"}],
    "not_alone": [{"line": "ALERT", "nearest": "ALERT"}],
    "not_committee": [{"verb": "APPROVE"}],
    "not_contact": [{"verb": "UNSUBSCRIBE"}],
    "not_contact_of": [{"tlds": ["nl", IDN]}],
    "not_member": [{"verb": "QUERY"}],
    "not_proven_yet": [_NUMBER],
    "not_secretariat": [{"verb": "PENDING"}],
    "not_served": [{"tld": "example", "kind": "gtld"}, {"tld": "example", "kind": "other"}],
    "on_oneself": [{"verb": "RELEASE"}, {"verb": "APPROVE"}, {"verb": "RESTORE"}],
    "on_probation": [{"verb": "QUERY", "until": LATER}],
    "replaced_key": [{"fingerprint": KEY}],
    "replaces_nobody": [{"tlds": ["nl", IDN]}],
    "signature_from_future": [{"signed_at": AT}],
    "signature_too_old": [
        {"signed_at": AT, "limit": "72 hours"},
        {"signed_at": AT, "limit": timedelta(days=3)},
    ],
    "token_expired": [{"at": AT}],
    "token_needs_signature": [{"fingerprint": KEY}],
    "token_other_answer": [{"verb": verb} for verb in ("OBJECT", "CONFIRM", "DECLINE")],
    "token_unknown": [{}],
    "token_used": [{"at": AT, "answer": "CONFIRM"}],
    "token_void": [{}],
    "too_late_to_object": [{"tld": "nl"}],
    "too_many_commands": [{"line": "QUERY nl", "nearest": ""}],
    "too_many_persons": [{"limit": 3}],
    "too_many_tlds": [{"limit": 60}],
    "unclear_answer": [{}],
    "unknown_field": [{"line": "Phne: 1", "nearest": "Phone"}, {"line": "Shoe: 1", "nearest": ""}],
    "unknown_region": [{"word": "Mars"}, {"word": ""}],
    "unknown_tld": [
        {"word": "nll", "nearest": "nl"},
        {"word": "zzz", "nearest": ""},
        {"word": "", "nearest": ""},
    ],
    "unknown_verb": [{"line": "QUREY nl", "nearest": "QUERY"}, {"line": "DANCE", "nearest": ""}],
    "unreadable_line": [{"line": "what?", "nearest": ""}],
    "unsigned": [{"verb": "QUERY"}],
    "use_key": [{"verb": "KEY"}],
    "use_unsubscribe": [{"tld": "nl"}, {"tld": IDN}],
}

_TOKEN: Values = {"token": TOKEN, "until": LATER}
_VOUCH: Values = _TOKEN | {
    "requests": [request()],
    "candidate": request(),
    "singles": [],
    "address": "admin@nic.example",
    "is_reminder": False,
    "authentication": "",
}
_PROVE: Values = _TOKEN | {
    "requests": [request()],
    "is_signed": True,
    "fingerprint": KEY,
    "asked_by_other": False,
    "reached_by": ["+44…23", "a…@home.example"],
}
_WELCOME: Values = {
    "name": "Ann Example",
    "tld": "nl",
    "has_key": True,
    "fingerprint": KEY,
    "opens_at": LATER,
    "emergency_email": False,
    "confirm_every": 180,
    "address_under_tld": True,
}
_KEYLESS = request(fingerprint="", organisation="", replaces="")
_NEW_KEYS: list[Values] = [
    {"name": "Ann Example", "fingerprint": KEY, "is_first": is_first} for is_first in (True, False)
]

_WAITS: Values = {"name": "Ann Example", "tld": IDN, "fingerprint": KEY, "old": KEY[::-1], "until": LATER}
_RECOVERY: Values = _WAITS | _TOKEN

LETTERS: dict[str, list[Values]] = {
    "letters/prove": [
        _PROVE,
        _PROVE
        | {
            "is_signed": False,
            "fingerprint": "",
            "asked_by_other": True,
            "requests": [_KEYLESS, request(18, IDN)],
            "reached_by": [],
        },
        _PROVE | {"requests": [NEW_KEY]},
    ],
    "letters/prove_key": [_TOKEN | {"name": "Ann Example", "fingerprint": KEY}],
    "letters/vouch": [
        _VOUCH,
        _VOUCH
        | {
            "requests": [_KEYLESS, request(18, IDN)],
            "candidate": _KEYLESS,
            "singles": [{"tld": "nl", "token": TOKEN}, {"tld": IDN, "token": TOKEN[::-1]}],
            "is_reminder": True,
        },
        _VOUCH | {"requests": [NEW_KEY], "candidate": NEW_KEY},
    ],
    "letters/told": [
        _TOKEN
        | {
            "name": "Ann Example",
            "tld": "nl",
            "fingerprint": fingerprint,
            "vouched_by": "IANA administrative contact",
        }
        for fingerprint in (KEY, "")
    ],
    "letters/welcome": [
        _WELCOME,
        _WELCOME | {"opens_at": None, "emergency_email": True, "tld": IDN},
        _WELCOME | {"has_key": False, "fingerprint": "", "address_under_tld": False},
    ],
    "letters/with_committee": [
        {"request": request(), "has_committee": True},
        {"request": NEW_KEY, "has_committee": False},
    ],
    "letters/decide": [
        {"request": request(reasons=["initials", "freemail", "fresh_voucher"]), "has_committee": True},
        {"request": NEW_KEY | {"fingerprint": "", "reasons": ["no_voucher", "declined", "generic_address"]}},
    ],
    "letters/decide_objection": [_SUSPENDED | {"final_at": LATER}, _SUSPENDED | {"final_at": None}],
    "letters/decide_operator": [
        {"request": request(), "has_committee": False},
        _SUSPENDED | {"final_at": None},
    ],
    "letters/rejected": [
        {"request": request(), "because": "not a person"},
        {"request": NEW_KEY, "because": ""},
    ],
    "letters/objected": [
        _SUSPENDED | {"final_at": None, "to_person": to_person} for to_person in (True, False)
    ],
    "letters/removed": [
        _SUSPENDED | {"final_at": LATER, "to_person": to_person} for to_person in (True, False)
    ],
    "letters/replaced": [
        _SUSPENDED | {"final_at": LATER, "to_person": to_person, "because": "replaced by Ann Example"}
        for to_person in (True, False)
    ],
    "letters/asked_in_vain": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "letters/restored": [{"name": "Ann Example", "tld": "nl"}],
    "letters/someone_left": [{"name": "Ann Example", "tld": "nl", "remaining": count} for count in (2, 1, 0)],
    "letters/left": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "letters/forgotten": [{"tlds": ["nl", IDN]}, {"tlds": []}],
    "letters/key_blocked": [
        {"name": "Ann Example", "why": why, "fingerprint": KEY} for why in ("lost", "stolen", "revoked")
    ],
    "letters/key_registered": _NEW_KEYS,
    "letters/key_told": _NEW_KEYS,
    "letters/recovery_stop": [_RECOVERY | {"is_own": is_own} for is_own in (True, False)],
    "letters/recovery_stop_signed": [_RECOVERY | {"is_own": True}],
    "letters/recovery_cosign": [_RECOVERY | {"is_own": False, "signs_with": KEY[::-1]}],
    "letters/recovery_waits": [_WAITS | {"request": NEW_KEY | {"vouched_by": "IANA contact"}}],
    "letters/key_expires": [
        {
            "name": "Ann Example",
            "fingerprint": KEY,
            "expires_at": LATER,
            "days": days,
            "is_expired": days == 0,
        }
        for days in (60, 1, 0)
    ],
    "letters/list_key_rotated": [{"old": KEY, "fingerprint": KEY[::-1]}],
    "letters/new_address": [
        _TOKEN | {"name": "Ann Example", "is_old": is_old, "new": "a…@home.example"}
        for is_old in (True, False)
    ],
    "letters/address_changed": [{"name": "Ann Example"}],
    "letters/emergency": [_TOKEN | {"name": "Ann Example"}],
    "letters/emergency_agree": [_TOKEN | {"name": "Ann Example", "new": "a…@home.example"}],
    "letters/release": [
        {"id": "A-2026-0007", "why": why, "name": "Ann Example", "title": ALERT["title"]}
        for why in ("second_member", "too_many_by_member", "too_many_in_all")
    ],
    "letters/alert": [NOTICE, NOTICE | {"is_exercise": True, "is_inline": True, "tlp": "AMBER+STRICT"}],
    "letters/held": [_TOKEN | {"lines": ["UNSUBSCRIBE nl"], "list_line": "List: tld-ops@lists.example"}],
    "letters/held_mailbox": [
        _TOKEN | {"lines": ["KEY LOST"], "list_line": "List: tld-ops@lists.example"},
    ],
    "letters/stuck": [{"inbox_id": 4711, "attempts": 5}],
    "jobs/alert_waiting": [{"alert_id": "A-2026-0007"}],
    "repeated": [{"at": AT, "outcome": outcome} for outcome in ("SUCCESS", "WAITING", "FAILED", "refused")],
}


def replies(renderer: Renderer) -> list[Values]:
    """The frame round the parts of an answer, in the ways it can look."""
    done = {
        "lines": ["RELEASE A-2026-0007"],
        "text": renderer.fragment("release/released", FRAGMENTS["release/released"][0]),
        "failed": False,
    }
    failed = {
        "lines": ["SUBSCRIBE nl", "Name: Ann Example", "Mobile: 12"],
        "text": renderer.fragment("refusals/bad_phone", REFUSALS["bad_phone"][0]),
        "failed": True,
    }
    verdict = {
        "standing": "good",
        "fingerprint": KEY,
        "signed_at": AT,
        "key_expires_at": LATER,
        "list_named": True,
    }
    frame: Values = {
        "subject": "SUCCESS: my mail",
        "status": "SUCCESS",
        "parts": [done],
        "is_test": False,
        "changed_nothing": False,
        "not_read": (),
        "ignored": (),
        "notes": [],
        "quoted": True,
        "verdict": verdict,
        "last_answer": False,
    }
    unsigned = {
        "standing": "none",
        "fingerprint": "",
        "signed_at": None,
        "key_expires_at": None,
        "list_named": False,
    }
    return [
        frame,
        frame
        | {
            "status": "WAITING",
            "not_read": ["see you in May"],
            "ignored": ["photo.jpg"],
            "notes": ["Titel: x"],
        },
        frame | {"status": "FAILED", "parts": [done, failed], "changed_nothing": True},
        frame
        | {"status": "FAILED", "parts": [done, failed], "changed_nothing": True, "quoted": False}
        | {"not_read": ["secret"], "notes": ["Titel: secret"], "last_answer": True},
        frame | {"status": "FAILED", "parts": [failed | {"lines": ()}], "changed_nothing": True},
        frame | {"is_test": True},
        frame | {"is_test": True, "verdict": verdict | {"key_expires_at": None}},
        frame
        | {"is_test": True, "verdict": unsigned, "parts": [failed], "changed_nothing": True, "quoted": False},
        frame | {"is_test": True, "verdict": unsigned | {"standing": "bad"}},
    ]


def fragments() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every fragment with every set of its values."""
    for name, cases in FRAGMENTS.items():
        yield from ((name, values) for values in cases)
    for reason, cases in REFUSALS.items():
        yield from ((f"refusals/{reason}", values) for values in cases)


def letters(renderer: Renderer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every whole mail with every set of its values."""
    for name, cases in LETTERS.items():
        yield from ((name, values) for values in cases)
    yield from (("reply", values) for values in replies(renderer))


def main() -> None:
    """Print every text as people get it; with arguments, those whose names begin so."""
    renderer = Renderer([shipped("templates")], LIST)
    wanted = tuple(sys.argv[1:]) or ("",)
    for name, values in letters(renderer):
        if name.startswith(wanted):
            mail = renderer.render(name, values)
            print(f"{'=' * 20} {name}\nSubject: {mail.subject}\n\n{mail.body}")
    for name, values in fragments():
        if name.startswith(wanted):
            print(f"{'-' * 20} {name}\n{renderer.fragment(name, values)}\n")


if __name__ == "__main__":
    main()
