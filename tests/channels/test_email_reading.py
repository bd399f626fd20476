"""Raw mail to parts and signals: charsets, headers, files, dates, and what breaks the parser."""

from __future__ import annotations

import codecs
import encodings.aliases
import json
import os
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import MessageIn, encode_signal
from channels.email.charsets import ALIASES, decode
from channels.email.html import to_text
from channels.email.reading import HTML_CHARS_MAX, PARTS_MAX, TEXT_CHARS_MAX, parse_message, read_mail
from channels.email.signals import Ours, parse
from channels.email.threads import Threads

FOLDER = Path(__file__).parent / "payloads" / "email"
SUBJECTS: list[dict[str, str]] = json.loads((FOLDER / "subjects.json").read_text(encoding="utf-8"))
SAMPLES = sorted(FOLDER.glob("*.eml"))
KNOWN_LABELS = sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values(), *ALIASES})
ODD_LABELS = [
    "",
    "unknown-8bit",
    "default",
    "binary",
    "x-no-such",
    "zlib",
    "rot13",
    "idna",
    "unicode_escape",
    "\0",
    '"',
]


@pytest.fixture
def ours() -> Ours:
    threads = Threads(b"k" * 32, "support@example.com", "example.com")
    return Ours(threads=threads, addresses=frozenset({"support@example.com"}), trusted_authority="mx.example.com")


def mail(*headers: str, body: str = "Hello", sender: str = "ann@example.org") -> bytes:
    lines = [f"From: {sender}", *headers, "Content-Type: text/plain; charset=utf-8", "", body]
    return "\r\n".join(lines).encode()


def message(signal: object) -> MessageIn:
    assert isinstance(signal, MessageIn)
    return signal


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([*KNOWN_LABELS, *ODD_LABELS]) | st.text(max_size=20))
def test_any_bytes_under_any_label_become_text_that_can_be_stored(data: bytes, label: str) -> None:
    text = decode(data, label)
    assert "\0" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("words", "codec", "label"),
    [
        ("ใบแจ้งหนี้", "cp874", "windows-874"),
        ("ใบแจ้งหนี้", "cp874", "TIS-620"),
        ("發票問題 鎔", "gbk", "gb2312"),
        ("账单问题", "gb18030", "x-gbk"),
        ("帳單問題", "big5", "big5"),
        ("질문 있습니다", "cp949", "ks_c_5601-1987"),
        ("請求書①", "cp932", "shift_jis"),
        ("“quoted” – €5", "cp1252", "iso-8859-1"),
        ("ใบแจ้งหนี้", "utf-8", "us-ascii"),
        ("账单", "utf-8", "gb2312"),
        ("請求書", "iso2022_jp", "iso-2022-jp"),
    ],
)
def test_a_charset_is_read_as_senders_mean_it(words: str, codec: str, label: str) -> None:
    assert decode(words.encode(codec), label) == words


def test_a_compressed_bomb_behind_a_label_is_not_unpacked() -> None:
    assert len(decode(codecs.encode(b"0" * 1_000_000, "zlib"), "zlib")) < 10_000


@pytest.mark.parametrize("vector", SUBJECTS, ids=[str(number) for number in range(len(SUBJECTS))])
def test_encoded_words_are_read_as_rfc_2047_says(vector: dict[str, str]) -> None:
    data = vector["header"].encode() + b"\r\nFrom: ann@example.org\r\n\r\nHi"
    assert read_mail(parse_message(data)).subject == vector["subject"]


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?windows-874?B?47rhqOmny7nV6Q==?= and =?x-unknown?Q?caf=C3=A9?=", "ใบแจ้งหนี้ and café"),
        ('"=?utf-8?B?5L2g5aW9?=" quoted', '"你好" quoted'),
        ("ใบแจ้ง =?x-unknown?Q?caf=C3=A9?=", "ใบแจ้ง café"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        (r"\ud800 =?utf-8?Q?ok?=", "ok"),
    ],
)
def test_words_that_the_standard_parser_leaves_are_read_too(raw: str, subject: str) -> None:
    assert read_mail(parse_message(mail(f"Subject: {raw}"))).subject == subject


def test_a_date_without_a_zone_is_utc_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for zone in ("UTC", "Asia/Bangkok", "America/New_York"):
        monkeypatch.setitem(os.environ, "TZ", zone)
        time.tzset()
        seen.add(read_mail(parse_message(mail("Date: Mon, 02 Nov 2026 10:00:00 -0000"))).sent_ms)
    monkeypatch.undo()
    time.tzset()
    assert seen == {1_793_613_600_000}


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Nov 99999 99:99:99 +9999", "Thu, 01 Jan 1960 00:00:00 +0000"])
def test_a_date_that_cannot_be_is_no_date(date: str) -> None:
    assert read_mail(parse_message(mail(f"Date: {date}"))).sent_ms == 0


def test_html_becomes_words_links_and_breaks_and_never_script() -> None:
    html = "<style>p{}</style><p>Hello<br>you &amp; me</p><script>x()</script><a href='https://a.example/x'>here</a>"
    assert to_text(html) == "Hello\nyou & me\nhere (https://a.example/x)"


def test_shown_html_runs_nothing_and_fetches_nothing_from_afar() -> None:
    html = (
        '<p onclick="x()">Hi<script>x()</script><img src="https://t.example/p.gif"><img src="cid:logo@x">'
        '<a href="javascript:x()">a</a><iframe src="https://x.example"></iframe></p>'
    )
    built = EmailMessage()
    built["From"] = "ann@example.org"
    built.set_content(html, subtype="html")
    shown = read_mail(parse_message(bytes(built))).html
    assert 'src="cid:logo@x"' in shown
    assert not any(word in shown for word in ("script", "onclick", "t.example", "iframe"))


def test_html_is_whole_or_not_there_at_all() -> None:
    built = EmailMessage()
    built["From"] = "ann@example.org"
    built.set_content("<p>" + "<b>x</b>" * HTML_CHARS_MAX + '<a href="https://a.example">', subtype="html")
    shown = read_mail(parse_message(bytes(built))).html
    assert len(shown) <= HTML_CHARS_MAX
    assert shown.count("<b>") == shown.count("</b>")


def test_a_text_that_is_too_long_is_cut_and_kept_whole_as_a_file(ours: Ours) -> None:
    data = mail("Message-ID: <long@x>", body="word " * TEXT_CHARS_MAX)
    signal = message(parse(data, ours))
    assert len(signal.text) <= TEXT_CHARS_MAX
    assert signal.extra["cut"] == "yes"
    assert [file.content for file in signal.attachments] == [data]


def test_a_mail_of_too_many_or_too_deep_parts_is_kept_whole_as_a_file(ours: Ours) -> None:
    many = EmailMessage()
    many["From"] = "ann@example.org"
    many.set_content("See the files")
    for number in range(PARTS_MAX + 5):
        many.add_attachment(b"x", maintype="application", subtype="x", filename=f"{number}.bin")
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(30))
    for data in (bytes(many), b"From: ann@example.org\r\n" + deep.encode() + b"\r\n\r\nsecret words"):
        signal = message(parse(data, ours))
        assert signal.extra["cut"] == "yes"
        assert signal.attachments[-1].content == data


@pytest.mark.parametrize("depth", [100, 5_000])
def test_nesting_without_end_breaks_nothing(ours: Ours, depth: int) -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    assert message(parse(b"From: ann@example.org\r\n" + deep.encode(), ours)).attachments


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Type: text/plain; charset*=utf-8''%00",
        b"Content-Type: \xff\xfe",
        b"Content-Disposition: attachment; filename*0*=a; filename*2=b",
        b"From: =?utf-8?q?\r\nTo: <@@>\r\nSubject: =?==?=",
        b"Message-ID: <[\r\nFrom: <",
        b"To: a@b, c@[\r\nContent-Transfer-Encoding: base64",
        b"Content-Type: multipart/mixed; boundary=",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x",
    ],
)
def test_headers_that_break_parsers_do_not_stop_the_line(ours: Ours, headers: bytes) -> None:
    signal = parse(headers + b"\r\n\r\nbody", ours)
    assert signal.dedupe
    encode_signal(signal)


@settings(deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=6))
def test_a_mail_damaged_anywhere_is_one_signal(path: Path, damage: list[tuple[float, bytes]]) -> None:
    data = path.read_bytes()
    for place, piece in damage:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + len(piece) :]
    threads = Threads(b"k" * 32, "support@example.com", "example.com")
    signal = parse(data, Ours(threads=threads, addresses=frozenset()), envelope_sender="ann@example.org")
    encode_signal(signal)


def test_what_cannot_be_parsed_is_kept_raw_and_can_still_be_answered(
    ours: Ours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_data: bytes) -> Any:
        raise RuntimeError("a fault of the standard parser")

    monkeypatch.setattr("channels.email.signals.parse_message", broken)
    data = mail(body="words nobody may lose")
    signal = message(parse(data, ours, envelope_sender="Ann@Example.org"))
    assert signal.attachments[0].content == data
    assert signal.line.peer == "ann@example.org"
    assert signal.extra["unparsed"] == "yes"
    assert signal.no_auto_answer


def test_a_redelivered_mail_is_the_same_and_a_copied_id_is_not(ours: Ours) -> None:
    first = mail("Message-ID: <one@x>", body="mine")
    again = b"Received: by another.example\r\n" + first
    forged = mail("Message-ID: <one@x>", body="not mine", sender="eve@example.net")
    assert parse(first, ours).dedupe == parse(again, ours).dedupe
    assert parse(first, ours).dedupe != parse(forged, ours).dedupe


def test_an_answer_never_goes_to_our_own_mailbox(ours: Ours) -> None:
    assert message(parse(mail("Reply-To: support@example.com"), ours)).line.peer == "ann@example.org"
    assert message(parse(mail("Reply-To: Boss <boss@example.org>"), ours)).line.peer == "boss@example.org"


def test_who_wrote_is_an_identity_even_where_answers_go_elsewhere(ours: Ours) -> None:
    signal = message(parse(mail("Reply-To: boss@example.org"), ours))
    assert [(i.kind, i.value, i.verified) for i in signal.identities] == [("email", "ann@example.org", "")]


@pytest.mark.parametrize(
    ("header", "language"),
    [("en-GB", "en"), ("zh", "zh"), ("cs, en", "cs"), ("<b>", ""), ("x" * 300, ""), ("", "")],
)
def test_a_language_is_a_short_code_or_nothing(ours: Ours, header: str, language: str) -> None:
    assert message(parse(mail(f"Content-Language: {header}"), ours)).language == language


def test_file_names_lose_their_paths_and_control_characters(ours: Ours) -> None:
    built = EmailMessage()
    built["From"] = "ann@example.org"
    built.set_content("See the file")
    built.add_attachment(b"x", maintype="application", subtype="pdf", filename="..\\..\\etc/pass\u202ewd.pdf")
    assert message(parse(bytes(built), ours)).attachments[0].name == "passwd.pdf"
