"""Where mail comes in: whether the port is free or already ours, and the certificate shown there."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from tldops_bot.adapters.port_probe import Place, look_at_port, look_at_socket
from tldops_bot.app import App
from tldops_bot.config.values import host_and_port
from tldops_bot.domain.finding import Finding, broken, ok, warning

SOON: Final = timedelta(days=14)
_QUESTION: Final = b"GET /healthz HTTP/1.0\r\n\r\n"


def listening(app: App) -> Iterator[Finding]:
    """`serve` listens there, or can."""
    settings = app.config.listener
    if settings.socket is not None:
        where, place, key = str(settings.socket), look_at_socket(settings.socket), "[listener] socket"
    else:
        where = f"{settings.host}:{settings.port}"
        place, key = look_at_port(settings.host, settings.port), "[listener] host and port"
    yield _judged("listener", key, where, place)
    if app.config.metrics is not None:
        seen = look_at_port(*host_and_port(app.config.metrics.listen), _QUESTION)
        yield _judged("metrics", "[metrics] listen", app.config.metrics.listen, seen)
    if settings.tls_certificate is not None:
        assert settings.tls_key is not None
        yield _certificate(app, settings.tls_certificate, settings.tls_key)


def _judged(check: str, key: str, where: str, place: Place) -> Finding:
    port = where.rpartition(":")[2]
    match place.who:
        case "us":
            return ok(check, f"this program listens on {where}")
        case "nobody":
            return ok(check, f"{where} is free; `tldops-bot serve` will listen there")
        case "not allowed":
            mend = "let systemd open it: packaging/systemd/tldops-bot.socket; or take a port from 1024 on"
            return broken(check, f"{where}: only root may listen there", mend)
        case "no such address":
            return broken(check, f"{where} is no address of this machine", f"set {key} to one: ip address")
    said = f' ("{place.greeting}")' if place.greeting else ""
    mend = f"set {key} to something else, or stop what is there: ss -ltnp 'sport = :{port}'"
    return broken(check, f"{where} is taken by another program{said}", mend)


def _certificate(app: App, file: Path, key: Path) -> Finding:
    renew = "have it renewed (certbot renew), then restart `tldops-bot serve`"
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(file, key)
        ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as problem:
        says = f"{file} and {key} cannot be used ({type(problem).__name__})"
        return broken("certificate", says, "both in PEM, the key belonging to the certificate")
    left: timedelta = ends - app.now()
    if left <= timedelta():
        return broken("certificate", f"{file} has ended on {ends:%Y-%m-%d}", renew)
    if left < SOON:
        return warning("certificate", f"{file} ends in {left.days} days", renew)
    return ok("certificate", f"until {ends:%Y-%m-%d}")
