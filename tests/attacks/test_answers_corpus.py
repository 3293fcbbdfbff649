"""Answers as people, phones, vacation programs and ticket systems write them: none that says no, or nothing, confirms.

Each body is written above or below a quoted letter of ours, in the ways mail programs quote, and goes through intake.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.attacks import answer_mails
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, next_number
from tests.outcomes import FIELDS, all_of
from tldops_bot.domain.grammar import read_answer
from tldops_bot.intake import Handled
from tldops_bot.store import requests
from tldops_bot.store.tables import Request, Token

IANA = "admin@registry.example"
TOKEN = "7F3K-9QWX-2M4T-B8RD"
LETTER = """\
----- write your answer above this line -----

You get this mail because IANA shows this address as a contact of the TLD:
admin@registry.example

Yes: reply with this line, and nothing else, at the top:

CONFIRM 7F3K-9QWX-2M4T-B8RD

No: reply with this line instead; a reason may follow on the same line:

DECLINE 7F3K-9QWX-2M4T-B8RD

--
TLD-OPS, the contact repository of TLD operators: tld-ops@lists.example
"""

# What is written on top. None of it is the one line that means yes.
SAID = {
    "no": "No!",
    "no_sentence": "No, we do not know this person.",
    "nein": "Nein, das ist keiner von uns.",
    "non": "Non, nous ne connaissons pas cette personne.",
    "nee": "Nee, die werkt hier niet.",
    "niet": "Нет, мы не знаем этого человека.",
    "iie": "いいえ、存じません。",
    "bu": "不，我们不认识这个人。",
    "la": "لا، لا نعرف هذا الشخص.",
    "nao": "Não, esta pessoa não trabalha aqui.",
    "oxi": "Όχι, δεν τον γνωρίζουμε.",
    "question": "Who is this? Should I confirm?",
    "yes_word": "Yes",
    "ok": "ok",
    "thumb": "👍",
    "do_not_confirm": f"Do NOT CONFIRM {TOKEN}",
    "confirm_and_more": f"CONFIRM {TOKEN} only if she still works there",
    "confirm_not": f"CONFIRM {TOKEN}? No!",
    "confirm_bare": "CONFIRM",
    "confirm_words": "CONFIRM? No.",
    "confirmed": f"CONFIRMED {TOKEN} - NOT",
    "i_do_not": f"I do not\nCONFIRM {TOKEN}",
    "nothing": "",
    "blank": " \n\n\t\n",
    "nbsp": "\xa0\n",
    "signature_only": "--\nAdmin Example\nExample Registry",
    "mobile": "Sent from my phone",
    "mobile_de": "Von meinem iPhone gesendet",
    "mobile_fr": "Envoyé de mon téléphone",
    "vacation": "I am out of the office until Monday and read no mail.",
    "vacation_de": "Ich bin bis Montag nicht im Büro.",
    "vacation_fr": "Je suis absent du bureau jusqu'à lundi.",
    "vacation_es": "Estoy fuera de la oficina hasta el lunes.",
    "vacation_ja": "ただいま不在にしております。",
    "ticket": "Thank you for contacting us. Your request has been received as [#48213].",
    "ticket_marker": "##- Please type your reply above this line -##",
    "ticket_de": "Vielen Dank. Ihre Anfrage hat die Nummer 2026-48213.",
    "ticket_closed": "Your ticket was closed. Rate our support!",
    "forwarded": "FYI, is this spam?",
    "disclaimer": "This e-mail is confidential. If you are not the intended recipient, delete it.",
    "decline_other": "DECLINE",
    "object": f"OBJECT {TOKEN}",
    "two_answers": f"DECLINE {TOKEN}\nCONFIRM {TOKEN}",
    "html_rest": "<p>No</p>",
    "help": "HELP",
    "unsubscribe": "unsubscribe",
}


def plain(text: str) -> str:
    """Vacation programs and ticket systems repeat what they answer as it is."""
    return text


def marked(text: str) -> str:
    return "".join(f"> {line}" for line in text.splitlines(keepends=True))


def piped(text: str) -> str:
    return "".join(f"| {line}" for line in text.splitlines(keepends=True))


def indented(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))


def outlook(text: str) -> str:
    top = "From: TLD-OPS <tld-ops@lists.example>\nSent: Friday\nTo: admin@registry.example\nSubject: Yes or no?\n\n"
    return f"________________________________\n{top}{text}"


def gmail(text: str) -> str:
    return f"On Fri, 20 Nov 2026 at 10:00, TLD-OPS <tld-ops@lists.example> wrote:\n\n{marked(text)}"


def apple(text: str) -> str:
    return f"> Am 20.11.2026 um 10:00 schrieb TLD-OPS <tld-ops@lists.example>:\n> \n{marked(text)}"


def forwarded(text: str) -> str:
    return f"---------- Forwarded message ---------\nFrom: TLD-OPS <tld-ops@lists.example>\n\n{text}"


def without_line(text: str) -> str:
    """The line to write above was lost, or turned into something prettier on the way."""
    return text.replace(
        "----- write your answer above this line -----", "—– write your answer above this line —–"
    )


def stripped(text: str) -> str:
    """All that is left of the letter is the line that means yes."""
    return "\n".join(line for line in text.splitlines() if line.startswith("CONFIRM"))


QUOTES = (plain, marked, piped, indented, outlook, gmail, apple, forwarded, without_line, stripped)


def bodies() -> Iterator[tuple[str, str]]:
    """Every body by its name; one that is empty above leaves nothing but a quote."""
    for name, said in SAID.items():
        for quote in QUOTES:
            if quote is stripped and not said.strip():
                continue  # a mail that is the one line and nothing else: that does say yes
            yield f"{name}-above-{quote.__name__}", f"{said}\n\n{quote(LETTER)}"
            if quote is not stripped:
                yield f"{name}-below-{quote.__name__}", f"{quote(LETTER)}\n\n{said}\n"


BODIES = dict(bodies())
# What stands above a line that a program of their own left alone; a comment and a command are no "no".
SIGNED_NOES = (
    "no",
    "no_sentence",
    "nein",
    "niet",
    "iie",
    "question",
    "thumb",
    "do_not_confirm",
    "i_do_not",
    "vacation",
    "ticket",
    "mobile",
    "html_rest",
    "decline_other",
)
YES = {
    "bare": f"CONFIRM {TOKEN}",
    "small": f"confirm {TOKEN.lower()}",
    "blank_first": f"\n\n  CONFIRM {TOKEN}  \n",
    "above_gmail": f"CONFIRM {TOKEN}\n\n{gmail(LETTER)}",
    "above_outlook": f"CONFIRM {TOKEN}\n\n{outlook(LETTER)}",
    "above_plain": f"CONFIRM {TOKEN}\n{LETTER}",
    "signature_below": f"CONFIRM {TOKEN}\n\n--\nAdmin Example\n",
    "phone": f"CONFIRM {TOKEN}\n\nSent from my phone",
    "misread": f"CONFIRM {TOKEN.replace('8', '8').replace('-', '')}",
}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as one:
        one.iana("nl", IANA)
        one.write("carl.sample@nic.example", f"SUBSCRIBE nl\n{FIELDS}")
        one.write("carl.sample@nic.example", f"CONFIRM {one.token_for('carl.sample@nic.example')}")
        yield one


def vouched(desk: Desk) -> bool:
    token = [one for one in all_of(desk, Token) if one.purpose == "vouch"][-1]
    return token.answer == "CONFIRM" or all_of(desk, Request)[0].state != requests.VOUCHING


def test_the_corpus_is_large() -> None:
    assert len(BODIES) >= 120


@pytest.mark.parametrize("name", [name for name in BODIES if read_answer(BODIES[name]) is not None])
def test_only_a_no_is_read_as_an_answer_at_all(name: str) -> None:
    answer = read_answer(BODIES[name])
    assert answer is not None
    assert answer.verb != "CONFIRM"


@pytest.mark.parametrize("to_token_address", [True, False], ids=["to_the_token", "to_the_list"])
def test_nothing_in_the_corpus_says_yes(desk: Desk, to_token_address: bool) -> None:
    words = desk.token_for(IANA)
    route = desk.last(IANA).route
    to = f"tld-ops+t.{route}@lists.example" if to_token_address else "tld-ops@lists.example"
    # Below the first line, both ways are one: of those to the token some are enough.
    for number, (name, body) in enumerate(list(BODIES.items())[:: 5 if to_token_address else 1]):
        if name.startswith(("two_answers-above", "object-above")):
            continue  # these do answer, and not with yes: see below
        raw = (
            f"From: {number}@registry.example\r\nTo: <{to}>\r\nSubject: Re: Yes or no?\r\n"
            f"Message-ID: <{number}@client.example>\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n"
        )
        text = body.replace(TOKEN, words).replace("\n", "\r\n")
        desk.receive(raw.encode() + text.encode(), f"{number}@registry.example", (to,))
        assert not vouched(desk), name


@pytest.mark.parametrize(
    "name", [name for name in BODIES if name.startswith(("two_answers-above", "object-above"))]
)
def test_a_no_on_top_is_a_no(name: str) -> None:
    answer = read_answer(BODIES[name])
    assert answer is not None
    assert answer.verb in ("DECLINE", "OBJECT")


@pytest.mark.parametrize("name", YES)
def test_whoever_copies_the_line_to_the_top_has_said_yes(name: str) -> None:
    answer = read_answer(YES[name])
    assert answer is not None
    assert (answer.verb, answer.token) == ("CONFIRM", TOKEN)


@pytest.mark.parametrize("said", SIGNED_NOES)
def test_a_signature_under_a_no_does_not_make_it_a_yes(
    signed_desk: tuple[Desk, str], ann: KeyPair, said: str
) -> None:
    desk, words = signed_desk
    for quote in (without_line, stripped):
        text = f"{SAID[said]}\n\n{quote(LETTER)}".replace(TOKEN, words)
        desk.say(ann, text)
        assert all_of(desk, Request)[0].state == requests.PROVING, (said, quote.__name__)


@pytest.fixture(scope="module")
def signed_desk(ann: KeyPair) -> Iterator[tuple[Desk, str]]:
    """Somebody with a key was asked whether they want to be listed."""
    with open_desk() as one:
        one.iana("nl", IANA)
        one.say(ann, f"SUBSCRIBE nl\n{FIELDS}", attachments=[ann.key_attachment()])
        yield one, one.token_for(ann.address)


@pytest.mark.parametrize(
    "top", ["Hi,\n\n", "Dear colleagues,\n", "List: tld-ops@lists.example\n", "> quoted\n"]
)
def test_a_greeting_above_a_signed_yes_is_forgiven(desk: Desk, ann: KeyPair, top: str) -> None:
    with open_desk() as fresh:
        fresh.say(ann, f"SUBSCRIBE nl\n{FIELDS}", attachments=[ann.key_attachment()])
        fresh.say(ann, f"{top}CONFIRM {fresh.token_for(ann.address)}\n\nKind regards\nAnn")
        assert all_of(fresh, Request)[0].proven_at is not None


# --- machines


MACHINES = {
    "auto_submitted": "Auto-Submitted: auto-replied",
    "auto_generated": "Auto-Submitted: auto-generated (vacation)",
    "precedence": "Precedence: auto_reply",
    "bulk": "Precedence: bulk",
    "autoreply": "X-Autoreply: yes",
    "autorespond": "X-Autorespond: yes",
    "list": "List-Id: <staff.registry.example>",
    "loop": "X-Loop: tld-ops@lists.example",
    "hops": "\r\n".join(["Received: from a by b; Fri, 20 Nov 2026 10:00:00 +0000"] * 60),
}


@pytest.mark.parametrize("mark", MACHINES)
@pytest.mark.parametrize("first", ["the line itself", "a vacation text"])
def test_a_machine_answers_no_token_and_gets_no_answer(desk: Desk, mark: str, first: str) -> None:
    line = f"CONFIRM {desk.token_for(IANA)}"
    body = line if first == "the line itself" else f"{SAID['vacation']}\n\n{line}"
    sent = len(desk.letters)
    top = f"From: {IANA}\r\nTo: tld-ops@lists.example\r\nSubject: Automatic reply\r\n{MACHINES[mark]}\r\n\r\n"
    handled = desk.receive(top.encode() + body.encode(), IANA)
    assert handled.decision.kind == "silent"
    assert len(desk.letters) == sent
    assert not vouched(desk)


@pytest.mark.parametrize(
    "sender", ["", "<>", "MAILER-DAEMON@registry.example", "postmaster@registry.example"]
)
def test_a_bounce_that_quotes_the_line_answers_nothing(desk: Desk, sender: str) -> None:
    sent = len(desk.letters)
    raw = f"From: Mail Delivery <{sender or IANA}>\r\nSubject: Undelivered\r\n\r\nCONFIRM {desk.token_for(IANA)}"
    assert desk.receive(raw.encode(), sender).decision.kind == "silent"
    assert len(desk.letters) == sent
    assert not vouched(desk)


def test_an_echoing_ticket_system_and_we_fall_silent(desk: Desk) -> None:
    """It marks nothing as automatic, and sends every mail of ours back with its own words on top."""
    desk.later(days=2)
    answered = []
    body = f"{SAID['ticket']}\n\n{LETTER.replace(TOKEN, desk.token_for(IANA))}"
    for number in range(20):
        before = len(desk.letters)
        desk.write("tickets@registry.example", body, **{"Message-ID": f"<{number}@tickets.example>"})
        fresh = desk.letters[before:]
        answered += fresh
        if fresh:
            body = f"{SAID['ticket']}\n\n{desk.text(fresh[-1])}"
    assert len(answered) <= 6
    assert not vouched(desk)


# --- whole mails, as programs make them


def mailed(desk: Desk, form: answer_mails.Form, said: str, language: str) -> Handled:
    """Such a mail, in answer to the question the voucher has; from another sender each time, so that none is counted."""
    words = answer_mails.LANGUAGES[language]
    sender = f"{next_number()}@registry.example"
    letter = desk.text(desk.last(IANA)).partition("\n\n")[2]
    assert desk.token_for(IANA) in letter
    return desk.receive(answer_mails.raw(form, said, letter, words, sender, "tld-ops@lists.example"), sender)


@pytest.mark.parametrize("name", answer_mails.PEOPLE)
def test_no_client_in_no_language_turns_a_no_into_a_yes(desk: Desk, name: str) -> None:
    for number, (code, language) in enumerate(answer_mails.LANGUAGES.items()):
        said = (language.no, language.no, "", language.away)[number % 4]
        mailed(desk, answer_mails.PEOPLE[name], said, code)
        assert not vouched(desk), (code, said)
    desk.later(hours=2)


@pytest.mark.parametrize("name", answer_mails.MACHINES)
def test_a_machine_that_says_so_answers_nothing_and_hears_nothing(desk: Desk, name: str) -> None:
    line = f"CONFIRM {desk.token_for(IANA)}"
    sent = len(desk.letters)
    for code in answer_mails.LANGUAGES:
        handled = mailed(desk, answer_mails.MACHINES[name], line, code)
        assert handled.decision.kind == "silent", code
    assert len(desk.letters) == sent
    assert not vouched(desk)


@pytest.mark.parametrize("name", answer_mails.UNMARKED)
def test_a_machine_that_does_not_say_so_confirms_nothing(desk: Desk, name: str) -> None:
    for code in answer_mails.LANGUAGES:
        mailed(desk, answer_mails.UNMARKED[name], "", code)
        assert not vouched(desk), code
    desk.later(hours=2)


@pytest.mark.parametrize("name", answer_mails.UNREADABLE)
def test_an_answer_that_can_not_be_read_is_no_yes_and_says_how_to_go_on(desk: Desk, name: str) -> None:
    handled = mailed(desk, answer_mails.UNREADABLE[name], f"CONFIRM {desk.token_for(IANA)}", "en")
    assert not vouched(desk)
    (letter,) = handled.letters
    assert "plain text" in " ".join(desk.text(letter).split())


@pytest.mark.parametrize("name", answer_mails.PEOPLE)
def test_the_line_on_top_says_yes_from_every_client(name: str) -> None:
    with open_desk() as fresh:
        which = list(answer_mails.PEOPLE).index(name) % 3
        for number, (code, language) in enumerate(list(answer_mails.LANGUAGES.items())[which::3]):
            address = f"carl{number}@nic.example"
            fresh.write(
                address, f"SUBSCRIBE nl\nName: Carl Example\nEmail: {address}\nPhone: +44 20 7946 0123"
            )
            token = fresh.token_for(address)
            letter = fresh.text(fresh.last(address)).partition("\n\n")[2]
            typed = (f"CONFIRM {token}", f"Confirm {token.lower()}", f"CONFIRM {token}  ")[number % 3]
            raw = answer_mails.raw(
                answer_mails.PEOPLE[name], typed, letter, language, address, "tld-ops@lists.example"
            )
            fresh.receive(raw, address)
            with fresh.look() as session:
                used = session.scalars(select(Token).where(Token.address == address)).all()
                assert [one.answer for one in used] == ["CONFIRM"], code
            fresh.later(hours=2)


@pytest.mark.parametrize(
    ("marks", "is_silent"),
    [
        ("Auto-Submitted: no\nAuto-Submitted: auto-replied\n", True),
        ("Auto-Submitted: no\n", False),
        ("X-Autoreply: no\nX-Autorespond: no\n", False),
        ("X-Autoreply: no\nX-Autorespond: yes\n", True),
        ("Precedence: first-class\n", False),
        ("X-Precedence: Bulk\n", True),
        ("Delivered-To: tld-ops@lists.example\n", False),
        ("Delivered-To: ann@nic.example\nDelivered-To: <TLD-OPS@lists.example>\n", False),
        ("Delivered-To: tld-ops@lists.example\nDelivered-To: <TLD-OPS@lists.example>\n", True),
        ("X-Auto-Response-Suppress: OOF\n", False),
    ],
)
def test_a_field_that_says_no_hides_no_other(desk: Desk, marks: str, is_silent: bool) -> None:
    sender = f"{next_number()}@registry.example"
    raw = f"From: {sender}\nTo: tld-ops@lists.example\nSubject: hello\n{marks}\nHELP\n"
    handled = desk.receive(raw.replace("\n", "\r\n").encode(), sender)
    assert (handled.decision.kind == "silent") is is_silent
    desk.later(minutes=5)


@pytest.mark.parametrize(
    "author", ["tld-ops@lists.example", "TLD-OPS@LISTS.EXAMPLE", "tld-ops+t.abc@lists.example"]
)
def test_a_mail_in_our_own_name_is_not_answered(desk: Desk, author: str) -> None:
    sent = len(desk.letters)
    raw = f"From: {author}\r\nTo: tld-ops@lists.example\r\nSubject: hello\r\n\r\nHELP\r\n"
    desk.receive(raw.encode(), "ann@nic.example")
    desk.receive(raw.encode(), author)
    assert len(desk.letters) == sent
