"""Answers as mail programs, phones and machines really send them: whole mails, in twelve languages.

Each form puts what was said and the letter it answers into one mail, in the way that program quotes, marks and
packs it. Observed shapes, made-up people.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass

from tests.keys import next_number


@dataclass(frozen=True, slots=True)
class Language:
    """The words a program adds in one language, and what a person in it may say."""

    wrote: str  # the attribution line above a quote
    fields: tuple[str, str, str, str]  # From, Sent, To, Subject as Outlook quotes them
    phone: str
    original: str
    no: str
    away: str
    away_subject: str


LANGUAGES = {
    "en": Language(
        "On Fri, 20 Nov 2026 at 10:00, TLD-OPS <tld-ops@lists.example> wrote:",
        ("From", "Sent", "To", "Subject"),
        "Sent from my iPhone",
        "-----Original Message-----",
        "No, she has never worked here. Please do NOT confirm!",
        "I am out of the office until 1 December and will answer then.",
        "Automatic reply",
    ),
    "fr": Language(
        "Le ven. 20 nov. 2026 à 10:00, TLD-OPS <tld-ops@lists.example> a écrit :",
        ("De", "Envoyé", "À", "Objet"),
        "Envoyé de mon iPhone",
        "-----Message d'origine-----",
        "Non, cette personne n'a jamais travaillé chez nous. Ne confirmez pas !",
        "Je suis absent du bureau jusqu'au 1er décembre.",
        "Réponse automatique",
    ),
    "de": Language(
        "Am Fr., 20. Nov. 2026 um 10:00 Uhr schrieb TLD-OPS <tld-ops@lists.example>:",
        ("Von", "Gesendet", "An", "Betreff"),
        "Von meinem iPhone gesendet",
        "-----Ursprüngliche Nachricht-----",
        "Nein, die hat hier nie gearbeitet. Bitte nicht bestätigen!",
        "Ich bin bis zum 1. Dezember nicht im Büro.",
        "Automatische Antwort",
    ),
    "es": Language(
        "El vie, 20 nov 2026 a las 10:00, TLD-OPS (<tld-ops@lists.example>) escribió:",
        ("De", "Enviado el", "Para", "Asunto"),
        "Enviado desde mi iPhone",
        "-----Mensaje original-----",
        "No, esa persona nunca trabajó aquí. ¡No confirmen!",
        "Estoy fuera de la oficina hasta el 1 de diciembre.",
        "Respuesta automática",
    ),
    "pt": Language(
        "Em sex., 20 de nov. de 2026 às 10:00, TLD-OPS <tld-ops@lists.example> escreveu:",
        ("De", "Enviada em", "Para", "Assunto"),
        "Enviado do meu iPhone",
        "-----Mensagem original-----",
        "Não, essa pessoa nunca trabalhou aqui. Não confirmem!",
        "Estou ausente do escritório até 1 de dezembro.",
        "Resposta automática",
    ),
    "ru": Language(
        "пт, 20 нояб. 2026 г. в 10:00, TLD-OPS <tld-ops@lists.example>:",
        ("От", "Отправлено", "Кому", "Тема"),
        "Отправлено с iPhone",
        "-----Исходное сообщение-----",
        "Нет, она здесь никогда не работала. Не подтверждайте!",
        "Меня нет в офисе до 1 декабря.",
        "Автоматический ответ",
    ),
    "zh": Language(
        "TLD-OPS <tld-ops@lists.example> 于2026年11月20日周五 10:00写道：",
        ("发件人", "发送时间", "收件人", "主题"),
        "发自我的 iPhone",
        "-----邮件原件-----",
        "不，她从未在这里工作过。请不要确认！",
        "我外出办公，12月1日返回。",
        "自动答复",
    ),
    "ja": Language(
        "2026年11月20日(金) 10:00 TLD-OPS <tld-ops@lists.example>:",
        ("差出人", "送信日時", "宛先", "件名"),
        "iPhoneから送信",
        "-----元のメッセージ-----",
        "いいえ、当社の者ではありません。承認しないでください。",
        "12月1日まで不在にしております。",
        "自動応答",
    ),
    "ar": Language(
        "في الجمعة، 20 نوفمبر 2026 في 10:00 تمت كتابة ما يلي بواسطة TLD-OPS <tld-ops@lists.example>:",
        ("من", "تاريخ الإرسال", "إلى", "الموضوع"),
        "أرسلت من الـ iPhone",
        "-----الرسالة الأصلية-----",
        "لا، لم تعمل هنا قط. لا تؤكدوا!",
        "أنا خارج المكتب حتى 1 ديسمبر.",
        "رد تلقائي",
    ),
    "nl": Language(
        "Op vr 20 nov 2026 om 10:00 schreef TLD-OPS <tld-ops@lists.example>:",
        ("Van", "Verzonden", "Aan", "Onderwerp"),
        "Verstuurd vanaf mijn iPhone",
        "-----Oorspronkelijk bericht-----",
        "Nee, zij heeft hier nooit gewerkt. Niet bevestigen!",
        "Ik ben tot 1 december afwezig.",
        "Automatisch antwoord",
    ),
    "pl": Language(
        "pt., 20 lis 2026 o 10:00 TLD-OPS <tld-ops@lists.example> napisał(a):",
        ("Od", "Wysłano", "Do", "Temat"),
        "Wysłane z iPhone'a",
        "-----Wiadomość oryginalna-----",
        "Nie, ta osoba nigdy tu nie pracowała. Proszę nie potwierdzać!",
        "Do 1 grudnia jestem poza biurem.",
        "Odpowiedź automatyczna",
    ),
    "ko": Language(
        "2026년 11월 20일 (금) 오전 10:00, TLD-OPS <tld-ops@lists.example>님이 작성:",
        ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
        "나의 iPhone에서 보냄",
        "-----원본 메시지-----",
        "아니요, 그분은 여기서 일한 적이 없습니다. 확인하지 마세요!",
        "12월 1일까지 부재중입니다.",
        "자동 회신",
    ),
}

# What a form makes of (what was said, the letter, the language): the header lines it adds, and the entity.
Form = Callable[[str, str, Language], tuple[str, str]]


def raw(form: Form, said: str, letter: str, language: Language, sender: str, to: str) -> bytes:
    """One whole mail, CRLF, as it arrives."""
    marks, entity = form(said, letter, language)
    number = next_number()
    top = (
        f"From: Admin Example <{sender}>\nTo: {to}\nDate: Fri, 20 Nov 2026 10:05:00 +0000\n"
        f"Message-ID: <a{number}@client.example>\nIn-Reply-To: <b{number}@lists.example>\nMIME-Version: 1.0\n"
    )
    if "Subject:" not in marks:
        top += "Subject: Re: Yes or no?\n"
    return (top + marks + entity).replace("\r\n", "\n").replace("\n", "\r\n").encode()


# --- how they quote


def _marked(text: str) -> str:
    return "".join(f"> {line}" if line.strip() else f">{line}" for line in text.splitlines(keepends=True))


def _block(letter: str, language: Language) -> str:
    """Outlook's: the header fields in its own language, then the letter as it is."""
    values = ("TLD-OPS <tld-ops@lists.example>", "Friday, 20 November 2026 10:00", "Admin", "Yes or no?")
    head = "".join(f"{name}: {value}\n" for name, value in zip(language.fields, values, strict=True))
    return f"{head}\n{letter}"


# --- how they pack


def _plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"


def _html(text: str) -> str:
    rows = "".join(f"<div>{html.escape(line) or '<br>'}</div>\n" for line in text.split("\n"))
    return f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<html>{rows}</html>\n"


def _alternative(text: str) -> str:
    return (
        'Content-Type: multipart/alternative; boundary="=alt"\n\n'
        f"--=alt\n{_plain(text)}\n--=alt\n{_html(text)}\n--=alt--\n"
    )


# --- people


def outlook_desktop(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "Thread-Topic: Yes or no?\nX-Mailer: Microsoft Outlook 16.0\nX-MS-Has-Attach:\n"
    return marks, _alternative(f"{said}\n\n\n{_block(letter, language)}")


def outlook_web(said: str, letter: str, language: Language) -> tuple[str, str]:
    rule = "_" * 32
    return "X-MS-Exchange-MessageSentRepresentingType: 1\n", _alternative(
        f"{said}\n{rule}\n{_block(letter, language)}"
    )


def outlook_mobile(said: str, letter: str, language: Language) -> tuple[str, str]:
    note = "Get Outlook for iOS<https://aka.example/o0ukef>"
    rule = "_" * 32
    return "", _alternative(f"{said}\n\n{note}\n{rule}\n{_block(letter, language)}")


def outlook_plain(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "X-Mailer: Microsoft Outlook 16.0\n", _plain(
        f"{said}\n\n{language.original}\n{_block(letter, language)}"
    )


def gmail(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "", _alternative(f"{said}\n\n{language.wrote}\n\n{_marked(letter)}")


def gmail_android(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "", _alternative(f"{said}\n\n{language.wrote}\n\n{_marked(letter)}\n")


def apple_mail(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "X-Mailer: Apple Mail (2.3826.200.121)\n"
    return marks, _plain(f"{said}\n\n> {language.wrote}\n> \n{_marked(letter)}")


def iphone(said: str, letter: str, language: Language) -> tuple[str, str]:
    text = f"{said}\n\n{language.phone}\n\n> {language.wrote}\n> \n> \ufeff{_marked(letter)[2:]}"
    return "X-Mailer: iPhone Mail (23B85)\n", _alternative(text)


def iphone_plain(said: str, letter: str, language: Language) -> tuple[str, str]:
    text = f"{said}\n\n{language.phone}\n\n> {language.wrote}\n> \n> \ufeff{_marked(letter)[2:]}"
    return "X-Mailer: iPhone Mail (23B85)\n", _plain(text)


def samsung(said: str, letter: str, language: Language) -> tuple[str, str]:
    text = f"{said}\n\n-------- {language.original.strip('-')} --------\n{_block(letter, language)}"
    return "", _alternative(text)


def yahoo(said: str, letter: str, language: Language) -> tuple[str, str]:
    quoted = "".join(f" {line}" for line in letter.splitlines(keepends=True))
    return "X-Mailer: WebService/1.1 YMailNorrin\n", _alternative(
        f" {said}\n    {language.wrote}  \n \n {quoted}"
    )


def zimbra(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "X-Mailer: Zimbra 10.0 (ZimbraWebClient)\n"
    return marks, _alternative(f"{said} \n\n\n{language.original}\n{_block(letter, language)}")


def notes(said: str, letter: str, language: Language) -> tuple[str, str]:
    head = "-----TLD-OPS <tld-ops@lists.example> wrote: -----\n"
    marks = "X-Mailer: HCL Notes Release 14.0\nX-MIMETrack: Serialize by Router\n"
    return marks, _alternative(f"{said}\n\n\n{head}{_block(letter, language)}")


def thunderbird(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "User-Agent: Mozilla Thunderbird\n", _plain(f"{said}\n\n{language.wrote}\n{_marked(letter)}")


def proton(said: str, letter: str, language: Language) -> tuple[str, str]:
    note = "Sent with Proton Mail secure email."
    return "", _plain(f"{said}\n\n{note}\n\n{language.wrote}\n\n{_marked(letter)}")


PEOPLE: dict[str, Form] = {
    form.__name__: form
    for form in (
        *(outlook_desktop, outlook_web, outlook_mobile, outlook_plain, gmail, gmail_android, apple_mail),
        *(iphone, iphone_plain, samsung, yahoo, zimbra, notes, thunderbird, proton),
    )
}


def html_only(said: str, letter: str, language: Language) -> tuple[str, str]:
    """Some Android programs."""
    return "", _html(f"{said}\n\n{language.wrote}\n{letter}")


def empty_text(said: str, letter: str, language: Language) -> tuple[str, str]:
    """Some gateways: a text part that is there and empty, and everything in the HTML."""
    both = f"--=alt\n{_plain(' ')}\n--=alt\n{_html(said + chr(10) + letter)}\n--=alt--\n"
    return "", f'Content-Type: multipart/alternative; boundary="=alt"\n\n{both}'


def tnef(said: str, letter: str, language: Language) -> tuple[str, str]:
    """Exchange, set to rich text."""
    return "X-MS-TNEF-Correlator: <1@client.example>\n", (
        'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\neJ8+IgAAAAAA\n'
    )


UNREADABLE: dict[str, Form] = {form.__name__: form for form in (html_only, empty_text, tnef)}


# --- machines that say so


def exchange_oof(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = (
        f"Subject: {language.away_subject}: Yes or no?\nX-Auto-Response-Suppress: All\n"
        "Auto-Submitted: auto-generated\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\n"
    )
    return marks, _alternative(f"{language.away}\n\n{letter}")


def exchange_rule(said: str, letter: str, language: Language) -> tuple[str, str]:
    """A rule of the mailbox, "have the server reply": no Auto-Submitted."""
    return "X-MS-Exchange-Inbox-Rules-Loop: admin@registry.example\n", _alternative(
        f"{language.away}\n\n{letter}"
    )


def vacation_1(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Precedence: bulk\nAuto-Submitted: auto-replied\n", _plain(f"{language.away}\n\n{letter}")


def vacation_old(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Precedence: junk\nX-Mailer: vacation 1.2\n", _plain(f"{language.away}\n\n{_marked(letter)}")


def sieve(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Auto-Submitted: auto-replied (vacation)\n", _plain(language.away)


def gmail_vacation(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "Precedence: bulk\nAuto-Submitted: auto-replied\nX-Autoreply: yes\n"
    return marks, _alternative(f"{language.away}\n\n{language.wrote}\n{_marked(letter)}")


def notes_agent(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Auto-Submitted: auto-generated\nX-Mailer: HCL Notes\n", _plain(f"{language.away}\n\n{letter}")


def cpanel(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "X-Autorespond: Yes or no?\nX-Precedence: auto_reply\n", _plain(f"{letter}\n\n{language.away}")


def autoreply_from(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "X-Autoreply-From: admin@registry.example\n", _plain(f"{language.away}\n\n{letter}")


def autogenerated(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "X-Autogenerated: Reply\n", _plain(f"{language.away}\n\n{letter}")


def firstclass(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "X-FC-MachineGenerated: true\n", _plain(f"{language.away}\n\n{letter}")


def zendesk(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "X-Mailer: Zendesk Mailer\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
    above = "##- Please type your reply above this line -##"
    return marks, _alternative(f"{above}\n\nYour request (48213) has been received.\n\n{letter}")


def otrs(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "X-Mailer: OTRS Mail Service (6.5.1)\nPrecedence: bulk\nAuto-Submitted: auto-replied\nX-OTRS-Loop: yes\n"
    return marks, _plain(f"[Ticket#2026112010000017] {language.away}\n\n{_marked(letter)}")


def rt(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "RT-Ticket: registry.example #48213\nPrecedence: bulk\nX-RT-Loop-Prevention: registry.example\n"
    return marks, _plain(
        f"Greetings,\n\nyour ticket has an ID of [registry.example #48213].\n{'-' * 73}\n{letter}"
    )


def jira(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = "Auto-Submitted: auto-generated\nPrecedence: bulk\nX-JIRA-FingerPrint: 0123\n"
    return marks, _alternative(f"—-—-—-—\nReply above this line.\n\nAdmin commented:\n\n{letter}")


def servicenow(said: str, letter: str, language: Language) -> tuple[str, str]:
    marks = (
        "X-ServiceNow-Generated: true\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: DR, OOF\n"
    )
    return marks, _alternative(f"INC0048213 has been opened on your behalf.\n\n{letter}\nRef:MSG0123456")


def newsletter_desk(said: str, letter: str, language: Language) -> tuple[str, str]:
    """A help desk that mails through a bulk mailer."""
    marks = "Feedback-ID: 48213:desk:registry\nList-Unsubscribe: <https://desk.example/u/1>\n"
    return marks, _alternative(f"We got your request.\n\n{letter}")


def mailing_list(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Mailing-List: contact staff-help@registry.example; run by ezmlm\n", _plain(f"{said}\n\n{letter}")


def list_post(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "List-Post: <mailto:staff@registry.example>\n", _plain(f"{said}\n\n{letter}")


def receipt(said: str, letter: str, language: Language) -> tuple[str, str]:
    """A message disposition notification, RFC 8098."""
    report = (
        "Reporting-UA: registry.example; Client\nFinal-Recipient: rfc822;admin@registry.example\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    parts = (
        f"--=r\n{_plain(letter)}\n--=r\nContent-Type: message/disposition-notification\n\n{report}\n--=r--\n"
    )
    return "", (
        f'Content-Type: multipart/report; report-type=disposition-notification; boundary="=r"\n\n{parts}'
    )


def bare_receipt(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "", f"Content-Type: message/disposition-notification\n\nDisposition: automatic-action\n\n{letter}"


def abuse_report(said: str, letter: str, language: Language) -> tuple[str, str]:
    """RFC 5965."""
    parts = (
        f"--=r\n{_plain(letter)}\n--=r\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
        f"Version: 1\nUser-Agent: x/1\n\n--=r\nContent-Type: message/rfc822\n\nSubject: x\n\n{letter}\n--=r--\n"
    )
    return "", f'Content-Type: multipart/report; report-type=feedback-report; boundary="=r"\n\n{parts}'


def calendar(said: str, letter: str, language: Language) -> tuple[str, str]:
    """Somebody's calendar accepts an invitation."""
    event = (
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nPARTSTAT:ACCEPTED\nSUMMARY:CONFIRM\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    return (
        "Subject: Accepted: Yes or no?\n",
        f"Content-Type: text/calendar; method=REPLY\n\n{event}\n{letter}",
    )


def came_round(said: str, letter: str, language: Language) -> tuple[str, str]:
    """It passed us before: an alias that leads back to us."""
    own = "Delivered-To: tld-ops@lists.example\n"
    return own * 2, _plain(f"{said}\n{letter}")


MACHINES: dict[str, Form] = {
    form.__name__: form
    for form in (
        *(exchange_oof, exchange_rule, vacation_1, vacation_old, sieve, gmail_vacation, notes_agent, cpanel),
        *(autoreply_from, autogenerated, firstclass, zendesk, otrs, rt, jira, servicenow, newsletter_desk),
        *(mailing_list, list_post, receipt, bare_receipt, abuse_report, calendar, came_round),
    )
}


# --- machines that do not say so


def challenge(said: str, letter: str, language: Language) -> tuple[str, str]:
    """A spam filter that asks the sender to prove to be a person."""
    text = f"Please reply to this mail to confirm that you wrote:\n\nCONFIRM\n\n{letter}"
    return "Subject: Please confirm your message\n", _plain(text)


def unmarked_ticket(said: str, letter: str, language: Language) -> tuple[str, str]:
    return "Subject: [Ticket 48213] Yes or no?\n", _alternative(f"{letter}\n\nTicket 48213 was opened.\n")


def unmarked_away(said: str, letter: str, language: Language) -> tuple[str, str]:
    return f"Subject: {language.away_subject}\n", _plain(f"{language.away}\n\n{letter}")


def away_below(said: str, letter: str, language: Language) -> tuple[str, str]:
    return f"Subject: {language.away_subject}\n", _plain(f"{letter}\n\n{language.away}\n")


def read_note(said: str, letter: str, language: Language) -> tuple[str, str]:
    """Outlook's read receipt, as some gateways pass it on."""
    return "Subject: Read: Yes or no?\n", _plain(f"Your message\n\n{_block(letter, language)}\n\nwas read.")


UNMARKED: dict[str, Form] = {
    form.__name__: form for form in (challenge, unmarked_ticket, unmarked_away, away_below, read_note)
}
