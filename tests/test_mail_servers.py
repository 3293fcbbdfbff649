"""Between real mail servers: Postfix in front and behind, OpenDKIM signing and checking, as packaging/mail-servers shows.

What others mail comes from 127.0.0.2, so that Postfix and OpenDKIM tell it from the bot's own. A sink is the world.
"""

import shutil
import smtplib
import socket
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dkim
import pytest
from sqlalchemy import select

from faults.disks import can_mount
from tests.adapters.smtp_talk import make_certificate
from tests.adapters.test_mail_authentication import rsa_key
from tests.dns_server import LoopbackDns
from tests.keys import LIST_ADDRESS, KeyPair, mail, next_number, text_entity
from tests.letterbox import Got
from tests.ports import free_port
from tests.postfix import IS_THERE, running
from tests.service import PATIENCE_SECONDS as PATIENCE
from tests.service import Town, reconfigure, town, wait_until
from tests.sink import ThreadedSink
from tldops_bot.store.tables import Delivery, InboxRow

pytestmark = pytest.mark.skipif(
    not IS_THERE or shutil.which("opendkim", path="/usr/sbin:/usr/bin") is None,
    reason="needs Postfix and OpenDKIM installed, and root to start an instance of them",
)

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "packaging/mail-servers"
# It cannot be installed beside Postfix; `make test` unpacks the program alone.
EXIM = next(
    (one for one in (ROOT / ".venv/exim/usr/sbin/exim4", Path("/usr/sbin/exim4")) if one.exists()), None
)
OUTSIDE = "127.0.0.2"
IANA_CONTACT = "hostmaster@nic.example"

MAIN_CF = """
smtp_bind_address = 127.0.0.1
myhostname = mx.lists.example
default_transport = smtp:[127.0.0.1]:{world}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running Postfix: where it listens, and its folder."""

    home: Path
    port: int

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def take(
        self, raw: bytes, mail_from: str, rcpt_to: str = LIST_ADDRESS, *, helo: str = "mx.nic.example"
    ) -> None:
        """Mail from outside."""
        source = (OUTSIDE, 0)
        with smtplib.SMTP("127.0.0.1", self.port, helo, timeout=PATIENCE, source_address=source) as client:
            client.ehlo()
            options = [] if (mail_from + rcpt_to).isascii() else ["SMTPUTF8"]
            client.sendmail(mail_from, [rcpt_to], raw, options)


@dataclass(frozen=True, slots=True)
class Place:
    """The bot, the mail server at its sides, and the world behind."""

    town: Town
    server: Server

    def write(self, address: str, text: str, rcpt_to: str = LIST_ADDRESS, **headers: str) -> None:
        """A plain mail from outside."""
        self.server.take(plain(address, text, rcpt_to, **headers), address, rcpt_to)

    def say(self, who: KeyPair, text: str) -> None:
        self.server.take(who.pgp_mime_signed(text), who.address)

    def next_to(self, who: KeyPair | str, subject: str = "") -> Got:
        """As the town's, with patience for mail that Postfix has to try again."""
        wait_until(lambda: bool(self.town.unread(who, subject)), PATIENCE)
        return self.town.next_to(who, subject)

    def from_postfix(self, address: str, words: bytes) -> bytes:
        """A mail that reached the world through Postfix alone, with these words in it."""

        def number() -> int | None:
            mails = enumerate(self.town.sink.mails)
            return next((at for at, one in mails if one.rcpt == address and words in one.octets), None)

        wait_until(lambda: number() is not None, PATIENCE)
        found = number()
        assert found is not None
        self.town.read.add(found)
        return self.town.sink.mails[found].octets

    def carried_out(self, words: bytes) -> InboxRow:
        """The mail that holds these words, once it was carried out."""

        def row() -> InboxRow | None:
            with self.town.desk.look() as session:
                rows = session.scalars(select(InboxRow).where(InboxRow.state == "done")).all()
                session.expunge_all()
                return next((one for one in rows if words in one.raw), None)

        wait_until(lambda: row() is not None, PATIENCE)
        found = row()
        assert found is not None
        return found


def plain(address: str, text: str, rcpt_to: str = LIST_ADDRESS, **headers: str) -> bytes:
    top = {"From": address, "To": rcpt_to, "Subject": "hello"}
    top |= {"Message-ID": f"<{next_number()}@client.example>"}
    return mail(top | {name.replace("_", "-"): value for name, value in headers.items()}, text_entity(text))


def shipped(name: str, changes: dict[str, str]) -> str:
    """A file as the documentation shows it, with these places of this machine in it."""
    text = (SHIPPED / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} says nothing of {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def opendkim(home: Path) -> Iterator[int]:
    """OpenDKIM with a key for the list and one of nic.example to check; the port it listens on."""
    port = free_port()
    home.mkdir()
    (home / "s1.private").write_bytes(rsa_key(2048)[0])
    (home / "s1.private").chmod(0o600)
    (home / "dns").write_text(f"s1._domainkey.nic.example {rsa_key(2048)[1]}\n")
    changes = {"8891": str(port), "/etc/dkimkeys": str(home), "/run/opendkim": str(home)}
    changes |= {"Syslog                yes": f"Syslog no\nRequireSafeKeys no\nTestDNSData file:{home}/dns"}
    changes |= {"UserID                opendkim": "UserID root"}
    (home / "opendkim.conf").write_text(shipped("opendkim.conf", changes))
    command = ["/usr/sbin/opendkim", "-f", "-x", str(home / "opendkim.conf")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: running.poll() is not None or listens(port), PATIENCE)
        assert running.poll() is None, running.communicate()[0]
        yield port
    finally:
        running.kill()  # asked politely, it takes five seconds
        running.communicate(timeout=PATIENCE)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def postfix(home: Path, port: int, into: str, milter: int, world: int, more: str = "") -> Iterator[Server]:
    """An instance of its own that delivers mail for the list to `into`."""
    (home / "etc").mkdir(parents=True)
    shutil.copyfile(SHIPPED / "postfix-header-checks", home / "etc/checks")
    changes = {"lmtp:inet:127.0.0.1:8025": into, "8891": str(milter)}
    changes |= {"/etc/postfix/tldops-header-checks": f"{home}/etc/checks"}
    main_cf = MAIN_CF.format(world=world) + shipped("postfix-main.cf", changes) + more
    with running(home, port, main_cf):
        yield Server(home, port)


@contextmanager
def bot(place: Town, server_port: int, listener: dict[str, object]) -> Iterator[None]:
    """The service between: mail in as `listener` says, mail out to Postfix."""
    tables = tomllib.loads((SHIPPED / "tldops-bot.toml").read_text())
    wanted = tables["listener"] | {"port": 0} | listener
    lines = [f"{key} = {wanted[key]!r}" for key in ("port", *sorted(set(wanted) - {"port"}))]
    reconfigure(place, "listener", "\n".join(lines))
    reconfigure(place, "smarthost", f"port = {server_port}")
    with place.serving():
        yield


def open_folder() -> Path:
    """A folder that every user of the machine may look into; its name is short, since sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="ms", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@contextmanager
def between(into: str, listener: dict[str, object], people: list[KeyPair], more: str = "") -> Iterator[Place]:
    """Bot, Postfix and OpenDKIM together; nic.example asks that forgeries of its mail be refused (DMARC)."""
    home = open_folder()
    zone = {("_dmarc.nic.example", "TXT"): ["v=DMARC1; p=reject; adkim=s"]}
    with ExitStack() as all_of_it:
        all_of_it.callback(shutil.rmtree, home, ignore_errors=True)
        dns = all_of_it.enter_context(LoopbackDns(zone))
        place = all_of_it.enter_context(town())
        reconfigure(place, "dns", f'resolver = "127.0.0.1:{dns.port}"')
        for number, who in enumerate(people):
            place.desk.member(who, ("nl", "be")[number])
        place.desk.iana("aa", IANA_CONTACT)
        place.roster_is_sent()
        milter = all_of_it.enter_context(opendkim(home / "dkim"))
        port, world = free_port(), place.sink.port
        # Postfix goes first in the end: it keeps connections open, and the bot would wait for those.
        all_of_it.enter_context(bot(place, port, listener))
        server = all_of_it.enter_context(postfix(home / "postfix", port, into, milter, world, more))
        yield Place(place, server)


@pytest.fixture(scope="module")
def place(ann: KeyPair, bob: KeyPair) -> Iterator[Place]:
    port = free_port()
    with between(f"lmtp:inet:127.0.0.1:{port}", {"port": port}, [ann, bob]) as one:
        yield one


@pytest.fixture(autouse=True)
def _the_world_behaves(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "place" in request.fixturenames:
        request.getfixturevalue("place").town.sink.behave()


def test_a_question_comes_in_and_the_answer_goes_out_sealed_and_signed_by_the_domain(
    place: Place, ann: KeyPair
) -> None:
    place.say(ann, "QUERY be")
    got = place.next_to(ann, "SUCCESS")
    assert got.was_encrypted
    assert got.signed_by == place.town.list_key.fingerprint
    assert "Bob Example" in got.text
    record = rsa_key(2048)[1].encode()
    asked: list[bytes] = []

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(got.octets, dnsfunc=lookup)
    assert asked == [b"s1._domainkey.lists.example."]


def test_a_mailbox_that_refuses_comes_back_to_the_address_made_for_that_copy(
    place: Place, bob: KeyPair
) -> None:
    place.town.sink.answer("RCPT", "550 5.1.1 No such user", match=bob.address)
    place.say(bob, "SHOW")

    def came_back() -> tuple[str, str] | None:
        with place.town.desk.look() as session:
            one = session.scalar(select(Delivery).where(Delivery.rcpt_to == bob.address))
            return (one.state, one.bounce_status) if one is not None and one.bounced_at else None

    # It may be back before we have written down that Postfix took it.
    wait_until(lambda: (came_back() or ("sending",))[0] != "sending", PATIENCE)
    assert came_back() == ("taken", "5.1.1")
    assert place.carried_out(b"Undelivered Mail Returned to Sender")


def test_a_forged_bounce_counts_for_nothing(place: Place, ann: KeyPair) -> None:
    place.say(ann, "SHOW")
    got = place.next_to(ann, "SUCCESS")
    (genuine,) = [one.mail_from for one in place.town.sink.mails if one.octets == got.octets]
    number, _, proof = genuine.partition("@")[0].removeprefix("tld-ops+b.").partition(".")
    forged = f"tld-ops+b.{number}.{proof[::-1]}@lists.example"
    report = plain(
        "mailer-daemon@nic.example", "5.1.1", forged, Subject="forged bounce", Auto_Submitted="auto-replied"
    )
    place.server.take(report, "", forged)
    place.carried_out(b"forged bounce")
    with place.town.desk.look() as session:
        delivery = session.get(Delivery, int(number))
        assert delivery is not None
        assert delivery.bounced_at is None


def test_a_server_that_greylists_gets_the_answer_at_the_next_try(place: Place, ann: KeyPair) -> None:
    place.town.sink.answer("RCPT", "450 4.2.0 Greylisted, see you in a while", match=ann.address, times=2)
    place.say(ann, "QUERY STATS")
    assert place.next_to(ann, "SUCCESS")
    assert place.server.log().count("Greylisted") >= 1


def test_a_vacation_responder_is_not_answered(place: Place, ann: KeyPair) -> None:
    before = len(place.town.all_to(ann))
    away = {"Auto_Submitted": "auto-replied (vacation)", "Subject": "Away until Monday"}
    place.write(ann.address, "I am away.\n\nHELP\n", **away)
    assert place.carried_out(b"Away until Monday")
    place.town.quiet(0.3)
    assert len(place.town.all_to(ann)) == before


def test_a_report_of_success_is_asked_of_postfix_and_the_bot_takes_mail_that_asks_for_one(
    place: Place, ann: KeyPair
) -> None:
    """RFC 3461: NOTIFY=SUCCESS ends at LMTP; Postfix says that it handed the mail on."""
    with smtplib.SMTP(
        "127.0.0.1", place.server.port, timeout=PATIENCE, source_address=(OUTSIDE, 0)
    ) as client:
        raw = ann.pgp_mime_signed("QUERY MISSING")
        options = ["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{LIST_ADDRESS}"]
        client.sendmail(ann.address, [LIST_ADDRESS], raw, ["RET=HDRS", "ENVID=QQ314159"], options)
    assert b"Action: relayed" in place.from_postfix(ann.address, b"Successful Mail Delivery Report")
    assert place.next_to(ann, "SUCCESS")


def test_what_is_too_large_is_refused_at_the_door(place: Place, ann: KeyPair) -> None:
    large = plain(ann.address, ("x" * 70 + "\n") * 160_000)
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        place.server.take(large, ann.address)
    assert refused.value.smtp_code == 552


def test_an_address_beside_the_list_is_refused_at_the_door_and_people_behind_the_domain_are_reached(
    place: Place, ann: KeyPair
) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        place.write(ann.address, "HELP", "nobody@lists.example")
    with pytest.raises(smtplib.SMTPRecipientsRefused):  # and nothing is relayed for strangers
        place.write(ann.address, "HELP", "bob@elsewhere.example")
    place.write("carol@elsewhere.example", "The list is down", "postmaster@lists.example")
    assert place.from_postfix("ann@nic.example", b"The list is down")


def test_a_domain_in_another_script_is_answered(place: Place) -> None:
    """RFC 6531 on the way in; on the way out the domain is written in A-labels, which every server takes."""
    place.write("dorte@sämple.example", "HELP")
    assert "SUBSCRIBE" in place.next_to("dorte@xn--smple-gra.example").text


def test_a_mailbox_in_another_script_is_taken_and_breaks_nothing(place: Place) -> None:
    place.write("dörte@nic.example", "HELP", Subject="nobody to answer")
    assert place.carried_out(b"nobody to answer").state == "done"


FORGED = "mx.lists.example; dkim=pass header.d=nic.example; dmarc=pass header.from=nic.example"


@pytest.mark.parametrize(
    "field",
    [
        f"Authentication-Results: {FORGED}",
        f"authentication-results : {FORGED}",
        f"Authentication-Results:\r\n (a word) {FORGED}",
        f"AUTHENTICATION-RESULTS:\r\n\t{FORGED}",
    ],
)
def test_what_a_forger_says_our_server_found_is_removed_and_the_forgery_refused(
    place: Place, field: str
) -> None:
    subject = f"forged {next_number()}"
    raw = f"{field}\r\n".encode() + plain(IANA_CONTACT, "PENDING", Subject=subject)
    place.server.take(raw, "somebody@elsewhere.example")
    row = place.carried_out(subject.encode())
    fields = [one for one in row.raw.split(b"\r\n") if one.lower().startswith(b"authentication-results")]
    assert [one.partition(b":")[2].split(b";")[0].strip() for one in fields] == [b"mx.lists.example"]
    assert b"dkim=pass" not in row.raw


def test_what_opendkim_found_is_believed(place: Place) -> None:
    raw = plain(
        IANA_CONTACT,
        "SUBSCRIBE aa\nName: Dora Example\nEmail: dora.sample@nic.example\nPhone: +44 20 7946 0123\n",
        Subject="signed",
    )
    raw = dkim.sign(raw, b"s1", b"nic.example", rsa_key(2048)[0]) + raw
    place.server.take(raw, "bounces@elsewhere.example")
    place.carried_out(b"Subject: signed")
    got = place.next_to(IANA_CONTACT, "signed")
    assert not got.subject.startswith("FAILED"), got.text


@pytest.mark.parametrize("way", ["unix", "mx"])
def test_the_other_ways_in(way: str, ann: KeyPair, bob: KeyPair, tmp_path: Path) -> None:
    """LMTP through a Unix socket; and SMTP with STARTTLS, as servers talk to a bot that is its own MX."""
    port, folder = free_port(), open_folder()
    certificate, key = make_certificate(tmp_path)
    into, listener, more = {
        "unix": (f"lmtp:unix:{folder}/s", {"socket": f"{folder}/s"}, ""),
        "mx": (
            f"smtp:[127.0.0.1]:{port}",
            {"protocol": "smtp", "port": port, "tls_certificate": str(certificate), "tls_key": str(key)},
            f"\nsmtp_tls_policy_maps = inline:{{ {{[127.0.0.1]:{port}=encrypt}} }}\n",
        ),
    }[way]
    try:
        with between(into, listener, [ann, bob], more) as one:
            if way == "unix":
                shutil.chown(folder / "s", group="postfix")
            one.say(ann, "QUERY be")
            assert "Bob Example" in one.next_to(ann, "SUCCESS").text
    finally:
        shutil.rmtree(folder)


def test_the_documentation_shows_these_files() -> None:
    page = (ROOT / "docs/mail-servers.md").read_text()
    missing = [file.name for file in SHIPPED.iterdir() if file.read_text().strip() not in page]
    assert missing == []


EXIM_CF = """
spool_directory = {home}/spool
log_file_path = {home}/log/%s
exim_path = {exim}
primary_hostname = mx.lists.example
host_lookup =
keep_environment =
"""
# Exim runs as a user that only its package makes; here it is there for nobody else. $0: its folder.
EXIM_SCRIPT = """
set -eu
cp /etc/passwd /etc/group "$0"
echo "Debian-exim:x:790:790::/nonexistent:/usr/sbin/nologin" >> "$0/passwd"
echo "Debian-exim:x:790:" >> "$0/group"
mount --bind "$0/passwd" /etc/passwd
mount --bind "$0/group" /etc/group
chown 790:790 "$0/spool" "$0/log"
exec "$@"
"""
EXIM_DIALOGUE = (
    "EHLO mx.nic.example\r\nMAIL FROM:<ann@nic.example>\r\n"
    "RCPT TO:<nobody@lists.example>\r\nRCPT TO:<bob@elsewhere.example>\r\nRCPT TO:<tld-ops+b.1.x@lists.example>\r\n"
    f"DATA\r\nAuthentication-Results: {FORGED}\r\nauthentication-results : {FORGED}\r\n"
    "From: ann@nic.example\r\nSubject: hello\r\n\r\nHELP\r\n.\r\nQUIT\r\n"
)


@pytest.mark.skipif(EXIM is None or not can_mount(), reason="needs Exim, and leave to mount")
def test_exim_hands_the_list_its_mail_by_lmtp_and_takes_none_for_others(tmp_path: Path) -> None:
    home = tmp_path / "exim"
    for name in ("spool", "log"):
        (home / name).mkdir(parents=True)
    for folder in (home, *home.parents):
        if folder.is_relative_to("/tmp"):
            folder.chmod(0o755)
    with ThreadedSink(extensions=("PIPELINING", "8BITMIME")) as sink:
        config = EXIM_CF.format(home=home, exim=EXIM) + shipped("exim4.conf", {"8025": str(sink.port)})
        (home / "conf").write_text(config)
        (home / "conf").chmod(0o644)
        (home / "spool").chmod(0o750)
        command = ["unshare", "--mount", "bash", "-c", EXIM_SCRIPT, home, EXIM]
        command += ["-C", home / "conf", "-bs", "-oMa", "192.0.2.25", "-odi"]
        done = subprocess.run(
            command, input=EXIM_DIALOGUE.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
        answers = done.stdout.decode().splitlines()
        assert [one[:3] for one in answers if "ccepted" in one or "no such mailbox" in one] == [
            "550",
            "550",
            "250",
        ]
        wait_until(lambda: bool(sink.mails), PATIENCE)
    (taken,) = sink.mails
    assert taken.rcpt == "tld-ops+b.1.x@lists.example"
    assert taken.octets.count(b"uthentication-") == 1
    assert taken.octets.startswith(b"Authentication-Results: mx.lists.example")
    assert b"dkim=pass" not in taken.octets
