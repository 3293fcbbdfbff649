"""Real mails of every form to begin fuzzing with; `python -m tests.attacks.seeds FOLDER` writes them there."""

import sys
from pathlib import Path

from tests.keys import LIST_ADDRESS, KeyPair, mail, multipart, person, text_entity

TEXT = f"List: {LIST_ADDRESS}\nQUERY nl\n"
SUBSCRIBE = "SUBSCRIBE nl be\nName: Ann Example\nMobile: +44 20 7946 0123\n"
ALERT = f"List: {LIST_ADDRESS}\nALERT\nTitle: Fire\nTLP: AMBER\nScope: tld nl be\n\nFire, and smoke.\n"
BOUNCE = "Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; ann@nic.example\r\nStatus: 5.1.1\r\n"


def seeds(who: KeyPair, to: KeyPair) -> dict[str, bytes]:
    """One of each form, small."""
    key = [who.key_attachment()]
    return {
        "signed": who.pgp_mime_signed(TEXT),
        "signed-with-key": who.pgp_mime_signed(SUBSCRIBE, attachments=key),
        "signed-alert": who.pgp_mime_signed(ALERT),
        "protected": who.pgp_mime_signed("UNSUBSCRIBE nl", protected={"To": LIST_ADDRESS}),
        "encrypted": who.pgp_mime_encrypted(TEXT, to),
        "signed-then-encrypted": who.signed_then_encrypted(TEXT, to),
        "encrypted-then-signed": who.encrypted_then_signed(TEXT, to),
        "inline-signed": who.inline_signed(TEXT),
        "inline-encrypted": who.inline_encrypted(TEXT, to),
        "plain": mail(who.headers(), text_entity(SUBSCRIBE)),
        "answer": mail(
            who.headers(), text_entity("CONFIRM 7F3K-9QWX-2M4T-B8RD\n\n> DECLINE 7F3K-9QWX-2M4T-B8RD\n")
        ),
        "flowed": mail(
            who.headers(), text_entity("QUERY \nnl", {"Content-Type": "text/plain; format=flowed"})
        ),
        "bounce": mail(who.headers(), multipart("report; report-type=delivery-status", BOUNCE.encode())),
    }


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = seeds(person("Ann Example", "ann@nic.example"), person("TLD-OPS", LIST_ADDRESS))
    for name, octets in made.items():
        (folder / name).write_bytes(octets)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
