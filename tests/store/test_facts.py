"""Single values: two MAC keys at a time, and a floor under signature times that never sinks."""

from datetime import datetime, timedelta

from tldops_bot.store import facts
from tldops_bot.store.database import Database


def test_value_is_kept_and_replaced(database: Database) -> None:
    with database.write() as session:
        assert facts.get(session, "backup") == ""
        facts.put(session, "backup", "one")
        facts.put(session, "backup", "two")
        assert facts.get(session, "backup") == "two"


def test_newest_mac_key_makes_and_the_one_before_is_still_accepted(database: Database) -> None:
    with database.write() as session:
        assert facts.mac_keys(session) == ()
        for octet in (b"a", b"b", b"c"):
            facts.new_mac_key(session, lambda length, octet=octet: octet * length)
        assert facts.mac_keys(session) == (b"c" * 32, b"b" * 32)


def test_oldest_signature_time_never_goes_back(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert facts.oldest_signature_at(session) is None
        facts.raise_oldest_signature(session, now)
        facts.raise_oldest_signature(session, now - timedelta(days=1))
        assert facts.oldest_signature_at(session) == now
