"""The names and types that every verb with --json prints: what programs may rely on. New names may come, none may go."""

from typing import Any, Final

Shape = Any  # a word below, [what stands in a list], {name: shape}, or {"*": …} for names that depend on what there is
TEXT, NUMBER, YES_NO, TIME, DAY, ANYTHING = "text", "number", "yes or no", "time", "day", "anything"
MAYBE: Final = " or null"

SHARE: Final = {"covered": NUMBER, "total": NUMBER, "percent": NUMBER}
COUNTS: Final = {"*": NUMBER}
_OFFICE: Final = [
    {
        "id": NUMBER,
        "name": TEXT,
        "email": TEXT,
        "since_at": TIME,
        "has_key": YES_NO,
        "fingerprint": TEXT + MAYBE,
    }
]
_REQUEST: Final = {
    "id": TEXT,
    "kind": TEXT,
    "state": TEXT,
    "tld": TEXT,
    "name": TEXT,
    "email": TEXT,
    "reasons": [TEXT],
    "asked_at": TIME,
    "expires_at": TIME,
    "decided_at": TIME + MAYBE,
    "decided_by": TEXT,
}
_ALERT: Final = {
    "id": TEXT,
    "state": TEXT,
    "posted_at": TIME,
    "severity": TEXT,
    "tlp": TEXT,
    "is_exercise": YES_NO,
    "for_tlds": [TEXT],
    "person": NUMBER,
}
_STATES: Final = {"seen": NUMBER, "reached": NUMBER, "waiting": NUMBER, "failed": NUMBER}

SHAPES: Final[dict[str, Shape]] = {
    "members list": [
        {
            "id": NUMBER,
            "name": TEXT,
            "organisation": TEXT,
            "email": TEXT,
            "phone": TEXT,
            "tlds": [TEXT],
            "suspended_tlds": [TEXT],
            "offices": [TEXT],
            "fingerprint": TEXT + MAYBE,
            "is_stale": YES_NO,
            "marks": [TEXT],
        }
    ],
    "members show 1": {
        "id": NUMBER,
        "name": TEXT,
        "marks": [TEXT],
        "organisation": TEXT,
        "email": TEXT,
        "emergency_email": TEXT,
        "emergency_email_is_proven": YES_NO,
        "phone": TEXT,
        "mobile": TEXT,
        "fax": TEXT,
        "postal": TEXT,
        "timezone": TEXT,
        "language": TEXT,
        "fingerprint": TEXT + MAYBE,
        "key_expires_at": TIME + MAYBE,
        "key_is_revoked": YES_NO,
        "key_blocked_at": TIME + MAYBE,
        "offices": [TEXT],
        "created_at": TIME,
        "confirmed_at": TIME + MAYBE,
        "seen_at": TIME + MAYBE,
        "stale_at": TIME + MAYBE,
        "mailbox_failed_at": TIME + MAYBE,
        "entries": [
            {"tld": TEXT, "state": TEXT, "since_at": TIME, "vouched_by": TEXT, "probation_until": TIME}
        ],
    },
    "committee list": _OFFICE,
    "secretariat list": _OFFICE,
    "requests list": [_REQUEST],
    "requests list --all": [_REQUEST],
    "requests show 1": _REQUEST
    | {
        "organisation": TEXT,
        "phone": TEXT,
        "mobile": TEXT,
        "asked_by": TEXT,
        "fingerprint": TEXT + MAYBE,
        "key": ANYTHING,
        "proven_at": TIME + MAYBE,
        "vouched_at": TIME + MAYBE,
        "vouched_by": TEXT,
        "declined_because": TEXT,
        "decided_because": TEXT,
        "contacts_of_tld": NUMBER,
        "other_tlds": [TEXT],
        "other_requests": [TEXT],
        "same_name_elsewhere": [TEXT],
        "mails": [ANYTHING],
        "iana": [{"kind": TEXT, "email": TEXT, "since_at": TIME + MAYBE, "came_back": YES_NO}],
        "sent": [ANYTHING],
        "notes": [ANYTHING],
        "votes": [ANYTHING],
    },
    "alerts list": [_ALERT | {"people": NUMBER, "seen": NUMBER}],
    "alerts show A-0001": _ALERT
    | {
        "scope": TEXT,
        "fingerprint": TEXT,
        "signed_at": TIME,
        "received_at": TIME,
        "counts": _STATES | {"unsigned": NUMBER},
        "tld_counts": _STATES | {"called": NUMBER},
        "timeline": [{"at": TIME, "what": TEXT, "by": TEXT + MAYBE}],
        "tlds": [
            {
                "tld": TEXT,
                "state": TEXT,
                "why": TEXT,
                "calls": [{"at": TIME, "by": TEXT, "reached": YES_NO, "words": TEXT}],
            }
        ],
    },
    "inbox list": [
        {
            "id": NUMBER,
            "received_at": TIME,
            "mail_from": TEXT,
            "bytes": NUMBER + MAYBE,
            "state": TEXT,
            "attempts": NUMBER,
            "verdict": TEXT,
            "fingerprint": TEXT + MAYBE,
            "person": NUMBER + MAYBE,
            "outcome": TEXT,
            "done_at": TIME + MAYBE,
        }
    ],
    "outbox list": [
        {
            "id": NUMBER,
            "kind": TEXT,
            "to": TEXT,
            "state": TEXT,
            "attempts": NUMBER,
            "made_at": TIME,
            "next_attempt_at": TIME,
            "status": TEXT,
            "alert": TEXT + MAYBE,
        }
    ],
    "iana show nl": {
        "tld": TEXT,
        "u_label": TEXT,
        "is_assigned": YES_NO,
        "organisation": TEXT,
        "status": TEXT,
        "created_on": DAY + MAYBE,
        "changed_on": DAY + MAYBE,
        "fetched_at": TIME,
        "held_back_at": TIME + MAYBE,
        "contacts": [
            {
                "kind": TEXT,
                "name": TEXT,
                "organisation": TEXT,
                "phone": TEXT,
                "fax": TEXT,
                "email": TEXT,
                "since_at": TIME,
                "until_at": TIME + MAYBE,
            }
        ],
    },
    "keys show": {
        "list": {
            "address": TEXT,
            "fingerprint": TEXT,
            "algorithm": TEXT,
            "created_at": TIME,
            "expires_at": TIME + MAYBE,
        },
        "before": [{"fingerprint": TEXT, "kept_until": TIME}],
        "members": [
            {
                "person": NUMBER,
                "email": TEXT,
                "fingerprint": TEXT,
                "created_at": TIME,
                "expires_at": TIME + MAYBE,
                "is_revoked": YES_NO,
                "is_blocked": YES_NO,
            }
        ],
    },
    "audit log": [
        {
            "id": NUMBER,
            "at": TIME,
            "actor": TEXT,
            "action": TEXT,
            "tld": TEXT,
            "person": NUMBER + MAYBE,
            "inbox": NUMBER + MAYBE,
            "details": {"*": ANYTHING},
            "hash": TEXT,
        }
    ],
    "audit verify": {"entries": NUMBER, "head": TEXT, "tampered": NUMBER + MAYBE},
    "stats": {
        "to_do": [{"what": TEXT, "number": NUMBER, "at": TIME + MAYBE, "is_urgent": YES_NO}],
        "tlds": {"ascii": SHARE, "idn": SHARE, "all": SHARE, "confirmed": SHARE},
        "gtlds": SHARE,
        "organisations": COUNTS,
        "regions": {"*": SHARE},
        "contacts": NUMBER,
        "with_key": NUMBER,
        "without_key": NUMBER,
        "keyless_percent": NUMBER,
        "stale": NUMBER,
        "members": NUMBER,
        "contacts_confirmed": SHARE,
        "confirmed_median_days": NUMBER + MAYBE,
        "offices": COUNTS,
        "requests": COUNTS,
        "inbox": COUNTS,
        "inbox_oldest_at": TIME + MAYBE,
        "outbox": COUNTS,
        "outbox_oldest_at": TIME + MAYBE,
        "alerts": COUNTS,
        "history": [{"day": DAY, "*": NUMBER}],
        "exercises": [
            {
                "id": TEXT,
                "day": DAY,
                "tlds": NUMBER,
                "never": NUMBER,
                "median_seconds": NUMBER + MAYBE,
                "ninety_seconds": NUMBER + MAYBE,
            }
        ],
    },
}
