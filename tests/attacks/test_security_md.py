"""The known attacks on programs like this one, each with the test that shows it fails here."""

import re
from pathlib import Path

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair, mail, message_entity, multipart, person, text_entity
from tests.outcomes import outcome, rows, states, stored
from tldops_bot.adapters.gnupg_runner import ALWAYS
from tldops_bot.store import people, people_keys

TESTS = Path(__file__).resolve().parents[1]

SHOWN_BY = {
    "gpg's exit status is no verdict: revoked key": "test_a_revoked_key_is_refused_though_gpg_leaves_with_zero",
    "gpg's exit status is no verdict: expired key": "test_an_expired_primary_key_takes_its_live_subkey_with_it",
    "gpg's exit status is no verdict: unsigned data": "test_encryption_without_signature_is_none",
    "gpg's exit status is no verdict: two signers": "test_two_good_signatures_are_refused",
    "gpg's exit status is no verdict: weak hashes": "test_weak_hashes_are_refused_though_gpg_accepts_them",
    "text round a clearsigned block": "test_an_inline_block_is_cut_out_of_its_text",
    "text before a captured signature": "test_what_stands_before_a_captured_signature_is_not_signed",
    "text behind and between": "test_what_stands_behind_a_captured_signature_is_not_signed",
    "a signed attachment as the body": "test_a_signed_part_that_is_only_attached_is_misplaced",
    "a block that HTML hides": "test_an_inline_block_that_is_shown_only_where_html_asks_for_it_is_misplaced",
    "a block twice, or two of them": "test_two_inline_blocks_are_refused",
    "several signatures of one signer": "test_two_signatures_of_one_member_are_called_several",
    "a signature of a version to come": "test_a_signature_of_a_version_to_come_is_called_unsupported",
    "an unknown critical notation": "test_a_critical_notation_that_nobody_knows_is_not_called_a_changed_text",
    "status lines in the text": "test_text_may_look_like_status_lines",
    "status lines in a notation (CVE-2022-34903)": "test_status_lines_forged_in_a_notation_are_not_believed",
    "status lines in a file name (CVE-2018-12020)": "test_status_lines_forged_in_a_file_name_are_not_believed",
    "status lines in a user ID": "test_a_user_id_with_forged_status_lines_proves_nothing",
    "line ends that only Unicode knows, in a user ID": "test_no_line_end_in_a_user_id_makes_a_record_of_it",
    "a signed part that was written anew": "test_a_part_that_is_written_anew_is_not_what_was_signed",
    "text by a pattern instead of gpg's output": "test_the_text_of_an_inline_block_is_gpgs_own_output",
    "a decompression bomb (CVE-2022-3219)": "test_a_decompression_bomb_stops_at_the_limit",
    "two addresses in From (CVE-2023-27043)": "test_any_doubt_about_the_author_is_a_problem",
    "a false end of DATA (CVE-2024-27305)": "test_a_false_end_smuggles_no_mail_and_is_refused_whole",
    "a false end behind Postfix (CVE-2023-51764)": "test_nothing_is_smuggled_through_postfix",
    "bare LF, CR and NUL": "test_bare_cr_bare_lf_and_nul_are_refused_before_anything_is_stored",
    "commands behind STARTTLS (CVE-2024-34083)": "test_commands_injected_behind_starttls_end_the_connection",
    "a roster skipped by a grace of one second": "test_after_two_days_of_downtime_the_missed_roster_is_sent_once",
    "a passphrase with a line end (CVE-2019-6690)": "test_a_passphrase_is_never_asked_for",
    "unsigned data round a packet (CVE-2006-0049)": "test_text_beside_the_signed_one_is_refused",
    "a signed message as the detached signature": "test_a_whole_signed_message_is_no_detached_signature",
    "a form feed, NotDashEscaped (gpg.fail)": "test_tricks_are_refused_before_gpg_sees_them",
    "a lie in Hash: (CVE-2023-41037)": "test_tricks_are_refused_before_gpg_sees_them",
    "a subkey that is not bound": "test_a_subkey_that_the_primary_key_did_not_bind_is_dropped",
    "a subkey that was taken in": "test_a_key_that_took_in_mine_does_not_lock_me_out",
    "line breaks in an address handed over": "test_nothing_that_could_break_a_header_or_envelope_gets_through",
    "line breaks in a header we write (CVE-2026-1299)": "test_no_value_can_add_a_header_or_a_line",
    "a line break in a file name": "test_a_hostile_file_name_is_only_a_name",
    "ambiguous headers and structures (MIMEminer)": "test_what_two_readers_may_read_differently_is_unsound",
    "deep and many parts": "test_depth_and_number_of_parts_are_limited",
    "a forwarded mail": "test_a_forwarded_mail_is_never_the_message",
    "a signature round captured ciphertext (EFAIL)": "test_a_signature_round_encryption_is_refused",
    "quoting what was decrypted": "test_signature_round_captured_encrypted_mail_is_refused_before_decryption",
    "an answer to Reply-To": "test_reply_answers_the_mail_and_never_goes_to_reply_to",
    "Sender and Return-Path of somebody else": "test_an_answer_goes_to_whom_it_is_about",
    "a clock far ahead or behind": "test_expiry_is_judged_at_the_arrival_not_today",
    "replay": "test_a_captured_mail_does_nothing_a_second_time_and_tells_its_sender_nothing",
    "a mail for another list": "test_a_signed_mail_written_for_another_list_waits_for_its_signer",
    "the null sender": "test_null_sender_is_never_answered",
    "automatic mail": "test_a_machine_answers_no_token_and_gets_no_answer",
    "many mails from one forged sender": "test_one_forged_sender_gets_six_answers_a_day_at_most",
    "a malformed mail stops the runner (CVE-2005-4153)": "test_a_malformed_date_is_no_breakage",
    "mail that takes long or much": "test_no_mail_takes_more_than_five_seconds_or_200_mb_or_stays_in_hand",
    "random octets": "test_no_mutation_of_a_mail_breaks_intake",
    "what a stranger learns from an error": "test_a_stranger_reads_the_same_whoever_is_named",
    "what a stranger learns from a spoiled signature": (
        "test_what_somebody_else_signed_does_not_tell_a_stranger_who_is_known"
    ),
    "gpg's exit status is no verdict: revoked subkey": (
        "test_a_revoked_subkey_is_refused_though_its_primary_key_lives"
    ),
    "gpg's exit status is no verdict: old signature of a live key": "test_an_expired_signature_is_refused",
    "a block without Hash: (RFC 9580)": "test_a_block_without_hash_is_no_way_round_what_is_weak_or_changed",
    "a boundary written twice (RFC 2231)": (
        "test_a_boundary_in_pieces_and_a_comment_hide_nothing_from_the_signature"
    ),
    "a charset that hides ASCII": "test_no_charset_hides_a_command_in_what_is_no_ascii",
    "a key certified by half the world (CVE-2019-13050)": "test_a_key_that_half_the_world_has_certified_is_read",
    "a subkey crafted to spoil verification (CVE-2025-30258)": (
        "test_a_key_that_took_in_mine_does_not_lock_me_out"
    ),
    "a second @ in From (CVE-2019-16056)": "test_an_author_that_looks_like_an_iana_contact_is_none",
    "secrets in arguments (CVE-2014-1927)": "test_arguments_of_processes_hold_nothing_of_a_mail",
    "a bot that answers a bot": "test_an_echoing_ticket_system_and_we_fall_silent",
    "DNS answers that never come": (
        "test_a_flood_of_mails_whose_servers_hang_soon_costs_no_time_and_later_it_is_tried_again"
    ),
    "a key directory that points inwards": "test_no_address_within_is_ever_connected_to",
    "a DNS answer made to cost proofs (CVE-2023-50387)": (
        "test_few_keys_and_signatures_are_tried_however_many_a_zone_has"
    ),
}


def test_each_attack_names_a_test_that_is_there() -> None:
    there = {
        name
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(
            r"^(?:async )?def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert {one for one in SHOWN_BY.values() if one not in there} == set()


# --- what no other test shows


def test_an_ecdsa_signature_made_again_is_no_other_signature(desk: Desk) -> None:
    """gpg's own SIG_ID would take it for another one: the memory is of key, time and text."""
    nina = KeyPair.make("Nina Example", "nina@nic.example", algorithm="nistp256")
    desk.member(nina, "nl")
    entity = message_entity("QUERY MISSING\n")
    first, second = (nina.sign_entity(entity, at=desk.now) for _ in range(2))
    assert first.split(b"BEGIN PGP SIGNATURE")[1] != second.split(b"BEGIN PGP SIGNATURE")[1]
    assert outcome(desk.receive(first, nina.address)) == "missing"
    assert desk.receive(second, nina.address).decision.kind == "repeated"


def test_gpg_fetches_imports_and_starts_nothing_by_itself() -> None:
    wanted = {
        "--no-auto-key-retrieve",
        "--no-auto-key-import",
        "--no-auto-key-locate",
        "--disable-dirmngr",
        "--no-options",
    }
    assert wanted <= set(ALWAYS)
    assert "--no-autostart" in ALWAYS


@pytest.mark.parametrize("digits", [8, 16])
def test_a_few_digits_of_a_fingerprint_name_nobody_for_sure(desk: Desk, ann: KeyPair, digits: int) -> None:
    desk.member(ann, "nl")
    with desk.look() as session:
        assert people.by_fingerprint(session, ann.fingerprint[-digits:]) is None
        assert (people_keys.certificate_for(session, ann.fingerprint[-digits:]) is None) is (digits == 8)


@pytest.mark.parametrize(
    "author",
    [
        "admin@registry.example <thief@elsewhere.example>",
        '"admin@registry.example" <thief@elsewhere.example>',
        "=?utf-8?q?admin=40registry.example?= <thief@elsewhere.example>",
        "admin@registry.example, thief@elsewhere.example",
        "admin@registry.example@elsewhere.example",
        "<admin@registry.example>thief@elsewhere.example",
        "admin@registry.example(comment)thief@elsewhere.example",
        "admin@regіstry.example",  # with a Cyrillic letter
    ],
)
def test_an_author_that_looks_like_an_iana_contact_is_none(desk: Desk, ann: KeyPair, author: str) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", "admin@registry.example")
    raw = mail({"From": author, "To": "tld-ops@lists.example"}, text_entity(f"REMOVE nl {ann.address}"))
    desk.receive(raw, "thief@elsewhere.example")
    assert [one for one in desk.letters if one.template == "letters/held_mailbox"] == []
    assert states(desk, "nl") == {ann.address: "listed"}


def test_a_name_in_from_is_never_shown_to_anybody(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    canary = "Kanarienvogel"
    desk.say(ann, "SHOW", {"From": f"{canary} <{ann.address}>"})
    desk.write(f"{canary} <x@elsewhere.example>", "HELP")
    assert [one for one in desk.letters if canary in desk.text(one)] == []


def test_a_command_in_the_subject_is_not_read(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    handled = desk.say(ann, f"{LIST_LINE}\nQUERY MISSING", {"Subject": "UNSUBSCRIBE ALL"})
    assert outcome(handled) == "missing"
    assert states(desk, "nl") == {ann.address: "listed"}
    assert outcome(desk.say(ann, "\n", {"Subject": "UNSUBSCRIBE ALL"})) in ("empty_mail", "no_command")


@pytest.mark.parametrize("micalg", ["", "; micalg=pgp-sha1", "; micalg=pgp-md5", "; micalg=x"])
def test_micalg_is_neither_needed_nor_believed(desk: Desk, ann: KeyPair, micalg: str) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed("SHOW", at=desk.now).replace(b'; micalg="pgp-sha512"', micalg.encode())
    assert outcome(desk.receive(raw, ann.address)) == "record"


def test_a_key_that_rides_along_registers_itself_nowhere(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    other = KeyPair.make("Ann Example", ann.address)
    before = rows(desk)
    assert outcome(desk.say(ann, "SHOW", attachments=[other.key_attachment()])) == "record"
    assert rows(desk) == before
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


@pytest.mark.parametrize("sender", ["", "MAILER-DAEMON@nic.example"])
def test_an_encrypted_bounce_is_neither_answered_nor_carried_out(
    desk: Desk, ann: KeyPair, sender: str
) -> None:
    desk.member(ann, "nl")
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", "tld-ops@lists.example")
    raw = ann.pgp_mime_encrypted(f"{LIST_LINE}\nUNSUBSCRIBE nl", ours, at=desk.now)
    assert desk.receive(raw, sender).decision.kind == "silent" or sender
    if not sender:
        assert states(desk, "nl") == {ann.address: "listed"}
        assert desk.letters == []


@pytest.mark.parametrize(
    "date", ["Mon, 99 Foo 99999 99:99:99 +9999", "", "\x00", "0" * 5000, "Fri, 31 Dec 9999 23:59:59 -9999"]
)
def test_a_malformed_date_is_no_breakage(desk: Desk, date: str) -> None:
    raw = f"From: x@elsewhere.example\r\nDate: {date}\r\n\r\nHELP\r\n"
    assert outcome(desk.receive(raw.encode(), "x@elsewhere.example")) == "commands"


def test_a_signed_part_inside_a_list_digest_speaks_for_nobody(desk: Desk, ann: KeyPair) -> None:
    """Two captured mails side by side, or one beside new text that the reader would see first."""
    desk.member(ann, "nl")
    captured = ann.signed_entity(message_entity(f"{LIST_LINE}\nUNSUBSCRIBE nl"), at=desk.now)
    other = ann.signed_entity(message_entity("SHOW"), at=desk.now)
    raw = mail(ann.headers(), multipart("mixed", other, captured))
    assert outcome(desk.receive(raw, ann.address)) == "several_signatures"
    raw = mail(ann.headers(), multipart("alternative", text_entity("HELP"), captured))
    assert outcome(desk.receive(raw, ann.address)) == "signature_misplaced"
    assert states(desk, "nl") == {ann.address: "listed"}


@pytest.mark.parametrize(
    "header",
    [
        {"Message-ID": "<a@b>\r\n\tBcc: victim@nic.example"},
        {"Message-ID": "<a@b> <c@d>\tX-Evil: 1"},
        {"References": "<a@b>\r\n\tX-Evil: 1"},
        {"Subject": "=?utf-8?q?x=0D=0ABcc:_victim@nic.example?="},
        {"Subject": "=?utf-8?q?x=0AX-Evil:_1=0A=0Anew_body?="},
    ],
)
def test_no_header_of_a_mail_writes_one_into_its_answer(
    desk: Desk, ann: KeyPair, header: dict[str, str]
) -> None:
    from tldops_bot.mail import compose

    desk.member(ann, "nl")
    desk.say(ann, "SHOW", header)
    letter = desk.last(ann.address)
    rendered = desk.app.renderer.render(letter.template, letter.values)
    draft = compose.draft(letter, rendered, desk.app.config.list, desk.now)
    whole = compose.outer_headers(draft.headers, draft.subject, desk.app.config.list).common
    names = {line.partition(b":")[0].lower() for line in whole.split(b"\r\n") if line[:1].strip()}
    assert not names & {b"bcc", b"x-evil", b"cc"}
    assert b"\n\n" not in whole.replace(b"\r\n", b"\n").rstrip(b"\n")


def test_who_looks_like_a_tld_is_shown_with_its_a_label(desk: Desk) -> None:
    """A Cyrillic .ру and a Latin .py look alike; so do domains in addresses."""
    desk.iana("xn--p1ai", "admin@registry.example")
    handled = desk.write(
        "carl.sample@nic.example",
        "SUBSCRIBE рф\nName: Ann\nMobile: +44 20 7946 0123\nEmail: ann@еxample.example",
    )
    assert outcome(handled) == "waiting"
    (proof,) = [one for one in desk.letters if one.template == "letters/prove"]
    assert "xn--p1ai" in desk.text(proof)
    assert proof.to[0].address == "ann@xn--xample-2of.example"
    assert person  # people in letters are named by themselves, their addresses always in A-labels
