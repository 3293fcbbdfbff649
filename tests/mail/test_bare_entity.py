"""A signed entity travels on as it came only while nobody has written anything around it."""

import pytest

from tldops_bot.mail.bare_entity import bare_entity
from tldops_bot.mail.mime_slices import slice_entity

SIGNED = b"Content-Type: text/plain\r\n\r\nALERT\r\n\r\nPhishing\r\n"
TYPE = (
    b"Content-Type: multipart/signed; micalg=pgp-sha512;\r\n"
    b' protocol="application/pgp-signature"; boundary="=_eVzCbWAp_4="'
)
BODY = (
    b"--=_eVzCbWAp_4=\r\n" + SIGNED + b"\r\n--=_eVzCbWAp_4=\r\n"
    b"Content-Type: application/pgp-signature; name=OpenPGP_signature.asc\r\n"
    b"Content-Description: OpenPGP digital signature\r\n\r\n"
    b"-----BEGIN PGP SIGNATURE-----\r\nVersion: GnuPG v2\r\n\r\n"
    b"iHUEABYKAB0WIQR+\r\n=Ab9/\r\n-----END PGP SIGNATURE-----\r\n"
    b"\r\n--=_eVzCbWAp_4=--\r\n"
)
THUNDERBIRD = b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n"


@pytest.mark.parametrize("before", [b"", THUNDERBIRD])
@pytest.mark.parametrize("head", [b"", b"Received: from home.example\r\nSubject: call evil.example\r\n"])
def test_it_is_kept_octet_for_octet_without_the_head_of_the_mail(head: bytes, before: bytes) -> None:
    mail = head + TYPE + b"\r\nMIME-Version: 1.0\r\n\r\n" + before + BODY
    assert bare_entity(slice_entity(mail)) == TYPE + b"\r\n\r\n" + before + BODY


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (b"\r\n\r\n--=_eVz", b"\r\n\r\nRETRACTED\r\n--=_eVz"),
        (b"_4=--\r\n", b"_4=--\r\nRETRACTED"),
        (b"Description: OpenPGP", b"Description: RETRACTED OpenPGP"),
        (b"Version: GnuPG", b"Comment: RETRACTED\r\nVersion: GnuPG"),
        (b"\r\niHUEABYKAB0WIQR+", b"\r\nRETRACTED\r\n\r\niHUEABYKAB0WIQR+"),
        (b"micalg=", b"x=retracted; micalg="),
        (b"\r\n", b"\n"),
        (b"Content-Type: multipart", b"Content-Type : multipart"),
    ],
)
def test_not_if_more_can_be_read_in_it(where: bytes, what: bytes) -> None:
    mail = TYPE + b"\r\n\r\n" + BODY
    assert where in mail
    assert bare_entity(slice_entity(mail.replace(where, what, 1 if len(where) > 2 else -1))) == b""


def test_a_boundary_is_no_word_where_it_divides_nothing() -> None:
    mail = TYPE + b"\r\n\r\nNo: RETRACTED\r\n" + BODY
    assert bare_entity(slice_entity(mail.replace(b"=_eVzCbWAp_4=", b"RETRACTED"))) == b""


def test_nothing_may_be_signed() -> None:
    mail = TYPE + b"\r\n\r\n" + BODY.replace(SIGNED, b"")
    assert bare_entity(slice_entity(mail)) == mail
