"""The schema, table by table. migrations/ builds exactly this; a test compares the two."""

from tldops_bot.store.columns import Base
from tldops_bot.store.tables.alerts import Alert, AlertRecipient
from tldops_bot.store.tables.iana import IanaContact, IanaTld
from tldops_bot.store.tables.mail import Delivery, InboxRow, Message, StrangerAnswer, UsedSignature
from tldops_bot.store.tables.people import CertificateKey, CertificateRow, Entry, Office, Person
from tldops_bot.store.tables.records import AuditEntry, Fact, JobRun, Lookup, RosterSend
from tldops_bot.store.tables.requests import Request, Token, TokenRequest, Vote

__all__ = [
    "Alert",
    "AlertRecipient",
    "AuditEntry",
    "Base",
    "CertificateKey",
    "CertificateRow",
    "Delivery",
    "Entry",
    "Fact",
    "IanaContact",
    "IanaTld",
    "InboxRow",
    "JobRun",
    "Lookup",
    "Message",
    "Office",
    "Person",
    "Request",
    "RosterSend",
    "StrangerAnswer",
    "Token",
    "TokenRequest",
    "UsedSignature",
    "Vote",
]
