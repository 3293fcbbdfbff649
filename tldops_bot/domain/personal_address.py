"""Which addresses look like a role, a desk or a shared mailbox, not one person's (RFC 2142, custom)."""

import re

from tldops_bot.domain.address import domain_of, parse_address

# First RFC 2142, then what registries and security teams really use.
_ROLE_WORDS_TEXT = """
info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp
admin administrator administrators administration administrative adm sysadmin root operator operators
operations operation ops op oper devops netops secops sysops opsec soc csirt cert cirt psirt irt sirt
incident incidents response emergency alert alerts alarm warning duty oncall call nic dns dnssec domain
domains domreg registry registrar registrars registration registrations registrant tld tlds cctld gtld
idn iana icann zone zones ns nameserver nameservers whois rdap epp srs net network networks netadmin
noreply reply nobody donotreply mailer daemon mail email mailbox inbox post office desk helpdesk service
services servicedesk help contact contacts contactus enquiries enquiry enquire inquiry inquiries hello
team teams group staff all everyone crew list lists board committee council management manager managers
director directors directorate ceo cto cio ciso cso coo cfo president chair chairman secretary
secretariat sekretariat secretaria secretariado legal law compliance policy privacy dpo gdpr billing
accounts accounting finance invoice invoices tech technical technician technicians engineer engineering
engineers eng it ict infra infrastructure system systems sys server servers host hosting hostmasters web
webmasters site internet master customer customers client clients press media public relations pr hr
jobs test testing demo user guest role generic shared default main general central global national
country local primary backup secondary poc point tac bot robot auto automatic monitor monitoring nagios
report reports reporting contacto soporte tecnico tecnica correo redes administrador administracion
administracao seguridad seguranca registro kontakt technik sicherheit buero verwaltung technique
securite bureau direction juridique
"""
_ROLE_WORDS = frozenset(_ROLE_WORDS_TEXT.split())
# Short words make names when put together ("tito"), so only longer ones may be joined without a separator.
_JOINABLE = frozenset(word for word in _ROLE_WORDS if len(word) >= 3)

_FREEMAIL_TEXT = """
gmail.com googlemail.com msn.com passport.com icloud.com me.com mac.com aol.com aim.com ymail.com
rocketmail.com web.de t-online.de freenet.de mail.ru bk.ru inbox.ru list.ru rambler.ru ya.ru ukr.net
i.ua proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com
qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com naver.com daum.net hanmail.net
nate.com rediffmail.com zoho.com zohomail.com fastmail.com fastmail.fm hushmail.com mail.com email.com
usa.com inbox.com inbox.lv mail.ee seznam.cz email.cz centrum.cz o2.pl wp.pl onet.pl interia.pl
libero.it virgilio.it tiscali.it uol.com.br bol.com.br terra.com.br ig.com.br orange.fr wanadoo.fr
free.fr laposte.net sfr.fr bluewin.ch abv.bg mailfence.com posteo.de posteo.net mailbox.org riseup.net
disroot.org duck.com hey.com comcast.net verizon.net att.net sbcglobal.net btinternet.com
"""
_FREEMAIL = frozenset(_FREEMAIL_TEXT.split())
_FREEMAIL_EVERYWHERE = frozenset(("yahoo", "hotmail", "outlook", "live", "gmx", "yandex", "aol"))
_NATIONAL = re.compile(r"(com|net|[a-z]{2}|(co|com)\.[a-z]{2})")


def looks_generic(address: str) -> str:
    """Why this may be no person's own address: a reason word, or an empty string.

    `not_an_address`, `role_name` (`noc-1@`, `dns.admin@`), `initials` (`g@`, `j.d@`), `no_letters` (`1234@`),
    `organisation_name` (`registry-x@registry-x.example`).
    """
    parsed = parse_address(address)
    if parsed is None:
        return "not_an_address"
    # What follows a plus sign still belongs to the mailbox in front of it.
    base = parsed.rpartition("@")[0].lower().split("+")[0]
    words = [word for word in re.split(r"[^a-z]+", base) if word]
    if not words:
        return "no_letters"
    if _is_role(words):
        return "role_name"
    if _is_organisation(base, domain_of(parsed)):
        return "organisation_name"
    if sum(map(len, words)) <= 2:
        return "initials"
    return ""


def looks_freemail(address: str) -> str:
    """`freemail` for an address at a provider open to everybody, else an empty string.

    Such a domain says nothing about whom its user speaks for.
    """
    domain = domain_of(address)
    family, _, rest = domain.partition(".")
    everywhere = family in _FREEMAIL_EVERYWHERE and _NATIONAL.fullmatch(rest) is not None
    return "freemail" if domain in _FREEMAIL or everywhere else ""


def is_role_word(word: str) -> bool:
    """Whether a word (lower case, a to z) names a role or a team: `noc`, `dnsadmin`."""
    return word in _ROLE_WORDS or _is_joined(word)


def _is_role(words: list[str]) -> bool:
    """All words are roles; beside one, two letters are taken for a country (`nl-noc`), x for `24x7`."""
    roles = [is_role_word(word) for word in words]
    joined = "".join(words)  # "host.master", "web-master"
    return joined in _ROLE_WORDS or (
        any(roles)
        and all(role or len(word) == 2 or word == "x" for role, word in zip(roles, words, strict=True))
    )


def _is_joined(word: str) -> bool:
    """Whether the word is made of role words alone, one after the other: `dnsadmin`, `tldops`."""
    ends = {0}  # the places a chain of parts can reach
    for end in range(1, len(word) + 1):
        if any(word[start:end] in _JOINABLE for start in ends):
            ends.add(end)
    return len(word) in ends


def _is_organisation(base: str, domain: str) -> bool:
    """Whether the mailbox is named after its domain, by one of the domain's labels."""
    return base in domain.split(".")
