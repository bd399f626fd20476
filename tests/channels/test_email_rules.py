"""Threads, machines, proofs, bounces and composing: the pure rules of e-mail."""

from __future__ import annotations

from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import LineRef, MessageIn, Receipt, Send
from channels.email.automatic import LOOP_HEADER, is_auto_reply, no_auto_answer
from channels.email.bounces import read_report
from channels.email.compose import compose, subject_of
from channels.email.proof import vouched_for
from channels.email.reading import parse_message, read_mail
from channels.email.signals import NAME_CHARS_MAX, SUBJECT_CHARS_MAX, Ours, parse
from channels.email.threads import Threads
from tests.channels.door import START_MS

KEY = "0123456789abcdef01234567"
THREADS = Threads(b"k" * 32, "support@example.com", "example.com")
FOREIGN = Threads(b"f" * 32, "support@example.com", "example.com")
OURS = Ours(threads=THREADS, addresses=frozenset({"support@example.com"}), trusted_authority="mx.example.com")
ENCODED_WORD_CHARS_MAX = 75
LINE_CHARS_MAX = 998


def mail(*headers: str, sender: str = "ann@example.org") -> bytes:
    return "\r\n".join([f"From: {sender}", "Message-ID: <a@x>", *headers, "", "Hello"]).encode()


def composed(**changes: object) -> tuple[bytes, EmailMessage]:
    given = {"key": "k-1_Z", "line": LineRef(channel="email", key=KEY, peer="ann@example.org"), "text": "Hello"}
    effect = Send(**{**given, **changes})  # type: ignore[arg-type]
    built = compose(effect, THREADS, sender="support@example.com", sender_name=effect.author, plus=True, at=START_MS)
    return built.data, cast(EmailMessage, message_from_bytes(built.data, policy=policy.default))


# --- threads ------------------------------------------------------------------------------------------------


def test_our_own_ids_and_addresses_name_their_line() -> None:
    assert THREADS.line_of_id(THREADS.message_id("k-1_Z", KEY)) == KEY
    assert THREADS.line_of_address(THREADS.reply_address(KEY)) == KEY
    assert THREADS.line_of_address(THREADS.reply_address(KEY).upper()) == KEY


@pytest.mark.parametrize(
    "token",
    [
        FOREIGN.message_id("k", KEY),
        THREADS.message_id("k", KEY).replace("0123", "0124"),
        THREADS.message_id("k", KEY)[:-16] + "@example.com>",
        THREADS.message_id("k", KEY).replace("example.com", "example.net"),
        THREADS.message_id("k", KEY) + "\n",
        "<>",
        "",
    ],
)
def test_a_forged_truncated_or_foreign_id_names_nothing(token: str) -> None:
    assert THREADS.line_of_id(token) == ""


@pytest.mark.parametrize(
    "token",
    [
        FOREIGN.reply_address(KEY),
        THREADS.reply_address(KEY).replace("0123", "0124"),
        THREADS.reply_address(KEY).replace("@", "0@"),
        f"support+{KEY}.{THREADS.message_id('k', KEY)[-25:-13]}@example.com",
        f"support+{KEY}@example.com",
        "support@example.com",
        THREADS.reply_address(KEY) + "\n",
    ],
)
def test_a_forged_truncated_or_foreign_address_names_nothing(token: str) -> None:
    assert THREADS.line_of_address(token) == ""


def test_a_mail_with_only_foreign_ids_opens_its_own_line_and_names_them_best_first() -> None:
    data = mail("References: <one@x> <two@x>, broken <three@x>", "In-Reply-To: <two@x>")
    signal = parse(data, OURS)
    assert isinstance(signal, MessageIn)
    assert signal.in_reply_to == ("<two@x>", "<three@x>", "<one@x>")
    assert signal.line.key == THREADS.new_key("<a@x>")


# --- machines -----------------------------------------------------------------------------------------------

REPLIES = {
    "auto-submitted": ["Auto-Submitted: auto-replied"],
    "auto-submitted with a parameter": ["Auto-Submitted: auto-generated; x=y"],
    "exchange": ["Subject: Automatic reply: away", "X-Auto-Response-Suppress: All"],
    "exchange in german": ["Subject: Automatische Antwort: weg", "X-Auto-Response-Suppress: DR, OOF, AutoReply"],
    "qq": ["X-QQ-AUTO-REPLY: true", "Subject: 自动回复: x"],
    "icloud": ["X-Apple-Action: VACATION"],
    "precedence": ["Precedence: auto_reply"],
    "x-autoreply": ["X-Autoreply: yes"],
    "x-autorespond": ["X-Autorespond: yes"],
    "an empty return path and a subject": ["Return-Path: <>", "Subject: Out of office: x"],
    "a read receipt": ["Content-Type: multipart/report; report-type=disposition-notification; boundary=x"],
}
QUIET = {
    "bulk": ["Precedence: bulk"],
    "list": ["List-Id: News <news.example.org>"],
    "unsubscribe": ["List-Unsubscribe: <https://example.org/u>"],
    "suppress": ["X-Auto-Response-Suppress: OOF"],
    "feedback": ["Feedback-ID: 1:2:3:4"],
    "passed on by a rule": ["X-MS-Exchange-Inbox-Rules-Loop: info@example.org"],
    "a subject alone": ["Subject: 自动回复：我不在"],
    "an empty return path": ["Return-Path: <>"],
}
PEOPLE = {
    "plain": ["Subject: Boots"],
    "auto-submitted no": ["Auto-Submitted: no"],
    "a question about automatic replies": ["Subject: Automatic reply does not work"],
    "an automatic car": ["Subject: Auto for sale?"],
    "another company's patchbay": [f"{LOOP_HEADER}: {FOREIGN.loop_mark}"],
}


@pytest.mark.parametrize("headers", REPLIES.values(), ids=REPLIES)
def test_an_automatic_reply_wakes_nobody_and_is_not_answered(headers: list[str]) -> None:
    read = read_mail(parse_message(mail(*headers)))
    assert is_auto_reply(read)
    assert no_auto_answer(read, None)


@pytest.mark.parametrize("headers", QUIET.values(), ids=QUIET)
def test_some_mail_is_read_by_people_and_answered_by_no_machine(headers: list[str]) -> None:
    read = read_mail(parse_message(mail(*headers)))
    assert not is_auto_reply(read)
    assert no_auto_answer(read, None)


@pytest.mark.parametrize("headers", PEOPLE.values(), ids=PEOPLE)
def test_people_are_not_taken_for_machines(headers: list[str]) -> None:
    signal = parse(mail(*headers), OURS, envelope_sender="ann@example.org")
    assert isinstance(signal, MessageIn)
    assert (signal.automatic, signal.no_auto_answer, signal.set_aside) == (False, False, "")


@pytest.mark.parametrize("sender", ["no-reply@x.example", "MAILER-DAEMON@x.example", "bounces+1@x.example"])
def test_a_mailbox_that_nobody_reads_gets_no_automatic_answer(sender: str) -> None:
    assert no_auto_answer(read_mail(parse_message(mail(sender=sender))), None)


def test_a_name_and_a_subject_hold_no_signs_that_move_a_screen_however_they_are_encoded() -> None:
    hostile = b64encode("\x00Eva\u202e\x1b[31m gpj.exe\r\nBcc: x@y.z".encode()).decode()
    made = parse(mail(f"Subject: =?utf-8?B?{hostile}?=", sender=f"=?utf-8?B?{hostile}?= <eva@example.org>"), OURS)
    assert isinstance(made, MessageIn)
    for said in (made.name, made.subject):
        assert said.startswith("Eva[31m gpj.exe")
        assert said.isprintable()
    long = parse(mail("Subject: " + "word " * 4_000, sender=f'"{"n" * 9_000}" <eva@example.org>'), OURS)
    assert isinstance(long, MessageIn)
    assert (len(long.subject) <= SUBJECT_CHARS_MAX, len(long.name) <= NAME_CHARS_MAX) == (True, True)


def test_our_own_mail_that_comes_back_is_a_loop() -> None:
    data, _ = composed()
    for looped in (data, mail(sender="Support <SUPPORT@example.com>")):
        signal = parse(looped, OURS)
        assert isinstance(signal, MessageIn)
        assert signal.set_aside == "loop"


# --- proofs -------------------------------------------------------------------------------------------------

PROVEN = [
    "mx.example.com; dmarc=pass (p=reject) header.from=example.org",
    "MX.example.com 1; spf=fail smtp.mailfrom=x; dkim=pass header.d=example.org header.s=k",
    "mx.example.com; dkim=pass header.i=@example.org",
    "mx.example.com; spf=pass smtp.mailfrom=ann@example.org",
]
UNPROVEN = [
    "",
    "mx.example.com; none",
    "mx.evil.net; dmarc=pass header.from=example.org",
    "mx.example.com.evil.net; dmarc=pass header.from=example.org",
    "mx.example.com; dkim=pass header.d=example.org.evil.net",
    "mx.example.com; dkim=pass header.d=evilexample.org",
    "mx.example.com; spf=pass smtp.mailfrom=ann@notexample.org",
    "mx.example.com; dkim=fail header.d=example.org",
    "mx.example.com; dkim=fail (dkim=pass header.d=example.org; dmarc=pass) header.d=evil.net",
    'mx.example.com; spf=fail reason="; dmarc=pass header.from=example.org"',
    "mx.example.com; dmarc=pass header.from=evil.net",
    "mx.example.com; dmarc=pass",
    "mx.example.com; dmarc=passable header.from=example.org",
    "mx.example.com; x-own=pass header.from=example.org",
    "mx.example.com; dmarc=fail ((((((((dmarc=pass))))))))",
]


@pytest.mark.parametrize("results", PROVEN)
def test_our_own_relay_vouches_for_a_domain(results: str) -> None:
    assert vouched_for(results, "mx.example.com", "example.org")
    assert not vouched_for(results, "", "example.org")


@pytest.mark.parametrize("results", UNPROVEN)
def test_nobody_else_vouches_and_no_other_domain_is_meant(results: str) -> None:
    assert not vouched_for(results, "mx.example.com", "example.org")


def test_a_vouched_sender_is_verified_and_one_with_two_from_headers_is_not() -> None:
    result = f"Authentication-Results: {PROVEN[0]}"
    for data, verified in ((mail(result), "email-auth"), (mail(result, "From: eve@example.net"), "")):
        signal = parse(data, OURS)
        assert isinstance(signal, MessageIn)
        assert [identity.verified for identity in signal.identities] == [verified]


# --- bounces ------------------------------------------------------------------------------------------------


def bounce(action: str, status: str, original: str, *, final: str = "ann@example.org") -> bytes:
    return (
        "From: MAILER-DAEMON@relay.example\r\nTo: support@example.com\r\nSubject: Undelivered\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {final}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\nSubject: Re: Boots\r\n\r\n--b--\r\n"
    ).encode()


def test_a_bounce_of_our_mail_is_a_receipt_that_names_it() -> None:
    ours = THREADS.message_id("k", KEY)
    signal = parse(bounce("failed", "5.1.1 (no such user)", ours), OURS)
    assert isinstance(signal, Receipt)
    assert (signal.line.key, signal.provider, signal.status, signal.reason) == (KEY, ours, "failed", "5.1.1")


@pytest.mark.parametrize(
    ("action", "status", "original", "aside"),
    [
        ("delayed", "4.4.1", THREADS.message_id("k", KEY), "delayed"),
        ("failed", "5.1.1", "<foreign@x>", "bounce"),
        ("failed", "5.1.1", FOREIGN.message_id("k", KEY), "bounce"),
    ],
)
def test_other_reports_are_set_aside_by_name(action: str, status: str, original: str, aside: str) -> None:
    signal = parse(bounce(action, status, original), OURS)
    assert isinstance(signal, MessageIn)
    assert signal.set_aside == aside


def test_a_report_without_its_parts_is_read_by_the_header_of_google_and_exim() -> None:
    data = mail("X-Failed-Recipients: bob@example.net", sender="mailer-daemon@googlemail.com")
    report = read_report(parse_message(data.replace(b"Hello", b"550 5.1.1 does not exist")))
    assert report is not None
    assert (report.failures[0].final, report.failed) == ("bob@example.net", "5.1.1")


def test_a_bounce_wakes_nobody_by_its_own_text() -> None:
    signal = parse(bounce("failed", "5.0.0", "<foreign@x>"), OURS)
    assert isinstance(signal, MessageIn)
    assert signal.set_aside


# --- composing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 11, 12, 40])
def test_long_ids_survive_and_the_first_and_last_ten_are_kept(count: int) -> None:
    ids = [f"<{'x' * 120}{number}@{'outlook' * 9}.example>" for number in range(count)]
    data, mail_read = composed(thread=tuple(ids))
    expected = ids if count <= 11 else [ids[0], *ids[-10:]]
    assert mail_read["References"].split() == expected
    assert mail_read["In-Reply-To"] == ids[-1]
    assert b"=?utf-8" not in data.split(b"\r\n\r\n", 1)[0].split(b"References", 1)[1].split(b"X-Patchbay")[0]


def test_what_we_begin_is_one_thread_for_every_program_and_its_ids_are_short() -> None:
    _, confirmation = composed(thread=(), key="a" * 32, automatic=True)
    _, answer = composed(thread=(), key="b" * 32)
    assert confirmation["References"] == answer["References"]
    assert confirmation["Message-ID"] != answer["Message-ID"]
    assert "In-Reply-To" not in answer
    line = THREADS.new_key("<first@example.org>")
    assert THREADS.line_of_id(THREADS.root_id(line)) == line
    assert len(THREADS.message_id("a" * 32, line)) < 64


def test_ids_that_no_line_can_hold_are_left_out() -> None:
    _, read = composed(thread=("<" + "x" * 2_000 + "@x>", "not an id", "<a b@x>", "<ü@x>", "<good@x>"))
    assert read["References"] == "<good@x>"


@pytest.mark.parametrize(
    "subject", ["คำถามเกี่ยวกับใบแจ้งหนี้" * 6, "关于账单的问题" * 15, "Ärger mit 订单 and ใบแจ้งหนี้ " * 5, "x" * 200]
)
def test_a_subject_in_any_script_is_written_in_legal_words_and_read_back(subject: str) -> None:
    data, read = composed(subject=subject, reference="PB-77")
    assert read["Subject"] == subject_of(
        Send(key="k", line=LineRef(channel="email", key=KEY), text="", subject=subject, reference="PB-77")
    )
    assert str(read["Subject"]).endswith("[PB-77]")
    head = data.split(b"\r\n\r\n", 1)[0]
    words = [word for line in head.split(b"\r\n") for word in line.split() if word.startswith(b"=?")]
    assert max(map(len, words), default=0) <= ENCODED_WORD_CHARS_MAX
    assert max(len(line) for line in head.split(b"\r\n")) <= LINE_CHARS_MAX


def test_line_ends_in_a_subject_or_a_name_cannot_become_headers() -> None:
    _, read = composed(subject="Hi\r\nBcc: eve@example.net\r\n\r\nbody", author="Ann\r\nBcc: eve@example.net")
    assert read["Bcc"] is None
    assert read["Subject"] == "Hi Bcc: eve@example.net body"
    assert read["From"].addresses[0].addr_spec == "support@example.com"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_name_makes_an_illegal_word(author: str) -> None:
    data, _ = composed(author=author)
    words = [word.strip(b'",') for word in data.split(b"\r\n\r\n", 1)[0].split() if word.startswith(b"=?")]
    assert max(map(len, words), default=0) <= ENCODED_WORD_CHARS_MAX


@settings(deadline=None)
@given(st.text(max_size=120), st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_said_is_sent_in_seven_bits_and_read_back(subject: str, author: str, text: str) -> None:
    data, read = composed(subject=subject, author=author, text=text)
    assert data.isascii()
    assert max(len(line) for line in data.split(b"\r\n")) <= LINE_CHARS_MAX
    assert read["From"].addresses[0].addr_spec == "support@example.com"
    assert read["To"].addresses[0].addr_spec == "ann@example.org"
    body = read.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert "".join(said.split()) == "".join(text.split())


def test_what_an_agent_writes_is_escaped_in_html() -> None:
    _, read = composed(text="<script>x</script>\nsecond line", language="th")
    html = read.get_body(("html",))
    assert html is not None
    assert "&lt;script&gt;x&lt;/script&gt;<br>" in html.get_content()
    assert '<html lang="th">' in html.get_content()


def test_a_reference_is_written_once_and_never_cut() -> None:
    line = LineRef(channel="email", key=KEY)
    assert subject_of(Send(key="k", line=line, text="", subject="Re: x [PB-1]", reference="PB-1")) == "Re: x [PB-1]"
    assert subject_of(Send(key="k", line=line, text="", subject="x" * 900, reference="PB-1")).endswith("x [PB-1]")
    assert subject_of(Send(key="k", line=line, text="", language="zh")) == "您的请求"


# --- who else -----------------------------------------------------------------------------------------------


def test_to_whom_else_a_mail_went_is_told_without_us_and_its_writer() -> None:
    to = "To: support@example.com, Bo <bo@example.org>"
    secret = THREADS.reply_address(KEY)
    signal = parse(mail(to, f"Cc: Ann <ann@example.org>, cy@example.net, bo@example.org, {secret}, n o@x"), OURS)
    assert isinstance(signal, MessageIn)
    assert signal.extra["cc"] == "bo@example.org cy@example.net"


def test_a_mail_to_us_alone_went_to_nobody_else() -> None:
    signal = parse(mail("To: support@example.com"), OURS)
    assert isinstance(signal, MessageIn)
    assert "cc" not in signal.extra
