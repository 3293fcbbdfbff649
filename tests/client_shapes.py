"""How each mail client writes an OpenPGP mail, as data: its header fields, MIME types, names and habits.

In the texts `{mark}` and `{fields}` stand for the marks of protected header fields, which only the root of
what is signed has. Drawn from mails as these clients send them; keys and people are made up at run time.
"""

from dataclasses import dataclass

TOP = (
    "From: {author}\nTo: {to}\nSubject: {subject}\nDate: {date}\nMessage-ID: {message_id}\nMIME-Version: 1.0"
)
SIGNED = "This is an OpenPGP/MIME signed message (RFC 4880 and 3156)"
ENCRYPTED = "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One client. `ascii` and `other` are charset and transfer encoding of its texts."""

    name: str
    top: str = TOP
    author: str = "{name} <{address}>"
    boundary: str
    signed_type: str = ""
    signed_preamble: str = ""
    signature_part: str = ""
    encrypted_type: str = ""
    encrypted_preamble: str = ""
    version_part: str = "Content-Type: application/pgp-encrypted"
    message_part: str = ""
    text_part: str
    ascii: tuple[str, str] = ("us-ascii", "7bit")
    other: tuple[str, str] = ("utf-8", "quoted-printable")
    is_flowed: bool = False
    has_html: bool = False
    alternative_type: str = 'Content-Type: multipart/alternative; boundary="{boundary}"'
    html_part: str = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
    wrappers: tuple[str, ...] = ()
    mixed_type: str = 'Content-Type: multipart/mixed; boundary="{boundary}"{mark}{fields}'
    mark: str = ""
    hidden_subject: str = ""
    key_part: str = ""
    key_encoding: str = "7bit"
    armor_fields: str = ""
    digest: str = "SHA512"
    is_text_mode: bool = False
    is_encapsulated: bool = False
    is_inline: bool = False


THUNDERBIRD = Shape(
    name="Thunderbird",
    top=(
        "Message-ID: {message_id}\nDate: {date}\nMIME-Version: 1.0\nUser-Agent: Mozilla Thunderbird\n"
        "Content-Language: en-US\nTo: {to}\nFrom: {author}\nAutocrypt: {autocrypt}\nSubject: {subject}"
    ),
    boundary="------------{0:.24}",
    signed_type=(
        "Content-Type: multipart/signed; micalg={micalg};\n"
        ' protocol="application/pgp-signature";\n boundary="{boundary}"'
    ),
    signed_preamble=SIGNED,
    signature_part=(
        'Content-Type: application/pgp-signature; name="OpenPGP_signature.asc"\n'
        "Content-Description: OpenPGP digital signature\n"
        'Content-Disposition: attachment; filename="OpenPGP_signature.asc"'
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted;\n protocol="application/pgp-encrypted";\n boundary="{boundary}"'
    ),
    encrypted_preamble=ENCRYPTED,
    version_part=(
        "Content-Type: application/pgp-encrypted\nContent-Description: PGP/MIME version identification"
    ),
    message_part=(
        'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        "Content-Description: OpenPGP encrypted message\n"
        'Content-Disposition: inline; filename="encrypted.asc"'
    ),
    wrappers=(
        'Content-Type: multipart/mixed; boundary="{boundary}"{mark}{fields}',
        'Content-Type: multipart/mixed; boundary="{boundary}"',
    ),
    mark=';\n protected-headers="v1"',
    text_part="Content-Type: text/plain; charset={charset}; format=flowed\nContent-Transfer-Encoding: {encoding}",
    ascii=("UTF-8", "base64"),
    other=("UTF-8", "base64"),
    is_flowed=True,
    hidden_subject="...",
    key_part=(
        'Content-Type: application/pgp-keys; name="OpenPGP_0x{key_id}.asc"\n'
        'Content-Disposition: attachment; filename="OpenPGP_0x{key_id}.asc"\n'
        "Content-Description: OpenPGP public key\nContent-Transfer-Encoding: quoted-printable"
    ),
    key_encoding="quoted-printable",
    digest="SHA256",
)

MUTT = Shape(
    name="Mutt",
    top=(
        "Date: {date}\nFrom: {author}\nTo: {to}\nSubject: {subject}\nMessage-ID: {message_id}\n"
        "MIME-Version: 1.0\nUser-Agent: NeoMutt/20231221"
    ),
    boundary="{0:.16}",
    signed_type=(
        "Content-Type: multipart/signed; micalg={micalg};\n"
        '\tprotocol="application/pgp-signature"; boundary="{boundary}"\nContent-Disposition: inline'
    ),
    signature_part='Content-Type: application/pgp-signature; name="signature.asc"',
    encrypted_type=(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\n'
        '\tboundary="{boundary}"\nContent-Disposition: inline'
    ),
    version_part="Content-Type: application/pgp-encrypted",
    message_part=(
        'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="msg.asc"'
    ),
    text_part=(
        "Content-Type: text/plain; charset={charset}{mark}\nContent-Disposition: inline{fields}\n"
        "Content-Transfer-Encoding: {encoding}"
    ),
    mixed_type='Content-Type: multipart/mixed{mark}; boundary="{boundary}"\nContent-Disposition: inline{fields}',
    mark='; protected-headers="v1"',
    key_part=(
        "Content-Type: application/pgp-keys\nContent-Description: PGP Key 0x{key_id}\n"
        'Content-Disposition: attachment; filename="0x{key_id}.asc"'
    ),
    is_text_mode=True,
)

APPLE = Shape(
    name="Apple Mail, GPGTools",
    top=(
        "From: {author}\nMime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))\nSubject: {subject}\n"
        "Message-Id: {message_id}\nDate: {date}\nTo: {to}\nX-Mailer: Apple Mail (2.3774.600.62)"
    ),
    boundary="Apple-Mail=_{0:.36}",
    signed_type=(
        'Content-Type: multipart/signed;\n\tboundary="{boundary}";\n'
        '\tprotocol="application/pgp-signature";\n\tmicalg={micalg}'
    ),
    signed_preamble="\n",
    signature_part=(
        "Content-Transfer-Encoding: 7bit\nContent-Disposition: attachment;\n\tfilename=signature.asc\n"
        "Content-Type: application/pgp-signature;\n\tname=signature.asc\n"
        "Content-Description: Message signed with OpenPGP"
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted;\n\tboundary="{boundary}";\n\tprotocol="application/pgp-encrypted"'
    ),
    encrypted_preamble="This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)",
    version_part=(
        "Content-Transfer-Encoding: 7bit\nContent-Type: application/pgp-encrypted\n"
        "Content-Description: PGP/MIME Versions Identification"
    ),
    message_part=(
        "Content-Transfer-Encoding: 7bit\nContent-Disposition: inline;\n\tfilename=encrypted.asc\n"
        "Content-Type: application/octet-stream;\n\tname=encrypted.asc\n"
        "Content-Description: OpenPGP encrypted message"
    ),
    text_part="Content-Transfer-Encoding: {encoding}\nContent-Type: text/plain;\n\tcharset={charset}",
    has_html=True,
    alternative_type='Content-Type: multipart/alternative;\n\tboundary="{boundary}"',
    html_part="Content-Transfer-Encoding: quoted-printable\nContent-Type: text/html;\n\tcharset=utf-8",
    mixed_type='Content-Type: multipart/mixed;\n\tboundary="{boundary}"',
    key_part=(
        "Content-Disposition: attachment;\n\tfilename=key.asc\n"
        'Content-Type: application/pgp-keys;\n\tx-unix-mode=0644;\n\tname="key.asc"\n'
        "Content-Transfer-Encoding: 7bit"
    ),
)

K9 = Shape(
    name="K-9 Mail",
    top=(
        "Date: {date}\nFrom: {author}\nTo: {to}\nSubject: {subject}\nUser-Agent: K-9 Mail for Android\n"
        "Message-ID: {message_id}\nAutocrypt: {autocrypt}\nMIME-Version: 1.0"
    ),
    boundary="----{0:.30}",
    signed_type=(
        'Content-Type: multipart/signed; boundary="{boundary}"; protocol="application/pgp-signature";'
        ' micalg="{micalg}"\nContent-Transfer-Encoding: 7bit'
    ),
    signature_part='Content-Type: application/pgp-signature; name="signature.asc"',
    encrypted_type=(
        'Content-Type: multipart/encrypted; boundary="{boundary}"; protocol="application/pgp-encrypted"\n'
        "Content-Transfer-Encoding: 7bit"
    ),
    message_part=(
        'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        'Content-Disposition: inline; filename="encrypted.asc"'
    ),
    text_part="Content-Type: text/plain;\n charset={charset}{mark}{fields}\nContent-Transfer-Encoding: {encoding}",
    ascii=("utf-8", "quoted-printable"),
    mark=';\n protected-headers="v1"',
    hidden_subject="...",
    key_part=(
        'Content-Type: application/pgp-keys;\n name="{address}.pub.asc"\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment;\n filename="{address}.pub.asc";\n size=1234'
    ),
    key_encoding="base64",
)

OUTLOOK = Shape(
    name="Outlook, GpgOL",
    top=(
        'From: {author}\nTo: "{to}" <{to}>\nSubject: {subject}\nThread-Topic: {subject}\n'
        "Thread-Index: AQHaExampleExampleExampleExample==\nDate: {date}\nMessage-ID: {message_id}\n"
        "Accept-Language: en-US\nContent-Language: en-US\nX-MS-Has-Attach: yes\nMIME-Version: 1.0"
    ),
    author='"{name}" <{address}>',
    boundary="=-={0:.14}=-=",
    signed_type=(
        "Content-Type: multipart/signed;\n\tmicalg={micalg};\n"
        '\tprotocol="application/pgp-signature";\n\tboundary="{boundary}"'
    ),
    signed_preamble="This is a multipart message in MIME format.\n",
    signature_part=(
        'Content-Type: application/pgp-signature;\n\tname="openpgp-digital-signature.asc"\n'
        "Content-Transfer-Encoding: 7bit"
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted;\n\tprotocol="application/pgp-encrypted";\n\tboundary="{boundary}"'
    ),
    version_part=(
        "Content-Type: application/pgp-encrypted\nContent-Disposition: inline\nContent-Transfer-Encoding: 7Bit"
    ),
    message_part=(
        "Content-Type: application/octet-stream\n"
        'Content-Disposition: inline;\n\tfilename="openpgp-encrypted-message.asc"\n'
        "Content-Transfer-Encoding: 7Bit"
    ),
    text_part='Content-Type: text/plain;\n\tcharset="{charset}"\nContent-Transfer-Encoding: {encoding}',
    has_html=True,
    alternative_type='Content-Type: multipart/alternative;\n\tboundary="{boundary}"',
    mixed_type='Content-Type: multipart/mixed;\n\tboundary="{boundary}"',
    key_part=(
        'Content-Type: application/pgp-keys;\n\tname="0x{key_id}.asc"\n'
        'Content-Disposition: attachment;\n\tfilename="0x{key_id}.asc"\nContent-Transfer-Encoding: base64'
    ),
    key_encoding="base64",
    digest="SHA256",
)

KMAIL = Shape(
    name="KMail",
    boundary="nextPart{0:.17}",
    signed_type=(
        'Content-Type: multipart/signed; boundary="{boundary}";\n'
        ' micalg="{micalg}"; protocol="application/pgp-signature"'
    ),
    signature_part=(
        'Content-Type: application/pgp-signature; name="signature.asc"\n'
        "Content-Description: This is a digitally signed message part.\nContent-Transfer-Encoding: 7Bit"
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted; boundary="{boundary}";\n protocol="application/pgp-encrypted"'
    ),
    version_part=(
        "Content-Type: application/pgp-encrypted\nContent-Disposition: attachment\n"
        "Content-Transfer-Encoding: 7Bit"
    ),
    message_part=(
        'Content-Type: application/octet-stream\nContent-Disposition: inline; filename="msg.asc"\n'
        "Content-Transfer-Encoding: 7Bit"
    ),
    text_part=(
        'Content-Transfer-Encoding: {encoding}\nContent-Type: text/plain; charset="{charset}"{mark}{fields}\n'
        "MIME-Version: 1.0"
    ),
    mixed_type=(
        'Content-Type: multipart/mixed; boundary="{boundary}"{mark}\nContent-Transfer-Encoding: 7Bit{fields}'
    ),
    mark='; protected-headers="v1"',
    key_part=(
        "Content-Description: OpenPGP key 0x{key_id}\n"
        'Content-Disposition: attachment; filename="0x{key_id}.asc"\nContent-Transfer-Encoding: 7Bit\n'
        'Content-Type: application/pgp-keys; name="0x{key_id}.asc"'
    ),
    is_text_mode=True,
)

EVOLUTION = Shape(
    name="Evolution",
    top=(
        "Message-ID: {message_id}\nSubject: {subject}\nFrom: {author}\nTo: {to}\nDate: {date}\n"
        "Autocrypt: {autocrypt}\nUser-Agent: Evolution 3.46.4-2\nMIME-Version: 1.0"
    ),
    boundary="=-{0:.20}",
    signed_type=(
        'Content-Type: multipart/signed; micalg="{micalg}";\n'
        '\tprotocol="application/pgp-signature"; boundary="{boundary}"'
    ),
    signed_preamble="\n",
    signature_part=(
        'Content-Type: application/pgp-signature; name="signature.asc"\n'
        "Content-Description: This is a digitally signed message part"
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\n\tboundary="{boundary}"'
    ),
    encrypted_preamble="\n",
    version_part="Content-Type: application/pgp-encrypted\nContent-Transfer-Encoding: 7bit",
    message_part=(
        'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        "Content-Description: This is a digitally encrypted message part\nContent-Transfer-Encoding: 7bit"
    ),
    text_part='Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: {encoding}',
    ascii=("UTF-8", "quoted-printable"),
    other=("UTF-8", "quoted-printable"),
    key_part=(
        'Content-Type: application/pgp-keys; name="key.asc"\nContent-Transfer-Encoding: 7bit\n'
        'Content-Disposition: attachment; filename="key.asc"'
    ),
    is_encapsulated=True,
)

MAILVELOPE = Shape(
    name="Mailvelope",
    top=(
        "MIME-Version: 1.0\nDate: {date}\nMessage-ID: {message_id}\nSubject: {subject}\n"
        "From: {author}\nTo: {to}"
    ),
    boundary="000000000000{0:.16}",
    text_part='Content-Type: text/plain; charset="UTF-8"\nContent-Transfer-Encoding: {encoding}',
    ascii=("UTF-8", "7bit"),
    other=("UTF-8", "quoted-printable"),
    has_html=True,
    html_part='Content-Type: text/html; charset="UTF-8"\nContent-Transfer-Encoding: quoted-printable',
    key_part=(
        'Content-Type: application/pgp-keys; name="0x{key_id}.asc"\n'
        'Content-Disposition: attachment; filename="0x{key_id}.asc"\nContent-Transfer-Encoding: base64'
    ),
    key_encoding="base64",
    armor_fields="Version: Mailvelope v5.1.1\nComment: https://mailvelope.com\n",
    is_inline=True,
)

PROTON = Shape(
    name="Proton Mail",
    top=(
        "Date: {date}\nTo: {to}\nFrom: {author}\nSubject: {subject}\nMessage-ID: {message_id}\n"
        "Feedback-ID: 1234567:user:proton\nMIME-Version: 1.0"
    ),
    boundary="------{0:.64}",
    signed_type=(
        'Content-Type: multipart/signed; protocol="application/pgp-signature"; micalg={micalg};'
        ' boundary="{boundary}"; charset=utf-8'
    ),
    signed_preamble=SIGNED,
    signature_part=(
        'Content-Type: application/pgp-signature; name="signature.asc"\n'
        "Content-Description: OpenPGP digital signature\n"
        'Content-Disposition: attachment; filename="signature.asc"'
    ),
    encrypted_type=(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";'
        ' boundary="{boundary}"; charset=utf-8'
    ),
    encrypted_preamble=ENCRYPTED,
    version_part=(
        "Content-Type: application/pgp-encrypted\nContent-Description: PGP/MIME version identification"
    ),
    message_part=(
        'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        'Content-Description: OpenPGP encrypted message\nContent-Disposition: inline; filename="encrypted.asc"'
    ),
    wrappers=("Content-Type: multipart/mixed;boundary={boundary}",),
    has_html=True,
    alternative_type="Content-Type: multipart/alternative;boundary={boundary}",
    text_part="Content-Transfer-Encoding: {encoding}\nContent-Type: text/plain;charset={charset}",
    ascii=("utf-8", "quoted-printable"),
    key_part=(
        'Content-Type: application/pgp-keys; filename="publickey - {address} - 0x{key_id}.asc";'
        ' name="publickey - {address} - 0x{key_id}.asc"\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment; filename="publickey - {address} - 0x{key_id}.asc";'
        ' name="publickey - {address} - 0x{key_id}.asc"'
    ),
    key_encoding="base64",
    armor_fields="Version: ProtonMail\n",
)

DELTA = Shape(
    name="Delta Chat",
    top=(
        "Subject: {subject}\nMIME-Version: 1.0\nDate: {date}\nChat-Version: 1.0\nMessage-ID: {message_id}\n"
        "To: <{to}>\nFrom: {author}\nAutocrypt: {autocrypt}"
    ),
    author='"{name}" <{address}>',
    boundary="{0:.30}",
    encrypted_type=(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\n\tboundary="{boundary}"'
    ),
    encrypted_preamble="\n",
    version_part=(
        "Content-Type: application/pgp-encrypted\nContent-Description: PGP/MIME version identification"
    ),
    message_part=(
        'Content-Type: application/octet-stream; name="encrypted.asc"\n'
        "Content-Description: OpenPGP encrypted message\n"
        'Content-Disposition: inline; filename="encrypted.asc";'
    ),
    text_part=(
        "Content-Type: text/plain; charset={charset}; format=flowed; delsp=no{mark}{fields}\n"
        "Chat-User-Avatar: 0\nContent-Transfer-Encoding: {encoding}"
    ),
    ascii=("utf-8", "7bit"),
    is_flowed=True,
    mark=';\n\tprotected-headers="v1"',
    hidden_subject="...",
)

BY_HAND = Shape(
    name="gpg by hand",
    top=(
        "Date: {date}\nTo: {to}\nFrom: {author}\nSubject: {subject}\nMessage-Id: {message_id}\n"
        "X-Mailer: swaks v20201014.0 jetmore.org/john/code/swaks/"
    ),
    boundary="--=_MIME_BOUNDARY_{0:.6}",
    text_part="Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}",
    other=("utf-8", "8bit"),
    key_part=(
        'Content-Type: application/octet-stream; name="key.asc"\n'
        'Content-Description: key.asc\nContent-Disposition: attachment; filename="key.asc"\n'
        "Content-Transfer-Encoding: base64"
    ),
    key_encoding="base64",
    is_inline=True,
)

CLIENTS = {
    one.name: one
    for one in (
        THUNDERBIRD,
        MUTT,
        APPLE,
        K9,
        OUTLOOK,
        KMAIL,
        EVOLUTION,
        MAILVELOPE,
        PROTON,
        DELTA,
        BY_HAND,
    )
}
