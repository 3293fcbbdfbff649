"""A person is written to in the language they chose; a mail to many is made once for each language."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, stored
from tldops_bot.config import Config, ConfigProblem, load_config
from tldops_bot.store import alerts
from tldops_bot.store.tables import Alert, Delivery, Message, Person

HUMAN, UN_HUMAIN = "A human: ", "Un humain : "


def sent(desk: Desk, address: str) -> str:
    """The newest mail to an address, in the octets that are signed."""
    with desk.look() as session:
        query = select(Message).join(Delivery).where(Delivery.rcpt_to == address).order_by(Message.id.desc())
        return (session.scalars(query).first() or Message()).entity.decode()  # type: ignore[union-attr]


def is_french(desk: Desk, address: str) -> bool:
    text = sent(desk, address)
    assert (HUMAN in text) is not (UN_HUMAIN in text), text
    return UN_HUMAIN in text


def speak(desk: Desk, who: KeyPair, language: str) -> None:
    assert outcome(desk.say_bound(who, f"UPDATE\nLanguage: {language}")) == "updated"


def test_update_chooses_a_language_and_its_own_answer_is_in_it(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "HELP")
    assert not is_french(desk, ann.address)
    speak(desk, ann, "français")
    assert stored(desk, ann.address).language == "fr"
    assert is_french(desk, ann.address)
    desk.later(seconds=1)
    desk.say(ann, "HELP")
    assert is_french(desk, ann.address)


def test_a_dash_goes_back_to_the_language_of_the_list(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    speak(desk, ann, "fr")
    desk.later(seconds=1)
    speak(desk, ann, "-")
    assert stored(desk, ann.address).language == ""
    assert not is_french(desk, ann.address)


def test_an_unknown_language_is_refused_with_those_there_are(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, "UPDATE\nLanguage: Klingon")) == "unknown_language"
    assert "\r\n  en, fr\r\n" in sent(desk, ann.address)
    assert stored(desk, ann.address).language == ""


def test_a_refusal_is_in_the_language_of_the_person(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    speak(desk, ann, "fr")
    desk.later(seconds=1)
    desk.say(ann, "DANCE")
    assert is_french(desk, ann.address)


def test_show_tells_the_language(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    speak(desk, ann, "fr")
    desk.later(seconds=1)
    desk.say(ann, "SHOW")
    assert "Langue" in sent(desk, ann.address)


def test_a_test_shows_the_language_one_has_and_changes_nothing(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "TEST\nUPDATE\nLanguage: fr")
    assert stored(desk, ann.address).language == ""
    assert not is_french(desk, ann.address)


NEWCOMER = "SUBSCRIBE nl\nName: Zoé Exemple\nPhone: +44 20 7946 0123\nLanguage: fr"


def test_a_newcomer_is_asked_and_answered_in_the_language_they_wish(desk: Desk) -> None:
    desk.iana("nl", "admin@registry.example")
    zoe = "zoe@nic.example"
    desk.write(zoe, NEWCOMER)
    assert is_french(desk, zoe)
    assert "letters/prove" in [one.template for one in desk.to(zoe)]
    answer(desk, zoe)
    assert not is_french(desk, "admin@registry.example")
    answer(desk, "admin@registry.example")
    assert stored(desk, zoe).language == "fr"
    assert is_french(desk, zoe)
    assert desk.last(zoe).template == "letters/welcome"


def test_a_question_in_french_is_answered_by_its_line_in_any_language(desk: Desk) -> None:
    desk.iana("nl", "admin@registry.example")
    zoe = "zoe@nic.example"
    desk.write(zoe, NEWCOMER)
    quoted = "".join(f"> {line}\n" for line in sent(desk, zoe).split("\r\n"))
    token = desk.token_for(zoe)
    assert outcome(desk.write(zoe, f"CONFIRM {token}\n\nLe 3 mars, TLD-OPS a écrit :\n{quoted}")) == "proven"


def test_a_forger_who_names_a_language_changes_nobody_s(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.write(ann.address, NEWCOMER.replace("SUBSCRIBE nl", "SUBSCRIBE be"))
    assert stored(desk, ann.address).language == ""


def test_an_alert_is_one_message_for_each_language_and_its_reach_counts_both(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    for who, tld in ((ann, "nl"), (bob, "be"), (carol, "de")):
        desk.member(who, tld)
    speak(desk, bob, "fr")
    desk.later(seconds=1)
    assert outcome(desk.say_bound(ann, "ALERT\n\nLook out")) == "posted"
    with desk.look() as session:
        alert = session.scalars(select(Alert)).one()
        number = alert.id
        made = list(session.scalars(select(Message).where(Message.alert_id == alert.id)))
        assert len(made) == 2
        (french,) = [one for one in made if UN_HUMAIN in (one.entity or b"").decode()]
        to = set(session.scalars(select(Delivery.rcpt_to).where(Delivery.message_id == french.id)))
        assert to == {bob.address}
        assert len({one.subject for one in made}) == 1
        assert len(alerts.reach(session, alert)) >= 2
    with desk.app.database.write() as session:
        mine = session.scalars(select(Delivery).join(Message).where(Message.alert_id == number)).all()
        for one in mine:
            one.state, one.finished_at = "taken", desk.now
        mine[-1].state, mine[-1].finished_at = "waiting", None
        last = mine[-1].id
    with desk.look() as session:
        alert = session.scalars(select(Alert)).one()
        assert alerts.seconds_to_last_copy(session, alert) is None  # a copy in the other language still waits
    with desk.app.database.write() as session:
        session.get_one(Delivery, last).state = "taken"
        session.get_one(Delivery, last).finished_at = desk.now
    with desk.look() as session:
        assert alerts.seconds_to_last_copy(session, session.scalars(select(Alert)).one()) is not None


def test_the_farewell_is_in_the_language_that_is_then_forgotten(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    speak(desk, ann, "fr")
    desk.later(seconds=1)
    desk.say_bound(ann, "FORGET")
    answer(desk, ann.address)
    with desk.look() as session:
        assert session.scalars(select(Person.language)).all() == [""]
        farewell = session.scalars(select(Message).order_by(Message.id.desc())).all()
        assert any("Vos données sont effacées" in one.subject for one in farewell)


def test_a_list_may_speak_french_to_all_who_chose_nothing(ann: KeyPair, bob: KeyPair) -> None:
    with open_desk(more="") as desk:
        file = desk.app.config.file
        file.write_text(file.read_text().replace("[list]\n", '[list]\nlanguage = "fr"\n'))
        desk.app.config = load_config(file)
        desk.member(ann, "nl")
        desk.member(bob, "be")
        speak(desk, bob, "en")
        desk.later(seconds=1)
        desk.say(ann, "HELP")
        desk.say(bob, "HELP")
        assert is_french(desk, ann.address)
        assert not is_french(desk, bob.address)
        desk.write("stranger@client.example", "HELP")
        assert is_french(desk, "stranger@client.example")


def test_a_language_without_templates_is_none_to_choose(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    needed = '[list]\naddress = "a@x.example"\nowner = "o@x.example"\n{}[operator]\nemail = "r@x.example"\n{}'
    for own, others, where in (
        ('language = "de"\n', "", "de"),
        ("", '[templates]\nlanguages = ["fr"]\n', "en"),
        ('language = "french"\n', "", "list.language"),
        ("", "[templates]\nlanguages = []\n", "templates.languages"),
    ):
        file.write_text(needed.format(own, others))
        with pytest.raises(ConfigProblem, match=where):
            load_config(file)
    file.write_text(needed.format('language = "fr"\n', '[templates]\nlanguages = ["fr"]\n'))
    assert isinstance(load_config(file), Config)
