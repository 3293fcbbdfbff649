"""Tells the demo as it happens: what somebody sends, what comes back, and whether it came out as told."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from tldops_bot.cli._demo_letters import Album, Read, subject_of
from tldops_bot.cli._demo_people import Someone
from tldops_bot.cli._demo_town import Delivered, DemoFailed, Town
from tldops_bot.domain.plain_text import one_line

LIST_ADDRESS = "tld-ops@lists.example"


def must(holds: bool, what: str) -> None:
    """The story is also a test. Raises DemoFailed."""
    if not holds:
        raise DemoFailed(what)


@dataclass
class Stage:
    """Everybody and everything on it. `list_key` is the list's full fingerprint."""

    town: Town
    album: Album
    console: Console
    list_key: str = ""
    _step: int = 0
    _seen: set[int] = field(default_factory=set)

    # --- telling

    def step(self, sentence: str) -> None:
        """The next step of the story, in one sentence."""
        self._step += 1
        self.console.print()
        self.console.print(Text(f"{self._step}. {sentence}", style="bold"), soft_wrap=True)

    def aside(self, sentence: str) -> None:
        """Something looked at in passing."""
        self.console.print(Text(f"   = {sentence}", style="green"), soft_wrap=True)

    def lines(self, text: str, mark: str, style: str = "") -> None:
        """Lines of a mail."""
        for line in text.splitlines():
            self.console.print(Text(f"   {mark} {one_line(line)}", style=style), soft_wrap=True)

    # --- sending

    def signed(
        self,
        who: Someone,
        text: str,
        subject: str,
        to: str = LIST_ADDRESS,
        author: str = "",
        with_key: bool = False,
    ) -> bytes:
        """Send a mail with this person's signature to the list; returns its octets."""
        octets = who.signed_mail(to, subject, text, author, with_key)
        key = ", key attached" if with_key else ""
        self.sent(who, octets, text, to, f"signed by {who.short}'s key{key}", author)
        return octets

    def plain(self, who: Someone, text: str, subject: str, to: str = LIST_ADDRESS, author: str = "") -> bytes:
        """Send an unsigned mail to the list; returns its octets."""
        octets = who.plain_mail(to, subject, text, author)
        self.sent(who, octets, text, to, "not signed", author)
        return octets

    def sent(self, who: Someone, octets: bytes, text: str, to: str, how: str, author: str = "") -> None:
        """Hand a mail to the list's listener and show it."""
        file = self.album.keep(octets, f"{who.short}-to-list")
        claimed = f", From: {author}" if author else ""
        self.console.print(
            Text(f"   {who.short} to the list ({how}{claimed})  {file.name}", style="cyan"), soft_wrap=True
        )
        self.lines(text, ">")
        self.town.hand_in(octets, who.address, to)

    def answer(self, who: Someone, question: Read) -> None:
        """Return the CONFIRM line of a question: signed by those who have a key, plain by the others."""
        send = self.signed if who.fingerprint else self.plain
        send(who, question.token(), f"Re: {question.subject}", to=question.reply_to)

    # --- receiving

    def receives(
        self, who: Someone, subject: str, shown: str = "", most: int = 7, is_open: bool = False
    ) -> Read:
        """The next mail to somebody whose subject holds these words, opened by them; `most` lines from `shown` on.

        Members' mail must be encrypted to them and signed by the list; `is_open` where no key is involved.
        """
        mail = self.town.smarthost.wait_for(
            lambda one: self._is_new(one, who) and subject in subject_of(one.octets)
        )
        if mail is None:
            others = [self.album.read(one.octets, who).subject for one in self._unseen(who)]
            raise DemoFailed(f"no mail {subject!r} to {who.short} came; unread are {others}")
        self._seen.add(mail.number)
        read = self.album.read(mail.octets, who)
        must(
            read.was_encrypted != is_open,
            f"{read.file.name}: encrypted where it should not be, or the reverse",
        )
        must(
            read.signed_by == self.list_key or not who.fingerprint,
            f"{read.file.name}: not signed by the list",
        )
        self._show(who, read, _excerpt(read.text, shown, most))
        return read

    def has_nothing(self, who: Someone, subject: str) -> None:
        """No such mail came, after everything was carried out."""
        self.town.settle()
        found = [one for one in self._unseen(who) if subject in subject_of(one.octets)]
        must(not found, f"{who.short} got a mail {subject!r}")

    def _unseen(self, who: Someone) -> list[Delivered]:
        return [one for one in self.town.smarthost.mails() if self._is_new(one, who)]

    def _is_new(self, mail: Delivered, who: Someone) -> bool:
        return mail.number not in self._seen and mail.rcpt_to == who.address

    def _show(self, who: Someone, read: Read, excerpt: str) -> None:
        how = "decrypted by " + who.short + "'s gpg" if read.was_encrypted else "not encrypted"
        if read.signed_by:
            how += ", the list's signature is good"
        self.console.print(
            Text(f"   the list to {who.short} ({how})  {read.file.name}", style="magenta"), soft_wrap=True
        )
        self.lines(f"Subject: {read.subject}", "|")
        self.lines(excerpt, "|")


def _excerpt(text: str, start: str, most: int) -> str:
    """The lines that say something, from the one with `start` in it on, without the footer."""
    lines = [line for line in text.partition("\n--\n")[0].splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if start in line), None)
    if first is None:
        raise DemoFailed(f"a mail does not say {start!r}")
    return "\n".join(lines[first : first + most])
