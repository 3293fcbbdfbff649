"""A mail's only command has no savepoint: when it is refused, the transaction is rolled back and made again."""

from dataclasses import replace

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair
from tests.outcomes import outcomes
from tldops_bot.commands._all import command_for
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.domain.request import Request
from tldops_bot.intake import carry_out
from tldops_bot.store import audit, facts


def changes_its_mind(ctx: Context, request: Request) -> Reply | Refused:
    facts.put(ctx.session, "tries", facts.get(ctx.session, "tries") + "1")
    ctx.record("tried")
    return Refused("bad_arguments", {"verb": request.verb, "usage": ()})


@pytest.mark.parametrize("more", ["", "\nHELP"])
def test_what_a_refused_command_changed_is_undone_and_it_is_answered_once(
    desk: Desk, ann: KeyPair, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    desk.member(ann, "nl")
    tries: list[str] = []

    def run(ctx: Context, request: Request) -> Reply | Refused:
        tries.append(request.verb)
        return changes_its_mind(ctx, request)

    def found(verb: str) -> object:
        return replace(command_for(verb), run=run) if verb == "SHOW" else command_for(verb)

    monkeypatch.setattr(carry_out, "command_for", found)
    letters = len(desk.letters)
    assert outcomes(desk.say(ann, f"{LIST_LINE}\nSHOW{more}"))[0] == "bad_arguments"
    assert len(tries) == (1 if more else 2)
    assert len(desk.letters) == letters + 1
    with desk.app.database.read() as session:
        assert facts.get(session, "tries") == ""
        assert [one.action for one in audit.history(session)][-1:] == ["mail"]
        assert "tried" not in {one.action for one in audit.history(session)}
        assert audit.verify(session)[1] is None
