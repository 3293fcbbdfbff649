"""The story of the demo, step by step: three TLDs join, ask, are attacked, and warn each other."""

from collections.abc import Mapping
from pathlib import Path

from tldops_bot.cli._demo_letters import Read
from tldops_bot.cli._demo_people import Someone
from tldops_bot.cli._demo_stage import LIST_ADDRESS, Stage, must

LIST_LINE = f"List: {LIST_ADDRESS}"
IDN, IDN_A_LABEL = "пример", "xn--e1afmkfd"
ALERT = f"""\
ALERT
{LIST_LINE}
Title: Registrar accounts taken over by phishing
TLP: AMBER
Severity: high

Since 04:10 UTC somebody changes name servers of our second-level domains
to 192.0.2.66, with stolen passwords of registrars. Look for changes to that
address in your own registry, and stop them."""

People = Mapping[str, Someone]


def tell(stage: Stage, people: People) -> None:
    """Tell all of it. Raises DemoFailed if something does not come out as told."""
    _first_word(stage, people)
    _ann_joins(stage, people)
    _bob_joins(stage, people)
    _dina_joins(stage, people)
    query = _ann_asks(stage, people)
    roster = _the_roster(stage, people)
    _forgeries(stage, people)
    _replay(stage, people, query)
    alert_id = _the_alert(stage, people, roster)
    _who_has_seen_it(stage, people, alert_id)


def _first_word(stage: Stage, people: People) -> None:
    ann = people["ann"]
    stage.step("Ann has never heard of this list, and sends it one word.")
    stage.plain(ann, "HELP", "what is this?")
    got = stage.receives(ann, "SUCCESS: what is this?", "SUBSCRIBE", 4, is_open=True)
    held = [file for name, file in got.files.items() if name.endswith(".asc")]
    must(len(held) == 1, "the list's key does not come with HELP")
    stage.aside(f"the list's public key came with it: {held[0].name}")


def _ann_joins(stage: Stage, people: People) -> None:
    ann, role = people["ann"], people["role"]
    stage.step("Ann asks to become a contact of .xa; her mail is signed, and her key is attached.")
    text = "SUBSCRIBE xa\nName: Ann Example\nPhone: +44 20 7946 0123\nOrganisation: Registry XA"
    stage.signed(ann, text, "joining", with_key=True)
    stage.receives(ann, "WAITING: joining", "We have sent", 2, is_open=True)
    stage.step(
        "First Ann proves her mailbox and her key: a line comes encrypted to her and goes back signed."
    )
    stage.answer(ann, stage.receives(ann, "Is this you", "Yes: reply", 2))
    stage.step(
        "Only then IANA's contact of .xa is asked: a role address without any key. Its answer is one line."
    )
    question = stage.receives(role, "Yes or no", "The question:", 6, is_open=True)
    must(ann.fingerprint in question.text.replace(" ", ""), "the voucher does not see the fingerprint")
    stage.answer(role, question)
    stage.receives(ann, "Welcome", "Welcome, Ann", 4)


def _bob_joins(stage: Stage, people: People) -> None:
    bob = people["bob"]
    stage.step("Bob of .xb is himself the administrative contact at IANA: one proof is both.")
    text = "SUBSCRIBE xb\nName: Bob Example\nMobile: +44 20 7946 0456\nOrganisation: Registry XB"
    stage.signed(bob, text, "joining", with_key=True)
    stage.answer(bob, stage.receives(bob, "Is this you", "Yes: reply", 2))
    stage.receives(bob, "Welcome", "Welcome, Bob", 4)


def _dina_joins(stage: Stage, people: People) -> None:
    dina, role = people["dina"], people["idn_role"]
    stage.step(f"Dina of .{IDN} has no OpenPGP key. She can be listed, and called, all the same.")
    stage.plain(dina, f"SUBSCRIBE {IDN}\nName: Dina Example\nPhone: +44 20 7946 0789", "joining")
    stage.answer(dina, stage.receives(dina, "Is this you", "Yes: reply", 2, is_open=True))
    stage.answer(role, stage.receives(role, "Yes or no", "The question:", 6, is_open=True))
    stage.receives(dina, "Welcome", "Welcome, Dina", 4, is_open=True)


def _ann_asks(stage: Stage, people: People) -> bytes:
    ann = people["ann"]
    stage.step(f"Ann wants to reach the people of .xb and .{IDN}, now.")
    query = stage.signed(ann, f"QUERY xb {IDN}", "whom do I call?")
    got = stage.receives(ann, "SUCCESS: whom do I call?", ".xb", 12)
    must("+442079460456" in got.text and "Dina Example" in got.text, "QUERY does not name the contacts")
    return query


def _the_roster(stage: Stage, people: People) -> Read:
    bob = people["bob"]
    stage.step("Bob asks for the roster, to have it at hand when the network is not.")
    stage.town.print_roster()
    stage.signed(bob, "ROSTER", "roster")
    got = stage.receives(bob, "SUCCESS: roster", "COVERAGE")
    stage.lines("…", "|")
    stage.lines(_contact_lines(got), "|")
    wanted = {"roster.vcf", "roster.csv", "roster.json"}
    must(wanted <= set(got.files), "files are missing in the roster")
    sizes = ", ".join(f"{name} ({file.stat().st_size} bytes)" for name, file in sorted(got.files.items()))
    stage.aside(f"with the files {sizes}")
    return got


def _contact_lines(roster: Read) -> str:
    """The lines of the roster about people."""
    lines = roster.text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("CONTACTS"))
    last = next(
        (n for n, line in enumerate(lines) if n > first and line.startswith(("MISSING", "FILES"))), None
    )
    return "\n".join(line for line in lines[first:last] if line.strip() and not line.startswith("!"))


def _forgeries(stage: Stage, people: People) -> None:
    ann, bob, mallory = people["ann"], people["bob"], people["mallory"]
    author = f"{ann.name} <{ann.address}>"
    stage.step("Mallory writes as Ann: From says so, and nothing else does. Ann, not Mallory, hears of it.")
    stage.plain(mallory, f"UNSUBSCRIBE ALL\n{LIST_LINE}", "forged 1", author=author)
    stage.receives(ann, "FAILED: forged 1", "NOTHING was done", 3, is_open=True)
    stage.step("Mallory signs with a key of her own, and attaches it.")
    text = f"ALERT\n{LIST_LINE}\n\nEverything is fine, go back to sleep."
    stage.signed(mallory, text, "forged 2", author=author, with_key=True)
    stage.receives(ann, "FAILED: forged 2", "Only contacts", 2, is_open=True)
    stage.has_nothing(bob, "[TLP:")
    stage.has_nothing(mallory, "")
    stage.aside("Bob got no alert, and Mallory no answer")


def _replay(stage: Stage, people: People, captured: bytes) -> None:
    ann, mallory = people["ann"], people["mallory"]
    stage.step("Mallory has caught Ann's question of before, signature and all, and sends it again.")
    how = "Ann's signed mail, octet for octet"
    stage.sent(mallory, captured, "(the same QUERY)", LIST_ADDRESS, how)
    again = stage.receives(ann, "whom do I call?", "signed mail", 4)
    must("2079460456" not in again.text, "the answer to a replay repeats details")
    stage.has_nothing(mallory, "")
    stage.aside("no details in the answer, and none to Mallory")


def _the_alert(stage: Stage, people: People, roster: Read) -> str:
    ann, bob, carol, dina = (people[name] for name in ("ann", "bob", "carol", "dina"))
    stage.step("Ann sees an attack that will hit others next, and warns them.")
    stage.signed(ann, ALERT, "alert")
    got = stage.receives(bob, "[TLP:AMBER] A-", "TLP:AMBER", 10)
    alert_id = got.subject.split()[1]  # before the word for phones, which is everybody's own
    must("phishing" not in got.subject, "the title of an alert stands in its subject")
    _verify_the_original(stage, bob, ann, got)
    must(ann.fingerprint in roster.text.replace(" ", ""), "the roster does not have the poster's key")
    stage.step("The committee gets it, too; Dina, without a key, hears only that something waits for her.")
    stage.receives(carol, f"[TLP:AMBER] {alert_id}", "Alert:", 2)
    notice = stage.receives(dina, "An alert waits", "There is an alert", 3, is_open=True)
    must("192.0.2.66" not in notice.text, "a notice without content has content")
    stage.receives(ann, "SUCCESS: alert", "It is on its way")
    return alert_id


def _verify_the_original(stage: Stage, reader: Someone, poster: Someone, got: Read) -> None:
    """With gpg alone, and the poster's key as it came with the mail; the fingerprint was in the roster."""
    stage.step(f"Is that really {poster.short}? {reader.short} trusts neither us nor the mail, but gpg.")
    reader.import_key(got.files["poster-key.asc"].read_bytes())
    signature, signed = got.files["original.sig"], got.files["original.bin"]
    stage.lines(f"{reader.short.lower()}$ gpg --verify {signature.name} {signed.name}", " ")
    by = reader.verify(signature, signed)
    must(by == poster.fingerprint, "gpg does not find the poster's signature good")
    must("192.0.2.66" in signed.read_text(encoding="utf-8"), "the original is not what was posted")
    stage.aside(f"Good signature by {by}, {poster.short}'s key, as the roster has it")


def _who_has_seen_it(stage: Stage, people: People, alert_id: str) -> None:
    ann, bob = people["ann"], people["bob"]
    stage.step("Bob says that he has seen it. To that, no answer is needed.")
    stage.signed(bob, f"ACK {alert_id} we are looking", "seen")
    stage.has_nothing(bob, "seen")
    stage.step("Ann looks whom her alert has reached.")
    stage.signed(ann, f"STATUS {alert_id}", "who knows?")
    got = stage.receives(ann, "SUCCESS: who knows?", "sent 2", 20)
    seen = [line.split() for line in got.text.splitlines() if line.split()[:1] == ["seen"]]
    must(["seen", ".xb"] in seen, "STATUS does not show the ACK")
    must("we are looking" in got.text, "STATUS does not show the words of the ACK")


def iana_answers(folder: Path) -> None:
    """What whois.iana.org would say of three TLDs, if it knew them: a file each."""
    folder.mkdir()
    for a_label, u_label, organisation, role in (
        ("xa", "xa", "Registry XA", "admin@nic-xa.example"),
        ("xb", "xb", "Registry XB", "bob@registry-xb.example"),
        (IDN_A_LABEL, IDN, "Registry of an Example", "admin@nic-primer.example"),
    ):
        ace = f"domain-ace:   {a_label.upper()}\n" if a_label != u_label else ""
        contact = f"name:         Example Role\norganisation: {organisation}\nphone:        +99 1 555 0100\n"
        (folder / f"{a_label}.txt").write_text(
            "% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n"
            "% This query returned 1 object\n\n"
            f"domain:       {u_label.upper()}\n{ace}\norganisation: {organisation}\n\n"
            f"contact:      administrative\n{contact}e-mail:       {role}\n\n"
            "status:       ACTIVE\n\ncreated:      2020-01-01\nchanged:      2026-01-01\nsource:       IANA\n",
            encoding="utf-8",
        )
