"""Sample values for every template that a person reads: `python -m tests.template_values` prints them all."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tldops_bot.commands._all import COMMANDS
from tldops_bot.config.settings import ListSettings
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.alert import Safer
from tldops_bot.domain.certificate import FITNESS_REASONS
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.freshness import Confirmations
from tldops_bot.domain.iana_changes import Change, Field
from tldops_bot.domain.mail_authentication import Authentication
from tldops_bot.domain.roster import Coverage, Share
from tldops_bot.domain.verdict import REASONS
from tldops_bot.mail.bodies import SMIME
from tldops_bot.mail.diagnosis import CHANGES, DAMAGES, REBUILT
from tldops_bot.mail.render import Renderer

LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")
KEY = "0123456789ABCDEF0123456789ABCDEF01234567"
TOKEN = "7F3K-9QWX-2M4T-B8RD"
AT = datetime(2026, 3, 10, 2, 47, tzinfo=UTC)
LATER = AT + timedelta(days=14)
IDN = "рф (xn--p1ai)"
BODY = "Example CERT (cert:example-cert)"  # an organisation without a TLD

Values = dict[str, Any]

COVERAGE = Coverage(
    Share(2, 2), Share(0, 1), Share(2, 3), {"EU": Share(2, 3)}, Share(1, 3), contacts=3, with_key=2, stale=1
)
MONTHS = (
    Figures(date(2026, 2, 28), 309, 96, 90, 61, 12, 180, 150, 6),
    Figures(date(2026, 3, 9), 309, 97, 93, 61, 12, 184, 155, 4),
)


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
        "mail_fails": False,
        "wrong_numbers": (),
        "confirmed": "3 months ago",
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


IANA_CHANGED: Values = {
    "tld": "nl",
    "is_retired": False,
    "changes": (
        Change(
            "contact_changed",
            "administrative",
            (
                Field("name", "Ann Example", "Bob Sample"),
                Field("e-mail", "ann@nic.example", "bob.sample@nic.example"),
                Field("fax", "+99 1 555 0100", ""),
            ),
        ),
        Change("contact_gone", "technical", (Field("name", "Example Role " * 12, ""),)),
    ),
}
IANA_RETIRED: Values = {
    "tld": IDN,
    "is_retired": True,
    "changes": (Change("retired", "", (Field("organisation", "Example Registry", "Not assigned"),)),),
}
IANA_OTHERS: Values = {
    "tld": "be",
    "is_retired": False,
    "changes": (
        Change("delegated", "", (Field("organisation", "Not assigned", "Example Registry"),)),
        Change("transferred", "", (Field("organisation", "Example Registry", "Sample Registry"),)),
        Change("contact_new", "technical", (Field("name", "", "Ann Example"),)),
    ),
}
_SHOWN: Values = {
    "is_masked": True,
    "person": [("Name", "Ann Example")],
    "fingerprint": "",
    "key_expires_at": None,
    "key_blocked": "",
    "since": AT,
    "confirmed_at": None,
    "seen_at": None,
    "is_stale": False,
    "mail_fails": False,
    "wrong_numbers": [],
    "wake": None,
    "offices": [],
    "entries": [],
    "former": [],
    "requests": [],
    "notes": [],
    "questions": [],
    "mails": 0,
    "mails_since": None,
    "mails_kept_days": 90,
    "history": [],
    "lookups": [],
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
    wrong_numbers=("Phone", "Mobile"),
    mail_fails=True,
    confirmed_at=None,
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
HISTORY = [
    {"at": AT, "kind": "alert", "number": 0, "name": "Ann Example", "title": ALERT["title"]},
    {
        "at": AT,
        "kind": "update",
        "number": 1,
        "name": "Bob Sample",
        "title": "Two more registrars, same caller",
    },
    {"at": LATER, "kind": "close", "number": 2, "name": "Ann Example", "title": ""},
    {
        "at": LATER,
        "kind": "retract",
        "number": 3,
        "name": "Ann Example",
        "title": "It was a test of ours. " * 9,
    },
    {"at": LATER, "kind": "stop", "number": 4, "name": "Ann Example", "title": "forged"},
]
CALLS = [
    {"at": AT, "by": "Bob Sample", "reached": False, "words": "nobody answers\nA-2026-0008"},
    {"at": LATER, "by": "Carol Sample", "reached": True, "words": ""},
]
_REACH_LINE = {"tld": "nl", "state": "seen", "why": "", "calls": []}
_COUNTS = {"seen": 12, "called": 1, "reached": 9, "waiting": 0, "failed": 2}
REPORT: Values = ALERT | {
    "is_closed": False,
    "posted_at": AT,
    "after": "5 minutes",
    "is_last": False,
    "people": {"seen": 12, "reached": 400, "waiting": 3, "failed": 2, "unsigned": 4},
    "woken": {"woken": 40, "waiting": 2, "failed": 3},
    "tlds": {
        "seen": [_REACH_LINE | {"tld": tld} for tld in ("nl", "be", IDN)],
        "called": [_REACH_LINE | {"state": "called"}],
        "reached": [_REACH_LINE | {"state": "reached", "tld": f"x{letter}"} for letter in "abcdefghijklmnop"],
        "waiting": [_REACH_LINE | {"state": "waiting"}],
        "failed": [_REACH_LINE | {"state": "failed", "why": "mailbox refused or bounced", "tld": IDN}],
    },
    "response": {"tlds": 300, "never": 12, "median": "7 min", "ninety": "5 h 20 min"},
    "regions": [("AF", _COUNTS), ("LAC", _COUNTS), ("-", _COUNTS)],
    "seconds": 3.27,
    "words": [("Bob Example", "we see it, too\nA-2026-0008", True), ("Carol Sample", "all clear", False)],
    "to_call": 2,
    "sheet": [
        ".nl  Netherlands ------",
        "  silent: their mail server took it, nobody said so",
        "  Ann Example",
    ],
}
_NOBODY: Values = {
    "tlds": {state: [] for state in _COUNTS},
    "regions": [],
    "words": [],
    "to_call": 0,
    "sheet": [],
}
NEWS: Values = NOTICE | {
    "number": 2,
    "author": "Bob Sample",
    "because": "It was a test of ours, which we should have announced. " * 2,
    "sent_at": LATER,
    "history": HISTORY,
}
_UPDATED: Values = {name: NEWS[name] for name in ("id", "number", "title", "tlp")} | {"safer": ()}
DRAFT: Values = NOTICE | {"beside": [], "members": 412, "notices": 37, "safer": ()}

VOTES = [
    {"by": "Carol Committee", "approves": True, "because": "known to me since 2019. " * 5},
    {"by": "", "approves": False, "because": ""},
]
_PENDING: Values = {
    "mails": [
        {"what": "asked", "at": AT, "words": request()["authentication"]},
        {"what": "proven", "at": AT, "words": ""},
        {"what": "vouched", "at": AT, "words": "DMARC pass, DKIM pass, SPF pass; checked here"},
    ],
    "key": {
        "fingerprint": KEY,
        "algorithm": "ed25519",
        "made_at": AT,
        "days": 3,
        "expires_at": LATER,
        "is_revoked": False,
    },
    "other_tlds": ["be", IDN],
    "other_requests": [{"number": "R-20", "tld": "be"}, {"number": "R-21", "tld": ""}],
    "namesakes": [["de"], []],
    "phones": ["+44 20 7946 0123", "+44 7700 900123"],
    "iana": [
        {"kind": "administrative", "email": "admin@nic.example", "since_at": AT, "came_back": True},
        {"kind": "technical", "email": "", "since_at": None, "came_back": False},
    ],
    "contacts": 3,
    "asked_by": {"is_own": False, "name": "Bob Sample", "address": "bob.sample@nic.example"},
    "sent": [
        {"at": AT, "what": "prove", "address": "ann@nic.example", "answer": "CONFIRM", "answered_at": LATER},
        {"at": AT, "what": "vouch", "address": "admin@nic.example", "answer": "", "answered_at": None},
    ],
    "votes": VOTES,
    "notes": [
        {"at": AT, "by": "Sam Secretary", "text": "Phoned her: all right."},
        {"at": AT, "by": "", "text": "x"},
    ],
    "declined_because": "never heard of her",
}
_BARE_CASE: Values = _PENDING | {
    "mails": [],
    "key": None,
    "other_tlds": [],
    "other_requests": [],
    "namesakes": [],
    "phones": [],
    "iana": [],
    "asked_by": {"is_own": True, "name": "", "address": "ann@nic.example"},
    "sent": [],
    "votes": [],
    "notes": [],
    "declined_because": "",
}
_NOTED = {"request": request(), "have": 1, "needed": 2, "against": 0, "again": False, "are_enough": True}

_ROSTER: Values = {
    "serial": "2026-03-01",
    "made_at": AT,
    "coverage": COVERAGE,
    "coverage_lines": ["ccTLDs          2 of 3"],
    "contact_lines": [".nl  Netherlands ------", "Ann Example", "  Phone      +442079460123"],
    "missing_lines": [".be"],
    "missing_count": 1,
    "audit_head": "00" * 32,
    "since_on": "",
    "changes": None,
    "is_unchanged": False,
    "files": [
        {"kind": "vcf", "name": "roster.vcf.zip", "sha256": "0123456789abcdef" * 4},
        {"kind": "keys", "name": "roster-keys.pgp", "sha256": "0123456789abcdef" * 4},
    ],
    "is_packed": True,
    "left_out": ["json", "keys"],
    "choice": "",
    "is_unmade": False,
}
_ROSTER_ALONE: Values = _ROSTER | {"files": [], "is_packed": False, "left_out": [], "choice": "none"}
_ROSTER_UNMADE: Values = _ROSTER_ALONE | {"choice": "", "is_unmade": True}

_LEAVING = {"name": "Ann Example", "tlds": ["nl", IDN], "until": LATER}

_SUSPENDED = {"person": "Ann Example", "tld": "nl", "because": "He left in June.", "request": BY_PERSON}

_NOTE = {"at": AT, "by": "Carol Example", "text": "Called, and Bob answers; on leave until Monday."}
_LATELY = [
    {"address": "admin@nic.example", "state": state, "sent_at": sent_at}
    for state, sent_at in (("planned", None), ("sent", AT), ("answered", AT), ("declined", AT))
]


def happened(action: str, **changed: Any) -> Values:
    """A line of HISTORY."""
    line = {"at": AT, "action": action, "number": "", "who": "", "key": "", "words": [], "by": "own"}
    return line | {"fingerprint": ""} | changed


_HISTORY = [
    happened("requested", number="R-17", by="", fingerprint=KEY),
    happened("proven", number="R-17", who="Ann Example", by="mailbox"),
    happened("to_committee", number="R-17", words=["initials", "no_free_seat"], by="the clock"),
    happened("listed", who="Ann Example", key=KEY, by="IANA administrative contact"),
    happened("updated", who="Ann Example", words=["Phone", "Timezone"], fingerprint=KEY),
    happened("suspended", who="Ann Example", by="secretariat", fingerprint=KEY),
    happened("restored", who="Ann Example", by="operator"),
    happened("voted", number="R-17", who="Ann Example", words=["yes"], by="committee", fingerprint=KEY),
    happened("key_blocked", who="Ann Example", words=["stolen"], by="Bob Example", fingerprint=KEY),
    happened("iana_changed", words=["administrative"], by="the clock"),
    happened("something_new", by="committee", fingerprint=KEY),
]

# Each outcome with one or more sets of values, so that every branch is read.
FRAGMENTS: dict[str, list[Values]] = {
    "ack/seen": [{"id": "A-2026-0007"}],
    "alert/posted": [
        POSTED | {"members": 412, "notices": 37, "out_of_reach": [IDN, "be"], "to_query": ["xn--p1ai", "be"]},
        POSTED | {"members": 1, "notices": 1, "out_of_reach": [], "to_query": []},
        POSTED
        | {
            "members": 5,
            "notices": 0,
            "notes": [],
            "safer": (),
            "is_exercise": True,
            "scope": "tld nl be",
            "out_of_reach": [],
            "to_query": [],
        },
    ],
    "alert/held": [
        POSTED | {"why": why, "notes": [], "safer": ()}
        for why in ("second_member", "too_many_by_member", "too_many_in_all")
    ],
    "alert/draft": [DRAFT, DRAFT | {"is_exercise": True, "notices": 0, "safer": POSTED["safer"]}],
    "approve/approved": [{"request": request(), "because": ""}, {"request": NEW_KEY, "because": ""}],
    "approve/kept": [{"request": BY_PERSON, "because": ""}],
    "approve/noted": [_NOTED, _NOTED | {"against": 1, "again": True, "are_enough": False}],
    "approve/several": [
        {
            "cases": [
                {"request": request(), "outcome": "approved"},
                {"request": BY_PERSON, "outcome": "kept"},
                {"request": NEW_KEY, "outcome": "noted"},
            ]
        }
    ],
    "reject/rejected": [{"request": request(), "because": "no"}, {"request": BY_PERSON, "because": "no"}],
    "reject/noted": [_NOTED, _NOTED | {"against": 1, "again": True, "are_enough": False}],
    "reject/several": [
        {"cases": [{"request": request(), "outcome": "rejected"}, {"request": NEW_KEY, "outcome": "noted"}]}
    ],
    "update_alert/sent": [
        _UPDATED | {"members": 412, "notices": notices, "safer": safer}
        for notices, safer in ((37, POSTED["safer"]), (0, ()))
    ],
    "update_alert/held": [
        _UPDATED | {"why": why} for why in ("second_member", "too_many_by_member", "too_many_in_all")
    ],
    "update_alert/draft": [
        NEWS | {"members": 412, "notices": notices, "safer": (), "is_exercise": bool(notices)}
        for notices in (0, 37)
    ],
    "reached/noted": [
        {"id": "A-2026-0007", "tlds": ["nl", IDN], "words": words}
        for words in ("", "the night shift will read it")
    ],
    "notreached/noted": [
        {"id": "A-2026-0007", "tlds": ["nl"], "words": words} for words in ("", "nobody answers\nA-2026-0008")
    ],
    "close/closed": [{"id": "A-2026-0007", "people": 412}],
    "retract/retracted": [{"id": "A-2026-0007", "people": 412, "stopped": stopped} for stopped in (0, 37)],
    "stop/stopped": [
        {"id": "A-2026-0007", "stopped": stopped, "gone": gone, "was_held": not (stopped or gone)}
        for stopped, gone in ((377, 35), (1, 1), (0, 412), (0, 0))
    ],
    "cancel/cancelled": [
        {"id": "A-2026-0007", "is_update": is_update, "is_exercise": is_exercise}
        for is_update, is_exercise in ((False, False), (True, False), (False, True))
    ],
    "exercise/announced": [
        POSTED | {"people": 412, "starts_at": LATER, "is_exercise": True, "notes": [], "safer": ()}
    ],
    "exercise/draft": [DRAFT | {"is_exercise": True}],
    "exercise/started": [POSTED | {"people": 412, "starts_at": AT, "is_exercise": True}],
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
    "confirm/wake_proven": [{"gateway": "sms", "severity": "high"}],
    "wake/alert": [{"id": "A-2026-0007", "is_exercise": is_exercise} for is_exercise in (False, True)],
    "wake/token": [{"token": TOKEN}],
    "confirm/left": [{"tlds": ["nl", IDN]}],
    "confirm/address_half": [{}],
    "confirm/address_changed": [{}],
    "confirm/still_right": [{}],
    "confirm/still_there": [{"tlds": ["nl", IDN]}],
    "confirm/settled": [{}],
    "confirm/mailbox_works": [{}],
    "decline/gone": [{"tlds": ["nl", IDN]}],
    "decline/settled": [{}],
    "confirm/key_registered": [{"fingerprint": KEY}],
    "confirm/cosigned": [{"requests": [NEW_KEY]}],
    "decline/stopped": [{"requests": [NEW_KEY]}],
    "decline/withdrawn": [{"requests": [request()]}],
    "decline/not_vouched": [{"requests": [request(), request(18, IDN)]}],
    "decline/noted": [{"what": "still_right"}, {"what": "mailbox"}],
    "decline/stays": [{"tlds": ["nl", IDN]}, {"tlds": []}],
    "decline/undone": [{"fields": ["Phone", "Mobile"]}],
    "decline/dropped": [
        {"what": what}
        for what in (
            "carry_out",
            "emergency",
            "wake",
            "leave",
            "key_new",
            "old_address",
            "new_address",
            "something_new",
        )
    ],
    "confirm/updated": [
        {"changed": ["Phone", "Timezone"], "waiting": []},
        {"changed": [], "waiting": ["Email", "Emergency-Email"]},
        {"changed": ["Phone"], "waiting": ["Wake"]},
    ],
    "update/proposed": [{"name": "Ann Example", "fields": ["Phone", "Timezone"]}],
    "confirm/invited": [
        {"tlds": ["nl", IDN], "words": "nl xn--p1ai"},
        {"tlds": ["nl"], "words": "nl"},
        {"tlds": [], "words": ""},
    ],
    "decline/not_invited": [{"until": LATER}],
    "history/history": [
        {"tld": IDN, "entries": _HISTORY, "is_cut": True, "notes": [_NOTE]},
        {"tld": "nl", "entries": [], "is_cut": False, "notes": []},
    ],
    "invite/invited": [
        {"sent": [{"address": "admin@nic.example", "tlds": ["nl", IDN]}], "lately": lately}
        for lately in ([], _LATELY)
    ],
    "invite/planned": [
        {"tlds": 120, "planned": 97, "lately": 31, "unreachable": ["be", IDN], "a_day": 20},
        {"tlds": 0, "planned": 0, "lately": 0, "unreachable": [], "a_day": 20},
    ],
    "invite/stopped": [{"number": 57}],
    "note/noted": [
        {"about": "R-17", "notes": [_NOTE, _NOTE | {"by": ""}]},
        {"about": f".{IDN}", "notes": [_NOTE]},
    ],
    "remind/reminded": [
        {"number": "R-17", "whom": whom}
        for whom in ("candidate", "vouchers", "committee", "operator", "committee_operator")
    ],
    "suspend/suspended": [{"name": "Ann Example", "cases": [("nl", "R-17"), (IDN, "R-18")]}],
    "object/suspended": [{"name": "Ann Example", "tld": IDN, "number": "R-18"}],
    "forget/asked": [_LEAVING | {"forgets": True}],
    "forget/waiting": [_LEAVING | {"forgets": True}],
    "forget/forgotten": [{"tlds": ["nl"]}, {"tlds": []}],
    "help/commands": [
        {
            "yours": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who == "anyone"],
            "later": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who in ("contact", "member")],
            "is_member": False,
            "is_known": False,
            "is_office": False,
        },
        {
            "yours": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who in ("anyone", "contact")],
            "later": [shown(verb) for verb in COMMANDS if COMMANDS[verb].who == "member"],
            "is_member": False,
            "is_known": True,
            "is_office": False,
        },
        {
            "yours": [shown(verb) for verb in COMMANDS],
            "later": [],
            "is_member": True,
            "is_known": True,
            "is_office": True,
        },
    ],
    "help/one": [{"command": shown(verb)} for verb in COMMANDS],
    "key/blocked": [{"name": "Ann Example", "why": "lost", "fingerprint": KEY}],
    "key/renewed": [{"fingerprint": KEY}],
    "key/waiting": [{"fingerprint": KEY, "needs_word": True}, {"fingerprint": KEY, "needs_word": False}],
    "pending/pending": [
        {"decide": [], "others": [], "invitations": [], "tld_notes": []},
        {"decide": [request() | _PENDING], "others": [], "invitations": [], "tld_notes": []},
        {
            "decide": [
                request() | _PENDING,
                BY_PERSON | _BARE_CASE,
                request(21, replaces="", organisation="", vouched_by="")
                | _PENDING
                | {
                    "key": _PENDING["key"] | {"algorithm": "", "expires_at": None},
                    "asked_by": {"is_own": False, "name": "", "address": ""},
                },
                NEW_KEY | _PENDING | {"key": _PENDING["key"] | {"is_revoked": True}},
            ],
            "others": [
                request(20) | {"state": "proving", "notes": [_NOTE, _NOTE | {"by": ""}]},
                NEW_KEY | {"state": "vouching", "notes": []},
                NEW_KEY | {"state": "waiting", "notes": []},
            ],
            "invitations": [
                {
                    "address": "admin@nic.example",
                    "tlds": ["nl", IDN],
                    "state": state,
                    "sent_at": None if state == "planned" else AT,
                    "answered_at": AT if state in ("answered", "declined") else None,
                    "because": "We have no staff for that." if state == "declined" else "",
                }
                for state in ("planned", "sent", "answered", "declined", "came_back", "joined")
            ],
            "tld_notes": [{"tld": IDN, "notes": [_NOTE, _NOTE | {"by": ""}]}],
        },
    ],
    "query/contacts": [
        {"blocks": [{"tld": "nl", "contacts": [contact(), BARE]}, {"tld": IDN, "contacts": []}]},
    ],
    "query/people": [{"people": [contact(), BARE]}],
    "query/nobody": [{}],
    "query/missing": [{"tlds": ["be", "br", IDN]}, {"tlds": []}],
    "query/stats": [
        {"coverage": COVERAGE, "coverage_lines": ["  ccTLDs          2 of   3   66 %"], "months": MONTHS}
        | {"fresh": Confirmations(2, 3, 77)},
        {"coverage": COVERAGE, "coverage_lines": ["  ccTLDs          2 of   3   66 %"], "months": ()}
        | {"fresh": Confirmations(0, 0, None)},
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
            "state": state,
            "history": history,
        }
        for state, history in (("posted", HISTORY[:1]), ("retracted", HISTORY))
    ],
    "release/released": [{"id": "A-2026-0007", "members": 412}],
    "remove/suspended": [{"name": "Ann Example", "tld": "nl", "final_at": LATER, "number": "R-18"}],
    "restore/noted": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "restore/restored": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "roster/roster": [_ROSTER, _ROSTER_ALONE, _ROSTER_UNMADE],
    "show/record": [
        {
            "is_masked": False,
            "person": [("Name", "Ann Example"), ("Emergency e-mail", "ann@home.example (not proven yet)")],
            "fingerprint": KEY,
            "key_expires_at": LATER,
            "key_blocked": "",
            "since": AT,
            "confirmed_at": AT,
            "seen_at": AT,
            "is_stale": True,
            "mail_fails": True,
            "wrong_numbers": ["mobile"],
            "wake": {"gateway": "sms", "target": "+442079460456", "severity": "high", "is_offered": False},
            "offices": ["committee"],
            "entries": [
                {
                    "tld": IDN,
                    "state": "suspended",
                    "since": AT,
                    "vouched_by": "IANA administrative contact",
                    "voucher_gone_at": AT,
                    "suspended_because": "He left in June.\nSubject: I know him",
                    "final_at": LATER,
                    "opens_at": LATER,
                }
            ],
            "former": [("nl", AT, LATER)],
            "requests": [
                {
                    "number": "R-17",
                    "tld": "nl",
                    "kind": "subscribe",
                    "state": "rejected",
                    "asked_at": AT,
                    "because": "He left in June.",
                },
                {
                    "number": "R-18",
                    "tld": "",
                    "kind": "key",
                    "state": "vouching",
                    "asked_at": AT,
                    "because": "",
                },
            ],
            "notes": [("R-17", AT, "Called on Monday:\nis away until May")],
            "questions": [(AT, "old_address", LATER)],
            "mails": 3,
            "mails_since": AT,
            "mails_kept_days": 90,
            "history": [(AT, "address_changed", ""), (AT, "listed", IDN)],
            "lookups": [(AT, "Bob Example", "QUERY nl be"), (AT, "", "QUERY +44 20 7946 0123")],
        },
        _SHOWN | {"fingerprint": KEY, "key_blocked": "stolen"},
        _SHOWN,
    ],
    "status/reach": [
        {
            "id": "A-2026-0007",
            "state": "posted",
            "posted_at": AT,
            "counts": {"seen": 12, "reached": 400, "waiting": 3, "failed": 2, "unsigned": unsigned},
            "woken": {"woken": unsigned, "waiting": 0, "failed": 0},
            "tlds": [
                {"tld": "nl", "state": "seen", "why": "", "calls": []},
                {"tld": IDN, "state": "failed", "why": "no usable key", "calls": CALLS},
            ],
            "words": [
                ("Bob Example", "we see it, too\nA-2026-0008", True),
                ("Carol Sample", "all clear", False),
            ],
            "history": history,
            "is_exercise": bool(unsigned),
            "response": REPORT["response"],
        }
        for history, unsigned in ((HISTORY[:1], 0), (HISTORY, 3))
    ],
    "subscribe/waiting": [{"tlds": tlds} for tlds in (["nl", IDN], ["nl"], [BODY], ["nl", BODY])],
    "test/would": [{"verb": "UPDATE", "status": "SUCCESS"}, {"verb": "SUBSCRIBE", "status": "WAITING"}],
    "unsubscribe/asked": [_LEAVING | {"forgets": False}],
    "unsubscribe/waiting": [_LEAVING | {"forgets": False}],
    "update/updated": [
        {"changed": ["Phone", "Timezone"], "waiting": []},
        {"changed": [], "waiting": ["Email", "Emergency-Email"]},
        {"changed": ["Phone"], "waiting": ["Wake"]},
    ],
}

_NUMBER: Values = {"number": "R-17"}
REFUSALS: dict[str, list[Values]] = {
    **{reason: [{"fingerprint": KEY, "detail": ""}, {"fingerprint": "", "detail": ""}] for reason in REASONS},
    **{
        reason: [
            {"fingerprint": "", "detail": ""},
            *({"fingerprint": KEY, "detail": detail} for detail in ("", *details)),
        ]
        for reason, details in (
            ("bad_signature", CHANGES),
            ("malformed_block", DAMAGES),
            ("malformed_mail", (*DAMAGES[:1], *REBUILT)),
            ("no_plain_text", (SMIME,)),
        )
    },
    **{reason: [{"fingerprint": KEY}] for reason in FITNESS_REASONS},
    "address_in_use": [{}],
    "alert_empty": [{"verb": "ALERT"}, {"verb": "UPDATE-ALERT A-2026-0007"}],
    "alert_is_red": [{"id": "A-2026-0007"}],
    "alert_not_open": [{"id": "A-2026-0007", "state": state} for state in ("closed", "retracted", "stopped")],
    "alert_not_out": [{"id": "A-2026-0007", "state": state} for state in ("held", "cancelled", "announced")],
    "alert_not_waiting": [{"id": "A-2026-0007"}],
    "key_blocked_since": [{"id": "A-2026-0007", "verb": verb} for verb in ("ALERT", "UPDATE-ALERT")],
    "alert_too_large": [{"limit": 1_000_000}],
    "already_asked": [
        {"tld": tld, "number": "R-17", "own": own} for tld, own in (("nl", True), (IDN, False))
    ],
    "already_contact": [{"tld": IDN}],
    "already_decided": [{}],
    "bad_note": [{"limit": 500}],
    "invited_enough": [{"limit": 40}],
    "invited_lately": [{"tld": IDN, "lately": _LATELY}],
    "no_iana_address": [{"tld": "nl"}, {"tld": IDN}],
    "no_seat_to_fill": [{"tld": IDN, "limit": 3}],
    "nobody_to_update": [{}],
    "nobody_to_remind": [{"number": "R-17"}],
    "nobody_to_suspend": [{}],
    "reminded_lately": [{"number": "R-17", "at": AT}],
    "suspend_where": [{"tld": "is"}],
    "suspended_enough": [{"limit": 10}],
    "bad_arguments": [
        {"verb": verb, "usage": COMMANDS[verb].usage} for verb in ("REMOVE", "QUERY", "UNSUBSCRIBE")
    ],
    "bad_exercise": [
        {"value": "maybe", "verb": "ALERT", "again": [("Title", "Look out"), ("Exercise", "yes")]}
    ],
    "bad_field": [
        {"field": field, "value": "x", "limit": limit}
        for field, limit in (("Email", 0), ("Timezone", 0), ("Name", 0), ("Postal", 0), ("Name", 120))
    ],
    "no_gateway": [{}],
    "address_often": [{"limit": 6}],
    "wake_often": [{"limit": 3}],
    "bad_wake": [
        {"value": value, "gateways": ["ntfy", "sms"], "nearest": nearest}
        for value, nearest in (("smss +44 20 7946 0456", "sms"), ("sms", ""))
    ],
    "bad_phone": [{"field": "Mobile", "value": "12"}, {"field": "", "value": "020 7946 0123"}],
    "bad_scope": [
        {
            "word": word,
            "nearest": nearest,
            "verb": verb,
            "again": [("Title", "Look out"), ("Scope", "tld nl")],
        }
        for word, nearest, verb in (
            ("regoin EU", "region", "ALERT"),
            ("zz", "", "EXERCISE"),
            ("", "", "ALERT"),
        )
    ],
    "bad_when": [{"value": "tomorrow", "example": LATER}],
    "blocked_key": [{"fingerprint": KEY}],
    "dmarc_failed": [{"policy": "reject"}],
    "empty_mail": [{}],
    "exercise_too_often": [{"limit": 2}],
    "exercise_too_wide": [{"limit": 5}],
    "field_missing": [
        {"fields": fields}
        for fields in (("Name",), ("Organisation",), ("Phone", "Mobile"), ("Name", "Email"))
    ],
    "field_twice": [{"field": "Phone"}],
    "has_no_key": [{}],
    "key_in_use": [{"fingerprint": KEY}],
    "key_of_another_address": [{"fingerprint": KEY}],
    "key_names_another": [{"fingerprint": KEY}],
    "key_not_covered": [{"fingerprint": KEY}],
    "may_not_cosign": [{}],
    "no_command": [{}],
    "no_key_attached": [{}],
    "iana_address_too_new": [{"tld": IDN}],
    "no_longer_iana_contact": [{}],
    "no_longer_possible": [_NUMBER | {"why": why} for why in ("tld_gone", "key_taken", "listed_already")],
    "entered_by_yourself": [_NUMBER],
    "no_such_alert": [{"id": "A-2026-0099"}, {"id": ""}],
    "no_such_request": [{"number": "R-99"}, {"number": ""}],
    "no_tld": [{}],
    "not_on_sheet": [
        {"verb": "NOTREACHED", "id": "A-2026-0007", "words": words} for words in ("", "the whole of Europe")
    ],
    "nobody_suspended": [{}],
    "nobody_there": [{"tld": "nl"}],
    "not_a_contact": [{"verb": "UNSUBSCRIBE"}, {"verb": "UPDATE"}],
    "not_alone": [{"line": "ALERT", "nearest": "ALERT"}],
    "not_committee": [{"verb": "APPROVE"}],
    "not_contact": [{"verb": "UNSUBSCRIBE"}],
    "not_contact_of": [{"tlds": ["nl", IDN]}],
    "not_member": [
        {"verb": "QUERY", "has_key": False, "suspended": []},
        {"verb": "QUERY", "has_key": True, "suspended": []},
        {"verb": "QUERY", "has_key": True, "suspended": ["nl", "рф (xn--p1ai)"]},
    ],
    "not_proven_yet": [_NUMBER],
    "seat_filled": [_NUMBER],
    "changed_since": [_NUMBER | {"at": AT, "name": "Ann Example"}],
    "seat_taken": [{"tld": "nl", "label": "nl"}],
    "not_secretariat": [{"verb": "PENDING"}],
    "not_served": [
        {"tld": "example", "kind": kind, "served": served}
        for kind, served in (
            ("gtld", ("cctld",)),
            ("infrastructure", ("cctld", "gtld", "cert", "regional")),
            ("cert", ("cctld",)),
        )
    ],
    "unknown_organisation": [{"word": "cert:exampl", "nearest": near} for near in ("cert:example-cert", "")],
    "which_organisation": [{"word": "CERT", "kind": "cert"}, {"word": "REGIONAL", "kind": "regional"}],
    "invite_tlds_only": [{}],
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
    "token_used": [{"at": AT, "answer": "CONFIRM", "purpose": purpose} for purpose in ("vouch", "prove")],
    "token_void": [{}],
    "has_office": [{}],
    "not_yet_yours": [{"number": "R-17"}],
    "key_first": [{}],
    "nothing_to_undo": [{}],
    "too_late_to_object": [{"tld": "nl"}],
    "too_many_commands": [{"line": "QUERY nl", "nearest": ""}],
    "too_many_persons": [{"limit": 3}],
    "too_many_tlds": [{"limit": 60}],
    "unclear_answer": [{}],
    "unknown_field": [{"line": "Phne: 1", "nearest": "Phone"}, {"line": "Shoe: 1", "nearest": ""}],
    "unknown_language": [{"value": "Klingon", "languages": ["en", "fr"]}],
    "unknown_region": [{"word": "Mars"}, {"word": ""}],
    "unknown_tld": [
        {"word": "nll", "nearest": "nl"},
        {"word": "zzz", "nearest": ""},
        {"word": "", "nearest": ""},
    ],
    "unknown_verb": [{"line": "QUREY nl", "nearest": "QUERY"}, {"line": "DANCE", "nearest": ""}],
    "unreadable_line": [{"line": "what?", "nearest": ""}],
    "unsigned": [{"verb": "QUERY", "detail": detail} for detail in ("", "exchange", SMIME)],
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
    "tlds": ["nl"],
    "has_key": True,
    "fingerprint": KEY,
    "opens_at": LATER,
    "emergency_email": False,
    "confirm_every": 180,
    "address_under_tld": True,
}
_STILL_RIGHT: Values = {
    "token": TOKEN,
    "name": "Ann Example",
    "record": [("Name", "Ann Example"), ("Emergency e-mail", "ann@home.example"), ("Phone", "+442079460123")],
    "is_masked": False,
    "tlds": ["nl", IDN],
    "asked": 1,
    "is_stale": False,
    "confirmed_at": AT,
}
_SILENT: Values = {
    "name": "Ann Example",
    "email": "ann@nic.example",
    "phones": [("+44 20 7946 0123", False), ("+44 7700 900123", True)],
    "tlds": ["nl", IDN],
    "alone": [],
    "confirmed_at": AT,
    "stale_at": LATER,
    "mail_fails": False,
    "asked": 3,
    "answers": [
        {
            "address": "admin@registry.example",
            "is_iana": True,
            "at": LATER,
            "is_there": False,
            "words": "he left in May; bob@nic.example",
        },
        {
            "address": "bob@nic.example",
            "is_iana": False,
            "at": LATER,
            "is_there": True,
            "words": "",
        },
    ],
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
        _PROVE | {"requests": [request(17, BODY)]},
        _PROVE | {"requests": [request(), request(18, BODY)]},
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
    "letters/last_contact": [
        {"tld": IDN, "number": "R-17", "final_at": LATER},
        {"tld": "nl", "number": "R-17", "final_at": None},
        {"tld": "cert:example", "number": "R-17", "final_at": None},
    ],
    "letters/iana_changed": [
        {"tlds": [IANA_CHANGED, IANA_RETIRED], "has_lost_voucher": True},
        {"tlds": [IANA_CHANGED], "has_lost_voucher": False},
    ],
    "letters/iana_changed_committee": [
        {
            "tlds": [IANA_CHANGED, IANA_RETIRED],
            "noted": [("Ann Example", "nl")],
            "taking_part": ["nl", IDN],
            "has_committee": True,
        },
        {"tlds": [IANA_OTHERS], "noted": [], "taking_part": [], "has_committee": False},
    ],
    "letters/iana_listed_no_more": [
        {"address": "hostmaster@nic.example", "tlds": ["nl", IDN]},
        {"address": "hostmaster@nic.example", "tlds": ["nl"]},
    ],
    "letters/iana_held_back": [
        {"count": 1, "tlds": ["nl"]},
        {"count": 80, "tlds": ["nl", IDN] * 40},
    ],
    "letters/iana_welcome": [
        {
            "address": "hostmaster@nic.example",
            "tlds": [
                {"tld": IDN, "names": ["Ann Example", "Bob Sample"]},
                {"tld": "nl", "names": ["Ann Example"]},
            ],
        }
    ],
    "letters/iana_silent": [{"since": AT, "server": "whois.iana.org:43"}],
    "letters/told": [
        _TOKEN
        | {
            "name": "Ann Example",
            "tokens": tokens,
            "fingerprint": fingerprint,
            "vouched_by": "IANA administrative contact",
        }
        for fingerprint, tokens in (
            (KEY, [{"tld": "nl", "token": TOKEN}]),
            ("", [{"tld": "nl", "token": TOKEN}, {"tld": IDN, "token": TOKEN[::-1]}]),
            (KEY, [{"tld": BODY, "token": TOKEN}]),
        )
    ],
    "letters/not_possible": [
        *({"request": request(), "why": why} for why in ("tld_gone", "key_taken", "listed_already")),
        *({"request": request(kind="key"), "why": why} for why in ("key_taken", "left")),
    ],
    "letters/number_wrong": [
        {"name": "Ann Example", "numbers": [{"field": field, "number": "…0123"} for field in fields]}
        for fields in (("Phone",), ("Phone", "Mobile"))
    ],
    "letters/namesake": [{"name": "Ann Example", "tlds": ["nl", IDN], "others": [["be"], []]}],
    "letters/votes_differ": [{"request": request(), "votes": VOTES}],
    "letters/decided": [
        *(
            {"cases": [{"requests": [request()] * count, "votes": VOTES[:1], "approved": count > 1}]}
            for count in (1, 3)
        ),
        {
            "cases": [
                {"requests": [request()], "votes": [], "approved": True},
                {"requests": [request(18)] * 2, "votes": VOTES, "approved": False},
            ]
        },
    ],
    "letters/cases_waiting": [
        {
            "cases": [{"number": "R-17", "tld": "nl", "since": AT}] * count,
            "has_committee": has_committee,
            "to_operator": to_operator,
        }
        for count, has_committee, to_operator in ((1, False, True), (3, True, False), (1, True, True))
    ],
    "letters/takes_long": [
        {"requests": [request() | {"since": AT}] * count, "has_committee": count > 1} for count in (1, 2)
    ],
    "letters/welcome": [
        _WELCOME,
        _WELCOME
        | {"opens_at": None, "emergency_email": True, "address_under_tld": False, "tlds": ["nl", "be", IDN]},
        _WELCOME | {"emergency_email": True},
        _WELCOME | {"has_key": False, "fingerprint": "", "address_under_tld": False},
    ],
    "letters/with_committee": [
        {"request": request(), "requests": [request()], "has_committee": True},
        {"request": NEW_KEY, "requests": [NEW_KEY, request(18, IDN)], "has_committee": False},
    ],
    "letters/decide": [
        {
            "request": request(reasons=["initials", "freemail", "fresh_voucher"]),
            "requests": [request(number) for number in range(17, 33)],
            "has_committee": True,
            "words": "",
        },
        {
            "request": NEW_KEY
            | {"fingerprint": "", "reasons": ["no_voucher", "declined", "generic_address"]},
            "requests": [NEW_KEY],
            "has_committee": True,
            "words": "never heard of this person",
        },
    ],
    "letters/decide_objection": [_SUSPENDED | {"final_at": LATER}, _SUSPENDED | {"final_at": None}],
    "letters/decide_operator": [
        {"request": request(), "has_committee": False},
        {"request": request(), "requests": [request(), request(18, IDN)], "has_committee": False},
        _SUSPENDED | {"final_at": None, "has_committee": True},
    ],
    "letters/rejected": [
        {"request": request(), "because": "not a person"},
        {"request": NEW_KEY, "because": ""},
        {"request": BY_PERSON, "because": "has left"},
    ],
    "letters/objected": [
        _SUSPENDED | {"final_at": None, "to_person": to_person} for to_person in (True, False)
    ],
    "letters/removed": [
        _SUSPENDED | {"final_at": LATER, "to_person": to_person} for to_person in (True, False)
    ],
    "letters/suspended": [
        _SUSPENDED | {"final_at": None, "to_person": to_person, "because": because}
        for to_person, because in ((True, _SUSPENDED["because"]), (False, _SUSPENDED["because"]), (True, ""))
    ],
    "letters/replaced": [
        _SUSPENDED | {"final_at": LATER, "to_person": to_person, "because": "replaced by Ann Example"}
        for to_person in (True, False)
    ],
    "letters/asked_in_vain": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
    "letters/update": [
        _TOKEN
        | {
            "name": "Ann Example",
            "by": by,
            "changes": [("Phone", "+44…23"), ("Fax", ""), ("Timezone", "Europe/London")],
            "is_signed": is_signed,
            "fingerprint": KEY if is_signed else "",
        }
        for by, is_signed in (("secretariat", True), ("committee", False))
    ],
    "letters/update_answered": [
        {"name": "Ann Example", "fields": ["Phone"], "is_yes": is_yes, "because": because}
        for is_yes, because in ((True, ""), (False, "This number is not mine."), (False, ""))
    ],
    "letters/invite": [
        _TOKEN | {"tlds": ["nl"], "is_found": False, "address": "admin@nic.example"},
        _TOKEN | {"tlds": ["nl", IDN], "is_found": True, "address": "ann@nic.example"},
    ],
    "letters/invite_imported": [
        _TOKEN | {"tlds": tlds, "is_found": True, "address": "ann@nic.example"}
        for tlds in ([], ["nl"], ["nl", IDN])
    ],
    "letters/invitation_answered": [
        {"answers": [{"tlds": ["nl"], "is_yes": True, "because": ""}]},
        {"answers": [{"tlds": ["nl", IDN], "is_yes": False, "because": "We have no staff for that."}]},
        {
            "answers": [
                {"tlds": ["nl"], "is_yes": False, "because": ""},
                {"tlds": ["nl", IDN], "is_yes": True, "because": ""},
            ]
        },
    ],
    "letters/removal_final": [
        {"name": "Ann Example", "tld": IDN, "because": "removed by a contact of the TLD", "since": AT},
        {"name": "Ann Example", "tld": "nl", "because": "", "since": AT},
    ],
    "letters/restored": [
        {"name": "Ann Example", "tld": "nl", "by_owner": by_owner} for by_owner in (False, True)
    ],
    "letters/someone_left": [
        {"name": "Ann Example", "tld": tld, "remaining": count}
        for tld in ("nl", "cert:example")
        for count in (2, 1, 0)
    ],
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
    "letters/still_right": [
        _STILL_RIGHT,
        _STILL_RIGHT
        | {
            "asked": 2,
            "is_masked": True,
            "confirmed_at": None,
            "record": [("Name", "Ann Example"), ("Mobile", "+44…23")],
        },
        _STILL_RIGHT | {"asked": 5, "is_stale": True},
    ],
    "letters/still_there": [
        {
            "token": TOKEN,
            "name": "Ann Example",
            "address": "a…@nic.example",
            "tlds": tlds,
            "since": since,
        }
        for tlds, since in ((["nl"], "7 months ago"), (["nl", IDN], "never"))
    ],
    "letters/silent": [
        {"people": [_SILENT]},
        {
            "people": [
                _SILENT,
                _SILENT | {"alone": ["nl", IDN], "mail_fails": True, "answers": [], "confirmed_at": None},
                _SILENT | {"answers": [], "asked": 0},
            ]
        },
    ],
    "letters/silent_operator": [{"count": 1}, {"count": 17}],
    "letters/probe": [{"token": TOKEN, "until": LATER, "is_dead": is_dead} for is_dead in (False, True)],
    "letters/mailbox_failed": [
        {"name": "Ann Example", "address": "a…@nic.example", "tlds": ["nl", IDN], "is_first": is_first}
        for is_first in (True, False)
    ],
    "letters/mailbox_failed_other": [{"name": "Ann Example", "tlds": ["nl", IDN]}],
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
    "letters/list_key_rotated": [{"old": KEY, "fingerprint": KEY[::-1], "until": LATER}],
    "letters/new_address": [
        _TOKEN | {"name": "Ann Example", "is_old": is_old, "new": "a…@home.example"}
        for is_old in (True, False)
    ],
    "letters/record_changed": [
        {
            "name": "Ann Example",
            "token": TOKEN,
            "until": LATER,
            "fields": ["Mobile", "Email", "Phone", "Postal"],
            "changes": [
                ("Mobile", "+44…56", "+99…00"),
                ("Email", "a…@nic.example", "a…@new.example"),
                ("Phone", "", "+44…99"),
            ],
        },
        {"name": "Ann Example", "token": TOKEN, "until": LATER, "fields": ["Postal"], "changes": []},
    ],
    "letters/one_voice": [
        {"name": "Ann Example", "email": "ann@nic.example", "tlds": tlds} for tlds in (["nl"], ["nl", IDN])
    ],
    "letters/renamed": [
        {"old": "Ann Example", "new": "Bert Sample", "tlds": ["nl", IDN], "email": "ann@nic.example"}
    ],
    "letters/unproven": [{"requests": [request()]}, {"requests": [request(), request(18, IDN)]}],
    "letters/colleague_changed": [
        {
            "name": "Ann Example",
            "email": "ann@nic.example",
            "fields": ["Phone", "Mobile"],
            "is_undone": is_undone,
        }
        for is_undone in (False, True)
    ],
    "letters/leave": [_LEAVING | {"forgets": forgets, "token": TOKEN} for forgets in (False, True)],
    "letters/stay": [_LEAVING | {"forgets": forgets, "token": TOKEN} for forgets in (False, True)],
    "letters/wake_failed": [{"name": "Ann Example", "gateway": "sms"}],
    "letters/wake_proven": [
        {"name": "Ann Example", "gateway": "sms", "target": "+44…23", "severity": "high"}
    ],
    "letters/emergency": [_TOKEN | {"name": "Ann Example"}],
    "letters/emergency_agree": [_TOKEN | {"name": "Ann Example", "new": "a…@home.example"}],
    "letters/release": [
        {"id": "A-2026-0007", "why": why, "name": "Ann Example", "title": ALERT["title"]}
        for why in ("second_member", "too_many_by_member", "too_many_in_all")
    ],
    "jobs/alert_not_released": [
        {
            "id": "A-2026-0007",
            "title": ALERT["title"],
            "is_update": is_update,
            "since": AT,
            "name": "Ann Example",
        }
        for is_update in (False, True)
    ],
    "jobs/report_reach": [
        REPORT,
        REPORT | _NOBODY | {"is_closed": True, "is_last": True, "seconds": None, "is_exercise": True},
        REPORT
        | _NOBODY
        | {
            "is_exercise": True,
            "after": "24 hours",
            "people": REPORT["people"] | {"unsigned": 0},
            "response": REPORT["response"] | {"median": None, "ninety": None},
        },
        REPORT | {"response": REPORT["response"] | {"ninety": None}},
        REPORT | {"is_exercise": True},
    ],
    "jobs/call_sheet": [REPORT | {"name": "Bob Sample"}],
    "letters/exercise_announced": [NOTICE | {"starts_at": LATER, "is_exercise": True}],
    "letters/exercise_called_off": [{"id": "A-2026-0007", "starts_at": LATER, "title": ALERT["title"]}],
    "letters/alert_update": [
        NEWS,
        NEWS | {"is_exercise": True, "is_inline": True, "tlp": "AMBER+STRICT", "history": HISTORY[:1]},
    ],
    "letters/alert_closed": [NEWS, NEWS | {"is_exercise": True, "because": ""}],
    "letters/alert_retracted": [NEWS, NEWS | {"is_exercise": True}],
    "letters/alert_withdrawn": [{"alert_id": "A-2026-0007"}],
    "letters/alert_stopped": [
        NEWS | {"stopped": stopped, "gone": 35, "because": because, "was_held": not stopped}
        for stopped, because in ((377, ""), (377, "forged"), (0, "forged"))
    ],
    "letters/alert": [
        NOTICE
        | {"beside": [{"id": "A-2026-0006", "for_tlds": ["be", IDN], "at": AT, "title": ALERT["title"]}]},
        NOTICE | {"beside": [], "is_exercise": True, "is_inline": True, "tlp": "AMBER+STRICT"},
    ],
    "letters/held": [
        _TOKEN
        | {
            "lines": ["UNSUBSCRIBE nl"],
            "list_line": "List: tld-ops@lists.example",
            "is_before_restore": is_old,
        }
        for is_old in (False, True)
    ],
    "letters/held_mailbox": [
        _TOKEN
        | {"lines": ["KEY LOST"], "list_line": "List: tld-ops@lists.example", "is_before_restore": False},
    ],
    "letters/restored_backup": [
        {
            "made_at": AT,
            "at": LATER,
            "held": held,
            "alerts": ["A-2026-0007"] * held,
            "requests": [f"R-{17 + number}" for number in range(held * 12)],
        }
        for held in (0, 1, 2)
    ],
    "letters/loop": [{"word": "0123456789abcdef"}],
    "letters/templates_broken": [
        {"broken": [("letters/alert", "letters/alert.txt.j2, line 3: unexpected end of template")]},
        {"broken": [("letters/alert", "ZeroDivisionError"), ("reply", "reply.txt.j2: 'patrs' is undefined")]},
    ],
    "letters/stuck": [
        {"mails": [4711], "copies": []},
        {"mails": [4711, 4712], "copies": [88]},
        {"mails": [], "copies": list(range(100, 140))},
    ],
    "jobs/alert_waiting": [{"alert_id": "A-2026-0007"}],
    "jobs/roster_waiting": [{}],
    "jobs/mail_too_large": [
        {"subject": "TLD-OPS roster", "is_roster": True},
        {"subject": "SUCCESS: roster please", "is_roster": False},
    ],
    "jobs/alert_too_large": [
        NOTICE | {"beside": [], "number": number, "text": text, "is_cut": bool(number), "tlp": tlp}
        for number, text, tlp in (
            (0, "Name servers changed.\nLook at yours.", "AMBER"),
            (2, "More.", "RED"),
            (0, "", "GREEN"),
        )
    ],
    "jobs/inbox_old": [{"waits": "25 min", "number": 1}, {"waits": "3 h", "number": 12}],
    "jobs/alert_old": [
        {"waits": "7 min", "number": 1, "smarthost": "127.0.0.1:25"},
        {"waits": "7 min", "number": 880, "smarthost": "relay.lists.example:587"},
    ],
    "jobs/outbox_old": [
        {"waits": "2 h", "number": 1, "smarthost": "127.0.0.1:25"},
        {"waits": "2 h", "number": 9, "smarthost": "127.0.0.1:25"},
    ],
    "jobs/job_late": [{"job": "send_roster", "done_at": AT}],
    "jobs/disk_low": [{"host": "a.lists.example", "folder": "/var/lib/tldops-bot", "megabytes": 740}],
    "jobs/key_ends": [
        {"fingerprint": KEY, "ends_at": AT, "days": days, "home": "/etc/tldops-bot/gnupg"}
        for days in (29, 1, 0)
    ],
    "jobs/trouble_over": [
        {"kind": kind, "of": of}
        for kind, of in (
            ("jobs/inbox_old", ""),
            ("jobs/alert_old", ""),
            ("jobs/outbox_old", ""),
            ("jobs/job_late", "send_roster"),
            ("jobs/disk_low", "a.lists.example"),
            ("jobs/key_ends", ""),
        )
    ],
    "jobs/drop_held": [{"alert_id": "A-2026-0007", "days": 30}],
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
        "lines_quoted": True,
        "quoted": True,
        "verdict": verdict,
        "from_elsewhere": False,
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
            "from_elsewhere": True,
        },
        frame | {"status": "FAILED", "parts": [done, failed], "changed_nothing": True},
        frame
        | {"status": "FAILED", "parts": [done, failed], "changed_nothing": True, "quoted": False}
        | {"lines_quoted": False}
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


def speaking(language: str, own: Path | None = None) -> Renderer:
    """What writes in this language, as for a list whose own it is; with words from the operator's folder before ours."""
    folders = [*([own] if own else []), shipped("templates")]
    return Renderer(folders, LIST.model_copy(update={"language": language}))


def main() -> None:
    """Print every text as people get it."""
    options = ArgumentParser(description=main.__doc__)
    options.add_argument("names", nargs="*", help="only those whose names begin so")
    options.add_argument("--language", default="en")
    options.add_argument("--own", type=Path, help="your templates, where you have other words")
    asked = options.parse_args()
    renderer, wanted = speaking(asked.language, asked.own), tuple(asked.names) or ("",)
    for name, values in letters(renderer):
        if name.startswith(wanted):
            mail = renderer.render(name, values)
            print(f"{'=' * 20} {name}\nSubject: {mail.subject}\n\n{mail.body}")
    for name, values in fragments():
        if name.startswith(wanted):
            print(f"{'-' * 20} {name}\n{renderer.fragment(name, values)}\n")


if __name__ == "__main__":
    main()
