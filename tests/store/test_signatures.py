"""A signature is used up once; what is forgotten stays refused by the floor under signature times."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tldops_bot.store import facts, signatures
from tldops_bot.store.database import Database

KEY, DIGEST = "A" * 40, "d" * 64


def test_same_signature_cannot_be_used_up_twice(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert signatures.recall(session, KEY, now, DIGEST).use is None
        signatures.use_up(session, KEY, now, DIGEST, 1, now, "SUCCESS")
        assert signatures.recall(session, KEY, now, DIGEST).use.inbox_id == 1
        assert signatures.recall(session, KEY, now + timedelta(seconds=1), DIGEST).use is None
        assert signatures.recall(session, KEY, now, "e" * 64).use is None
        assert signatures.recall(session, "B" * 40, now, DIGEST).use is None
    with pytest.raises(IntegrityError), database.write() as session:
        signatures.use_up(session, KEY, now, DIGEST, 2, now, "SUCCESS")


def test_forgetting_raises_the_floor(database: Database, now: datetime) -> None:
    with database.write() as session:
        signatures.use_up(session, KEY, now - timedelta(days=9), DIGEST, 1, now, "SUCCESS")
        signatures.use_up(session, KEY, now, DIGEST, 2, now, "SUCCESS")
        signatures.forget_older(session, timedelta(days=4), now)
        assert signatures.recall(session, KEY, now - timedelta(days=9), DIGEST).use is None
        assert signatures.recall(session, KEY, now, DIGEST).use is not None
        assert facts.oldest_signature_at(session) == now - timedelta(days=4)


@pytest.mark.parametrize("ahead", [timedelta(days=60), timedelta(days=3650)])
def test_clock_that_is_ahead_for_a_moment_has_nobody_refused(
    database: Database, now: datetime, ahead: timedelta
) -> None:
    with database.write() as session:
        signatures.forget_older(session, timedelta(days=4), now + ahead)
        assert facts.oldest_signature_at(session) is None
        signatures.use_up(session, KEY, now, DIGEST, 1, now, "SUCCESS")
        signatures.forget_older(session, timedelta(days=4), now + ahead)
        assert facts.oldest_signature_at(session) == now - timedelta(days=4)
        assert signatures.recall(session, KEY, now, DIGEST).use is not None
