"""The schema, table by table. migrations/ builds exactly this; a test compares the two."""

from tldops_bot.store.columns import Base
from tldops_bot.store.tables.alerts import Alert, AlertCall, AlertNews, AlertRecipient
from tldops_bot.store.tables.iana import IanaContact, IanaHeld, IanaTld
from tldops_bot.store.tables.mail import (
    CopiesToCome,
    Delivery,
    InboxRow,
    Message,
    StrangerAnswer,
    UsedSignature,
)
from tldops_bot.store.tables.outreach import Invitation, Note
from tldops_bot.store.tables.people import (
    CertificateKey,
    CertificateRow,
    Entry,
    Mailbox,
    Office,
    Organisation,
    Person,
)
from tldops_bot.store.tables.records import (
    AuditEntry,
    DailyFigures,
    Fact,
    JobRun,
    Lookup,
    PrintedRoster,
    RosterSend,
)
from tldops_bot.store.tables.requests import Request, Token, TokenRequest, Vote
from tldops_bot.store.tables.wakes import WakeChannel, WakeSend

__all__ = [
    "Alert",
    "AlertCall",
    "AlertNews",
    "AlertRecipient",
    "AuditEntry",
    "Base",
    "CertificateKey",
    "CertificateRow",
    "CopiesToCome",
    "DailyFigures",
    "Delivery",
    "Entry",
    "Fact",
    "IanaContact",
    "IanaHeld",
    "IanaTld",
    "InboxRow",
    "Invitation",
    "JobRun",
    "Lookup",
    "Mailbox",
    "Message",
    "Note",
    "Office",
    "Organisation",
    "Person",
    "PrintedRoster",
    "Request",
    "RosterSend",
    "StrangerAnswer",
    "Token",
    "TokenRequest",
    "UsedSignature",
    "Vote",
    "WakeChannel",
    "WakeSend",
]
