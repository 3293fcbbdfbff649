"""Asks the smarthost whether it would accept a mail, up to the recipient, without sending one (RFC 5321)."""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from typing import Final, Literal

from tldops_bot.adapters.smtp_attempt import masked
from tldops_bot.config.settings import SmarthostSettings

SECONDS: Final = 10.0

Stage = Literal["connect", "greeting", "tls", "password", "login", "sender", "recipient", ""]


@dataclass(frozen=True, slots=True)
class Probe:
    """Where it failed ("" if it did not), and the server's code and words, or ours."""

    stage: Stage
    code: int = 0
    text: str = ""


def probe(settings: SmarthostSettings, hostname: str, mail_from: str, rcpt_to: str) -> Probe:
    """Go as far as the recipient; each step may take `SECONDS`."""
    client: smtplib.SMTP | None = None
    try:
        client = _connect(settings, hostname)
        return _talk(client, settings, mail_from, rcpt_to)
    except _Failed as failed:
        return failed.probe
    finally:
        if client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()


class _Failed(Exception):
    def __init__(self, stage: Stage, problem: Exception | None = None, code: int = 0, text: str = "") -> None:
        super().__init__(stage)
        if isinstance(problem, smtplib.SMTPResponseException):
            error = problem.smtp_error
            code = problem.smtp_code
            text = error.decode("utf-8", "replace") if isinstance(error, bytes) else error
        elif isinstance(problem, ssl.SSLCertVerificationError):
            text = problem.verify_message
        elif isinstance(problem, OSError):
            text = problem.strerror or str(problem) or type(problem).__name__
        elif problem is not None:
            text = str(problem) or type(problem).__name__
        self.probe = Probe(stage, code, masked(text))


def _connect(settings: SmarthostSettings, hostname: str) -> smtplib.SMTP:
    where = (settings.host, settings.port)
    try:
        if settings.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(*where, local_hostname=hostname, timeout=SECONDS, context=context)
        return smtplib.SMTP(*where, local_hostname=hostname, timeout=SECONDS)
    except ssl.SSLError as problem:
        raise _Failed("tls", problem) from None
    except smtplib.SMTPException as problem:
        raise _Failed("greeting", problem) from None
    except OSError as problem:
        raise _Failed("connect", problem) from None


def _talk(client: smtplib.SMTP, settings: SmarthostSettings, mail_from: str, rcpt_to: str) -> Probe:
    stage: Stage = "greeting"
    try:
        client.ehlo_or_helo_if_needed()
        if settings.tls == "starttls":
            stage = "tls"
            client.starttls(context=ssl.create_default_context())
            client.ehlo()
        if settings.username is not None:
            stage = "password"
            password = _password(settings)
            stage = "login"
            client.login(settings.username, password)
        stage = "sender"
        _must_be_taken(stage, *client.mail(mail_from))
        stage = "recipient"
        _must_be_taken(stage, *client.rcpt(rcpt_to))
    except (smtplib.SMTPException, OSError, UnicodeError) as problem:
        raise _Failed(stage, problem) from None
    return Probe("")


def _must_be_taken(stage: Stage, code: int, said: bytes) -> None:
    if code // 100 != 2:
        raise _Failed(stage, None, code, said.decode("utf-8", "replace"))


def _password(settings: SmarthostSettings) -> str:
    file = settings.password_file
    return file.read_text("utf-8").strip() if file is not None else ""
