"""The smarthost: reached, secured, logged in to, and willing to take the list's mail."""

from collections.abc import Iterator

from tldops_bot.adapters.smtp_probe import Probe, probe
from tldops_bot.app import App
from tldops_bot.domain.finding import Finding, broken, ok, warning


def smarthost(app: App) -> Iterator[Finding]:
    """It would accept a mail from the list to the operator; none is sent."""
    settings, address = app.config.smarthost, app.config.list.address
    found = probe(settings, app.hostname, address, app.config.operator.email)
    where = f"{settings.host}:{settings.port}"
    if not found.stage:
        yield ok("smarthost", f"{where} takes mail from {address}")
    elif found.code // 100 == 4 and found.stage in ("sender", "recipient"):
        yield warning("smarthost", f"{where} says: {_said(found)}", "try again in some minutes")
    else:
        says, mend = _words(app, found, where)
        yield broken("smarthost", f"{where} {says}", mend)


def _words(app: App, found: Probe, where: str) -> tuple[str, str]:
    settings, address = app.config.smarthost, app.config.list.address
    match found.stage:
        case "connect":
            mend = "start the mail server there, or set [smarthost] host and port to one that takes your mail"
            return f"cannot be reached: {found.text}", mend
        case "greeting":
            mend = f"its log says why (Postfix: mynetworks). Try: swaks --server {where} --quit-after HELO"
            return f"does not want to talk to us: {_said(found)}", mend
        case "tls":
            mend = (
                f"see what it shows: openssl s_client -connect {where}"
                f"{' -starttls smtp' if settings.tls == 'starttls' else ''}"
                f"; [smarthost] host must be the certificate's name, tls one of none, starttls, tls"
            )
            return f"cannot be talked to by {settings.tls}: {found.text}", mend
        case "password":
            return (
                f"needs a password that cannot be read: {found.text}",
                "[smarthost] password_file, first line",
            )
        case "login":
            mend = "[smarthost] username, and the first line of its password_file"
            return f"does not let us in: {_said(found)}", mend
        case "sender":
            return f"refuses mail from {address}: {_said(found)}", f"let it relay for {address}"
    mend = (
        "let it relay for this machine (Postfix: mynetworks), or set [smarthost] username and password_file"
    )
    return f"refuses mail to {app.config.operator.email}: {_said(found)}", mend


def _said(found: Probe) -> str:
    return f"{found.code} {found.text}" if found.code else found.text
