"""HTTPS servers on loopback with a certificate authority of the tests' own, which answer as they are told.

with https_server("openpgpkey.nic.example") as web: web.answer = b"HTTP/1.1 200 OK…"; web.tls; web.port; web.asked
"""

import datetime as dt
import socketserver
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)
_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_SIGNS_CERTIFICATES = x509.KeyUsage(
    **dict.fromkeys((*_USES, "encipher_only", "decipher_only"), False), key_cert_sign=True, crl_sign=True
)


@dataclass(frozen=True)
class Authority:
    """A certificate authority in memory."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context_for(self, hosts: tuple[str, ...]) -> ssl.SSLContext:
        """What a server of these hosts shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        made = _builder("leaf", "Test CA", key.public_key()).add_extension(names, critical=False)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = made.add_extension(signer, critical=False)  # Python 3.13 believes no certificate without it
        certificate = made.sign(self.key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            file.write(certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(Path(file.name))
        return context


@cache
def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    is_ca = x509.BasicConstraints(ca=True, path_length=0)
    made = _builder("Test CA", "Test CA", key.public_key()).add_extension(is_ca, critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(_SIGNS_CERTIFICATES, critical=True)
    return Authority(key, made.sign(key, hashes.SHA256()))


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


@dataclass
class Web:
    """One server: what it was asked, and what it answers to whatever it is asked."""

    answers: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    drips: bool = False
    port: int = 0

    @property
    def tls(self) -> ssl.SSLContext:
        """Of a client that knows the tests' authority and no other."""
        return ssl.create_default_context(cadata=authority().pem)


def ok(octets: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(octets) + octets


def moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        web: Web = self.server.web  # type: ignore[attr-defined]
        try:
            with self.server.tls.wrap_socket(self.request, server_side=True) as connection:  # type: ignore[attr-defined]
                head = connection.recv(8192)
                web.asked.append(head.decode())
                answer = web.answers[min(len(web.asked), len(web.answers)) - 1]
                if web.drips:
                    for octet in answer:
                        connection.sendall(bytes([octet]))
                        time.sleep(0.05)
                else:
                    connection.sendall(answer)
        except OSError:
            pass  # the client has gone: what the tests look at is on its side


@contextmanager
def https_server(*hosts: str) -> Iterator[Web]:
    """A server with a certificate for these hosts, from the tests' authority."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        web = Web(port=server.server_address[1])
        server.web, server.tls = web, authority().context_for(hosts)  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
