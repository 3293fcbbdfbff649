"""How the operator acts: in one transaction, audited, told to the committee, never counted as its vote.

Verbs that only look take their options from here, too: so the rules of the mail commands are loaded when somebody acts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from tldops_bot.app import App
from tldops_bot.cli._frame import opened, refuse
from tldops_bot.domain.language import ENGLISH
from tldops_bot.domain.outgoing import Recipient
from tldops_bot.domain.plain_text import one_line
from tldops_bot.domain.standing import NOBODY
from tldops_bot.store import audit, people
from tldops_bot.store.database import Session

if TYPE_CHECKING:
    from tldops_bot.commands._command import Context, Refused

ACTOR = "operator"  # in the audit
BY = "the operator"  # in letters and in what is stored

AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Confidential = Annotated[
    bool, typer.Option("--confidential", help="Phones and addresses too; audited, and told to the committee.")
]
Because = Annotated[str, typer.Option(help="Why; needed once there is a committee, which is told.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first; a script is never asked.")]


def must_be_sure(app: App, about: Callable[[Session], str], yes: bool) -> None:
    """Ask whether that is really meant, in words taken from the store; only somebody at a terminal is asked.

    Before any writing transaction: other people's mail must not wait for the answer.
    """
    if yes or not somebody_is_there():
        return
    with app.database.read() as session:
        question = one_line(about(session))
    if not typer.confirm(question, err=True):
        refuse("nothing was changed")


def somebody_is_there() -> bool:
    """Whether somebody at a terminal would see a question and could answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def acting(app: App) -> Iterator[Context]:
    """One writing transaction; the letters posted in it go with it. Refusing inside changes nothing."""
    around = app.surroundings  # gpg does its part before the transaction is open
    with app.database.write() as session:
        ctx = context_of(app, session, around.list_certificate())
        yield ctx
        app.intake.post(session, ctx.letters, ctx.now)


def context_of(app: App, session: Session, list_certificate: bytes = b"") -> Context:
    """What the mail commands' rules are given when nobody in particular speaks."""
    from tldops_bot.commands._command import Actor, Context, MailFacts

    now = app.now()
    return Context(
        session=session,
        now=now,
        config=app.config,
        tlds=app.tlds,
        actor=Actor(NOBODY),
        mail=MailFacts(inbox_id=0, received_at=now),
        random=app.random_octets,
        list_certificate=list_certificate,
    )


def must_say_why(session: Session, because: str) -> None:
    """Once there is a committee, what the operator decides in its place needs a reason."""
    if not because.strip() and people.office_holders(session, "committee"):
        refuse("there is a committee: --because TEXT is needed, and it is told")


def tell(ctx: Context, what: str, about: str, because: str = "", also: tuple[Recipient, ...] = ()) -> None:
    """Tell the committee (and `also`) in letters/operator_told what the operator did.

    `what` is a word the template knows; `about` says of whom or what, without number or address: people
    without a usable key get it in clear.
    """
    from tldops_bot.commands import _letters

    committee = _letters.to_people(people.office_holders(ctx.session, "committee"))
    if to := _letters.each_once(committee, also):
        values = {"what": what, "about": about, "because": because.strip()}
        ctx.post(_letters.notice("letters/operator_told", values, to))


def disclose(app: App, verb: str) -> None:
    """`--confidential`: audited and told to the committee before anything is shown."""
    with acting(app) as ctx:
        audit.record(ctx.session, ctx.now, ACTOR, "looked", verb=verb)
        tell(ctx, "looked", verb)


@contextmanager
def looking(context: typer.Context, verb: str, confidential: bool) -> Iterator[tuple[App, Session]]:
    """The parts, and a reading transaction; if everything is to be seen, the committee is told first."""
    with opened(context) as parts:
        if confidential:
            disclose(parts, verb)
        with parts.database.read() as session:
            yield parts, session


def refuse_as(app: App, refused: Refused) -> NoReturn:
    """Refuse in the words people get by mail: the first paragraph, on one line."""
    text = app.renderer.fragment(f"refusals/{refused.reason}", refused.values, ENGLISH)
    refuse(" ".join(text.partition("\n\n")[0].split()))
