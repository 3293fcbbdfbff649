"""A slip in one of the operator's templates stops no mail: ours stands in, and they are told once."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import outcome
from tests.template_values import LIST
from tldops_bot.mail.fallback_render import FallbackRenderer
from tldops_bot.mail.render import TemplateProblem
from tldops_bot.store.tables import Message

SLIPS = {
    "does not parse": b"Subject: {{ subject \n\nx\n",
    "wants a value that there is not": b"Subject: x\n\n{{ nothing_of_that_name }}\n",
    "divides by nothing": b"Subject: x\n\n{{ 1 / 0 }}\n",
    "calls what can't be called": b"Subject: x\n\n{{ subject() }}\n",
    "has no subject": b"x\n",
    "is no UTF-8": b"Subject: \xff\n\nx\n",
    "goes round in circles": b'{% include "reply.txt.j2" %}',
    "needs another that is gone": b'{% extends "_none.txt.j2" %}',
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_broken_template_of_the_operators_stops_no_mail(
    own: Path, ann: KeyPair, slip: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with open_desk(f'[templates]\ndirectory = "{own}"') as desk:
        renderer = desk.app.renderer
        assert isinstance(renderer, FallbackRenderer)
        desk.member(ann, "nl")
        (own / "reply.txt.j2").write_bytes(slip)
        renderer.load_all()
        assert outcome(desk.say(ann, "QUERY nl")) == "contacts"
        assert outcome(desk.say(ann, "# again\nQUERY nl")) == "contacts"
        assert caplog.text.count("reply is broken") == 1
        assert list(renderer.broken) == ["reply"]
        assert told(desk) == 1
        assert told(desk) == 1
        (own / "reply.txt.j2").write_text("Subject: mended\n\nmended\n")
        desk.say(ann, "# mended\nQUERY nl")
        assert not renderer.broken
        assert told(desk) == 1
        (own / "reply.txt.j2").write_bytes(slip)
        desk.say(ann, "# broken again\nQUERY nl")
        assert told(desk) == 2


def test_where_ours_cannot_be_filled_either_it_is_told(own: Path) -> None:
    with open_desk(f'[templates]\ndirectory = "{own}"') as desk, pytest.raises(TemplateProblem):
        desk.app.renderer.fragment("refusals/no_such_reason", {})


def test_who_has_no_templates_of_their_own_is_told_nothing(desk: Desk) -> None:
    assert desk.app.template_news(lambda: None) is None


def told(desk: Desk) -> int:
    """How many notices there are for the operator, after looking once more."""
    news = desk.app.template_news(lambda: None)
    assert news is not None
    news.run()
    with desk.look() as session:
        return len(session.scalars(select(Message).where(Message.kind == "notice")).all())


def test_what_is_broken_in_one_language_is_not_mended_in_another(own: Path) -> None:
    ours = own.parent / "ours"
    for file in (ours / "a.txt.j2", ours / "fr" / "a.txt.j2", own / "fr" / "a.txt.j2"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("Subject: ours\n\nx\n")
    (own / "fr" / "a.txt.j2").write_text("Subject: {{ nobody }}\n\nx\n")
    renderer = FallbackRenderer(own, ours, LIST, ("en", "fr"))
    renderer.load_all()
    assert renderer.render("a", {}, "fr").subject == "ours"
    assert renderer.render("a", {}, "en").subject == "ours"
    assert set(renderer.broken) == {"fr/a"}
