"""Which certificates are parsed ahead: those mail may be encrypted to, page by page."""

from tests.made_up import NOW, make_people
from tldops_bot.store import recipients
from tldops_bot.store.database import Database
from tldops_bot.store.tables import CertificateRow


def test_pages_follow_one_another_without_gap_or_repetition(database: Database) -> None:
    blobs = [b"one", b"two", b"three", b"four", b"five"]
    with database.write() as session:
        make_people(session, ("nl",), 5, certificates=blobs)
        first = recipients.certificates(session, 0, 3)
        second = recipients.certificates(session, first[-1][0], 3)
    assert [blob for _, blob in first + second] == blobs


def test_revoked_keys_and_those_of_blocked_persons_are_left_out(database: Database) -> None:
    with database.write() as session:
        people = make_people(session, ("nl",), 3, certificates=[b"revoked", b"blocked", b"good"])
        session.get_one(CertificateRow, people[0].fingerprint).is_revoked = True
        people[1].key_blocked_at = NOW
        session.flush()
        assert [blob for _, blob in recipients.certificates(session, 0, 10)] == [b"good"]
