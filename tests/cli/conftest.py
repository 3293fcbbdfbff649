"""The command line on a directory in which `init` was run; a desk looks at what it did."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from tests.cli.filled import fill
from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tldops_bot.cli.commands import app
from tldops_bot.store.tables import AuditEntry, Delivery, Message


@dataclass
class Cli:
    """`cli("members", "list")` runs a verb and expects its exit code; `cli.json` reads what it printed."""

    desk: Desk
    folder: Path

    def __call__(self, *words: str, code: int = 0, given: bytes = b"") -> Result:
        result = CliRunner().invoke(app, ["--config", str(self.desk.app.config.file), *words], input=given)
        assert result.exit_code == code, result.output + repr(result.exception)
        assert "Traceback" not in result.output
        return result

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def refused(self, *words: str) -> str:
        """The one line on stderr of a verb that ends with status 1."""
        result = self(*words, code=1)
        assert result.stderr.startswith("tldops-bot: ")
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("tldops-bot: ").rstrip()

    def key_file(self, who: KeyPair) -> str:
        file = self.folder / f"{who.fingerprint}.asc"
        file.write_bytes(who.armored)
        return str(file)

    def actions(self) -> list[str]:
        """What was audited, oldest first."""
        with self.desk.look() as session:
            return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))

    def mails(self, kind: str = "notice") -> list[tuple[str, set[str], str]]:
        """Subject, recipients and text of what waits in the outbox, oldest first."""
        with self.desk.look() as session:
            query = select(Message).where(Message.kind == kind).order_by(Message.id)
            return [
                (
                    one.subject,
                    set(session.scalars(select(Delivery.rcpt_to).where(Delivery.message_id == one.id))),
                    (one.entity or b"").decode(),
                )
                for one in session.scalars(query)
            ]

    def audit_text(self) -> str:
        with self.desk.look() as session:
            return "\n".join(f"{one.actor} {one.details}" for one in session.scalars(select(AuditEntry)))


@pytest.fixture
def cli(desk: Desk, tmp_path: Path) -> Cli:
    return Cli(desk, tmp_path)


@pytest.fixture
def committee(cli: Cli, carol: KeyPair) -> KeyPair:
    """Carol, the first of the committee; what she was told of it is done with."""
    cli("committee", "add", "--key", cli.key_file(carol), carol.name, carol.address)
    return carol


@pytest.fixture(scope="session")
def house() -> Iterator[Desk]:
    """A house in which something of everything has happened; to be looked at only."""
    with open_desk() as desk:
        fill(desk)
        yield desk
